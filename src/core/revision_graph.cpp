// Building a graph from its revisions, and asking it.
#include "core/revision_graph.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/revision_edges.hpp"

namespace mad {
namespace {

std::vector<Edge> both(std::vector<Edge> first, std::span<const Edge> second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

template <typename Predicate>
std::vector<Node> nodes_where(const RevisionGraph& graph, Predicate holds) {
    std::vector<Node> nodes;
    for (Node node = 0; node < graph.size(); ++node) {
        if (holds(node)) nodes.push_back(node);
    }
    return nodes;
}

}  // namespace

RevisionGraph::RevisionGraph(std::vector<Revision> revisions)
    : revisions_(std::move(revisions)), names_(index_names(revisions_)) {
    const std::vector<Edge> down = resolve_down_revisions(*this);
    const std::vector<Edge> dependencies = resolve_dependencies(*this);
    const Adjacency all_parents(size(), both(down, dependencies));
    const std::vector<Node> order = order_or_refuse(*this, all_parents);

    down_ = Adjacency(size(), down);
    down_children_ = down_.reversed();
    dependencies_ = Adjacency(size(), dependencies);
    parents_ = Adjacency(size(), both(down, own_dependencies(down_, order, dependencies)));
    children_ = parents_.reversed();
    find_label_carriers(all_parents, order);
}

std::optional<Node> RevisionGraph::find(std::string_view id_or_label) const {
    const auto name = std::ranges::lower_bound(names_, id_or_label, {}, &Name::text);
    if (name == names_.end() || name->text != id_or_label) return std::nullopt;
    return name->node;
}

std::optional<Node> RevisionGraph::find_id(std::string_view id) const {
    const std::optional<Node> node = find(id);
    return node && revisions_[*node].id == id ? node : std::nullopt;
}

std::span<const RevisionGraph::Name> RevisionGraph::names_starting_with(
    std::string_view prefix) const {
    const auto head = [&](const Name& name) {
        return std::string_view(name.text).substr(0, prefix.size());
    };
    const auto range = std::ranges::equal_range(names_, prefix, {}, head);
    return {range.begin(), range.end()};
}

std::vector<Node> RevisionGraph::heads() const {
    return nodes_where(*this, [&](Node node) { return is_head(node); });
}

std::vector<Node> RevisionGraph::real_heads() const {
    return nodes_where(*this, [&](Node node) { return is_real_head(node); });
}

std::vector<Node> RevisionGraph::bases() const {
    return nodes_where(*this, [&](Node node) { return is_base(node); });
}

NodeSet ancestors(const RevisionGraph& graph, std::span<const Node> of) {
    return reachable(graph.parent_edges(), of);
}

NodeSet descendants(const RevisionGraph& graph, std::span<const Node> of) {
    return reachable(graph.child_edges(), of);
}

NodeSet lineage(const RevisionGraph& graph, Node of) {
    NodeSet set = reachable(graph.down_edges(), {&of, 1});
    const NodeSet above = reachable(graph.down_child_edges(), {&of, 1});
    for (Node node = 0; node < graph.size(); ++node) {
        if (above[node]) set[node] = true;
    }
    return set;
}

std::vector<Node> nodes_in(const NodeSet& set) {
    std::vector<Node> nodes;
    for (Node node = 0; node < set.size(); ++node) {
        if (set[node]) nodes.push_back(node);
    }
    return nodes;
}

std::string name_list(const RevisionGraph& graph, std::span<const Node> nodes) {
    constexpr std::size_t most = 10;
    std::string list;
    for (std::size_t i = 0; i < std::min(nodes.size(), most); ++i) {
        list += mad::format("{}\"{}\"", i == 0 ? "" : ", ", graph[nodes[i]].id);
    }
    if (nodes.size() > most) list += mad::format(" and {} more", nodes.size() - most);
    return list;
}

}  // namespace mad
