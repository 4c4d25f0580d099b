// The rows of the version table while a plan is made: the maximal elements of the applied set.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"

namespace mad {

/// The revisions that rows name, in C order of their ids. Throws Failure(unknown_revision).
std::vector<Node> nodes_of(const RevisionGraph& graph, const Heads& rows);

/// Throws Failure(overlapping_revisions) when one of two nodes is an ancestor of the other. `kind`
/// is what the message calls them: "target", "current revision".
void require_no_overlap(const RevisionGraph& graph, std::string_view kind,
                        const std::vector<Node>& nodes);

/// Applies and reverts one revision after the other, each at the cost of its own edges.
class VersionRows {
 public:
    VersionRows(const RevisionGraph& graph, const std::vector<Node>& rows);

    const NodeSet& applied() const noexcept { return applied_; }

    RowChange apply(Node node);   // all its parents are applied
    RowChange revert(Node node);  // none of its children is applied

 private:
    const RevisionGraph& graph_;
    NodeSet applied_;
    NodeSet is_row_;
    std::vector<std::uint32_t> applied_children_;
};

}  // namespace mad
