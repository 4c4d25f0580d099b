// What has to run, in which order, to bring a set of heads to a target, and how each step changes
// the version rows.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/revision_graph.hpp"

namespace mad {

enum class Direction { upgrade, downgrade, stamp };
std::string_view name_of(Direction direction) noexcept;
/// Throws Failure(invalid_parameter).
Direction direction_named(std::string_view name);

/// The version table's rows: revision ids in C order.
using Heads = std::set<std::string, std::less<>>;

/// How a step changes the version rows. Where both lists have members, the last of `deletes` is
/// updated to the last of `inserts`; the others are deleted and inserted as they stand.
struct RowChange {
    std::vector<std::string> deletes;
    std::vector<std::string> inserts;
    friend bool operator==(const RowChange&, const RowChange&) = default;
};

struct Step {
    std::string revision;  // for a stamp its destination; "" is base
    Direction direction = Direction::upgrade;
    RowChange rows;
};

/// Throws Failure(version_conflict) when `rows` does not fit `heads`.
void apply(Heads& heads, const RowChange& rows);

/// Each takes the rows of the version table. An unknown row is Failure(unknown_revision).
std::vector<Step> plan_upgrade(const RevisionGraph& graph, const Heads& rows,
                               std::string_view target);
std::vector<Step> plan_downgrade(const RevisionGraph& graph, const Heads& rows,
                                 std::string_view target);
/// With `purge` the rows are not looked at: the first step deletes them all.
std::vector<Step> plan_stamp(const RevisionGraph& graph, const Heads& rows, std::string_view target,
                             bool purge);

std::vector<Step> make_plan(const RevisionGraph& graph, const Heads& rows, Direction direction,
                            std::string_view target);

/// What an upgrade to every real head would still run: 0 means up to date.
std::size_t count_pending(const RevisionGraph& graph, const Heads& rows);
/// The tips along down edges of what the rows imply, as `alembic current` shows them; load order.
std::vector<Node> current_tips(const RevisionGraph& graph, const Heads& rows);

}  // namespace mad
