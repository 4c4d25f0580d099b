// The text that says where to go: `head`, `base`, `+2`, `ae10+1`, `label@head`, a unique prefix,
// `a,b`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/revision_graph.hpp"

namespace mad {

/// One target taken apart; nothing in it is looked up yet.
struct Target {
    std::string text;                    // as given, for messages
    std::optional<std::string> branch;   // what stands before `@`
    std::string symbol;                  // empty only in a bare relative target
    std::optional<std::int64_t> offset;  // `+N`, `-N`
};

/// Throws Failure(invalid_target).
Target parse_target(std::string_view text);
/// Several with commas.
std::vector<Target> parse_targets(std::string_view text);

/// `from:to`, or only `to`. Either side of a colon may be empty.
struct OfflineRange {
    std::optional<std::string> from;
    std::string to;
};
/// Throws Failure(invalid_target) at a second colon.
OfflineRange split_range(std::string_view text);

/// What to do where the graph ends before the steps to walk do.
enum class Overrun { refuse, stop };

/// The nodes an absolute identifier names (none for `base`, several for `heads`); `-N` counts from
/// the heads. See alembic-semantics 3.2, 3.3.
std::vector<Node> resolve(const RevisionGraph& graph, const Target& target,
                          Overrun overrun = Overrun::refuse);
/// What the target's branch and symbol name, its offset left aside; nothing is base. Several heads
/// are Failure(multiple_heads).
std::optional<Node> resolve_single(const RevisionGraph& graph, const Target& target);
/// The one node that an id, label or unique prefix names.
Node resolve_one(const RevisionGraph& graph, std::string_view identifier);

/// The parents of a new revision: `heads` is a list with commas, in which `base` adds none. Without
/// `splice` each must be a head.
std::vector<Node> resolve_parents(const RevisionGraph& graph, std::string_view heads, bool splice);
/// An item of depends_on as a script states it: a label stays one, a prefix becomes the full id.
std::string resolve_dependency(const RevisionGraph& graph, std::string_view item);

}  // namespace mad
