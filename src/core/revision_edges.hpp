// From names in scripts' headers to edges: what a RevisionGraph is built of.
#pragma once

#include <span>
#include <vector>

#include "core/adjacency.hpp"
#include "core/revision_graph.hpp"

namespace mad {

/// All ids and labels in C order. Throws Failure(invalid_identifier, duplicate_revision).
std::vector<RevisionGraph::Name> index_names(std::span<const Revision> revisions);

/// Each throws Failure(missing_parent) at a name that `graph` does not know.
std::vector<Edge> resolve_down_revisions(const RevisionGraph& graph);
std::vector<Edge> resolve_dependencies(const RevisionGraph& graph);

/// Throws Failure(revision_cycle) when the edges of both kinds close one; else every node after
/// its parents.
std::vector<Node> order_or_refuse(const RevisionGraph& graph, const Adjacency& all_parents);

/// The dependencies without those that an ancestor along down edges declares literally
/// (alembic-semantics' normalized dependencies).
std::vector<Edge> own_dependencies(const Adjacency& down, std::span<const Node> parents_first,
                                   std::span<const Edge> dependencies);

}  // namespace mad
