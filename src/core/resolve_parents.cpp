// What a new revision revises and depends on.
#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/target.hpp"

namespace mad {
namespace {

void require_distinct(const RevisionGraph& graph, std::vector<Node> nodes) {
    std::ranges::sort(nodes);
    const auto twice = std::ranges::adjacent_find(nodes);
    if (twice == nodes.end()) return;
    throw Failure(Code::overlapping_revisions,
                  mad::format("parent \"{}\" is named twice", graph[*twice].id),
                  "A revision has each of its parents once.", "Leave one of them out.");
}

void require_head(const RevisionGraph& graph, Node node) {
    if (graph.is_head(node)) return;
    throw Failure(Code::invalid_target,
                  mad::format("revision \"{}\" is not a head", graph[node].id),
                  mad::format("It is revised by {}.", name_list(graph, graph.down_children(node))),
                  "Pass splice => true to let a new line start there.");
}

}  // namespace

std::vector<Node> resolve_parents(const RevisionGraph& graph, std::string_view heads, bool splice) {
    std::vector<Node> parents;
    for (const Target& target : parse_targets(heads)) {
        const std::vector<Node> nodes = resolve(graph, target);
        parents.insert(parents.end(), nodes.begin(), nodes.end());
    }
    require_distinct(graph, parents);
    if (!splice) {
        for (const Node parent : parents) require_head(graph, parent);
    }
    return parents;
}

std::string resolve_dependency(const RevisionGraph& graph, std::string_view item) {
    const Node node = resolve_one(graph, item);
    const std::vector<std::string>& labels = graph[node].labels;
    const bool is_label = std::ranges::find(labels, item) != labels.end();
    return is_label ? std::string(item) : graph[node].id;
}

}  // namespace mad
