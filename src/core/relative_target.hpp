// Where `+N`, `-N` and `symbol±N` lead from the rows of a version table (alembic-semantics 3.5).
#pragma once

#include <optional>
#include <span>

#include "core/revision_graph.hpp"
#include "core/target.hpp"
#include "core/walk.hpp"

namespace mad {

/// The node an upgrade by a relative target goes to. Throws Failure(unreachable_target).
Node walk_to_upgrade(const RevisionGraph& graph, const Target& target, std::span<const Node> rows,
                     Overrun overrun = Overrun::refuse);

/// Where a downgrade goes, and the node whose line it is restricted to.
struct DowngradeTarget {
    Place place;
    std::optional<Node> branch;
};
/// Absolute and relative targets alike.
DowngradeTarget find_downgrade_target(const RevisionGraph& graph, const Target& target,
                                      std::span<const Node> rows);

}  // namespace mad
