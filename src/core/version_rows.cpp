// Keeping the rows the maximal elements of the applied set, step by step.
#include "core/version_rows.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"

namespace mad {

std::vector<Node> nodes_of(const RevisionGraph& graph, const Heads& rows) {
    std::vector<Node> nodes;
    for (const std::string& row : rows) {
        const std::optional<Node> node = graph.find_id(row);
        if (!node) {
            throw Failure(Code::unknown_revision,
                          mad::format("unknown current revision \"{}\"", row),
                          "The version table names it, but no script of the branch has this id.",
                          "Add its script with mad_migrate.add_script(...), or set the version "
                          "table with mad_migrate.stamp(..., purge => true).");
        }
        nodes.push_back(*node);
    }
    return nodes;
}

void require_no_overlap(const RevisionGraph& graph, std::string_view kind,
                        const std::vector<Node>& nodes) {
    std::vector<Node> parents;
    for (const Node node : nodes) {
        parents.insert(parents.end(), graph.parents(node).begin(), graph.parents(node).end());
    }
    const NodeSet below = ancestors(graph, parents);
    const auto lower = std::ranges::find_if(nodes, [&](Node node) { return below[node]; });
    if (lower == nodes.end()) return;

    const NodeSet above = descendants(graph, {&*lower, 1});
    const auto upper =
        std::ranges::find_if(nodes, [&](Node node) { return node != *lower && above[node]; });
    throw Failure(
        Code::overlapping_revisions,
        mad::format("{} \"{}\" overlaps with \"{}\"", kind, graph[*lower].id, graph[*upper].id),
        mad::format("Revision \"{}\" is an ancestor of \"{}\".", graph[*lower].id,
                    graph[*upper].id),
        kind == "target" ? mad::format("Leave out \"{}\".", graph[*lower].id)
                         : "Set the version table right with "
                           "mad_migrate.stamp(..., purge => true).");
}

VersionRows::VersionRows(const RevisionGraph& graph, const std::vector<Node>& rows)
    : graph_(graph),
      applied_(ancestors(graph, rows)),
      is_row_(graph.size()),
      applied_children_(graph.size()) {
    for (const Node row : rows) is_row_[row] = true;
    for (Node node = 0; node < graph.size(); ++node) {
        if (!applied_[node]) continue;
        for (const Node parent : graph.parents(node)) ++applied_children_[parent];
    }
}

RowChange VersionRows::apply(Node node) {
    RowChange change{.deletes = {}, .inserts = {graph_[node].id}};
    applied_[node] = true;
    is_row_[node] = true;
    for (const Node parent : graph_.parents(node)) {
        ++applied_children_[parent];
        if (!is_row_[parent]) continue;
        is_row_[parent] = false;
        change.deletes.push_back(graph_[parent].id);
    }
    return change;
}

RowChange VersionRows::revert(Node node) {
    RowChange change{.deletes = {graph_[node].id}, .inserts = {}};
    applied_[node] = false;
    is_row_[node] = false;
    for (const Node parent : graph_.parents(node)) {
        if (--applied_children_[parent] > 0 || is_row_[parent]) continue;
        is_row_[parent] = true;
        change.inserts.push_back(graph_[parent].id);
    }
    return change;
}

}  // namespace mad
