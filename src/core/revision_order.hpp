// Alembic's order of revisions, in time that does not grow with the square of their number.
#pragma once

#include <vector>

#include "core/revision_graph.hpp"

namespace mad {

/// The members of `set`, newest first (alembic-semantics 4.4; an upgrade runs it backwards). Every
/// member must be an ancestor of one of `heads`; what lies between two members must be one too.
std::vector<Node> newest_first(const RevisionGraph& graph, const NodeSet& set,
                               std::vector<Node> heads);

/// The whole graph, as `history` shows it.
std::vector<Node> newest_first(const RevisionGraph& graph);

}  // namespace mad
