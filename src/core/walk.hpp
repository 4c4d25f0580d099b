// Walking a number of steps through the graph, as `+N` and `-N` ask.
#pragma once

#include <optional>

#include "core/revision_graph.hpp"
#include "core/target.hpp"

namespace mad {

/// A revision, or nothing for the base below all revisions.
using Place = std::optional<Node>;

/// As many steps as the target's offset says, up for a positive one. `within` restricts a walk up.
/// Throws Failure(unreachable_target), also where the way forks.
Place walk(const RevisionGraph& graph, const Target& target, Place start,
           const std::optional<NodeSet>& within = std::nullopt, Overrun overrun = Overrun::refuse);

}  // namespace mad
