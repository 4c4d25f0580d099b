// Edges as arrays, reachability, topological order and cycles.
#include "core/adjacency.hpp"

#include <algorithm>
#include <limits>

namespace mad {
namespace {

constexpr Node nowhere = std::numeric_limits<Node>::max();

NodeSet members(std::size_t nodes, std::span<const Node> list) {
    NodeSet set(nodes);
    for (const Node node : list) set[node] = true;
    return set;
}

}  // namespace

Adjacency::Adjacency(std::size_t nodes, std::span<const Edge> edges) : starts_(nodes + 1) {
    for (const Edge& edge : edges) ++starts_[edge.from + 1];
    for (std::size_t node = 0; node < nodes; ++node) starts_[node + 1] += starts_[node];

    std::vector<Node> ends(edges.size());
    std::vector<std::size_t> next = starts_;
    for (const Edge& edge : edges) ends[next[edge.from]++] = edge.to;

    std::vector<Node> last_seen_from(nodes, nowhere);
    std::size_t begin = 0;
    for (Node node = 0; node < nodes; ++node) {
        const std::size_t end = starts_[node + 1];
        for (std::size_t i = begin; i < end; ++i) {
            if (last_seen_from[ends[i]] == node) continue;
            last_seen_from[ends[i]] = node;
            ends_.push_back(ends[i]);
        }
        begin = end;
        starts_[node + 1] = ends_.size();
    }
}

std::vector<Edge> Adjacency::edges() const {
    std::vector<Edge> all;
    all.reserve(ends_.size());
    for (Node node = 0; node < size(); ++node) {
        for (const Node end : (*this)[node]) all.push_back({node, end});
    }
    return all;
}

Adjacency Adjacency::reversed() const {
    std::vector<Edge> turned = edges();
    for (Edge& edge : turned) std::swap(edge.from, edge.to);
    return {size(), turned};
}

NodeSet reachable(const Adjacency& edges, std::span<const Node> from) {
    NodeSet seen(edges.size());
    std::vector<Node> to_visit;
    const auto meet = [&](Node node) {
        if (seen[node]) return;
        seen[node] = true;
        to_visit.push_back(node);
    };
    std::ranges::for_each(from, meet);
    while (!to_visit.empty()) {
        const Node node = to_visit.back();
        to_visit.pop_back();
        std::ranges::for_each(edges[node], meet);
    }
    return seen;
}

std::vector<Node> parents_first(const Adjacency& parents) {
    const Adjacency children = parents.reversed();
    std::vector<std::size_t> missing(parents.size());
    std::vector<Node> order;
    order.reserve(parents.size());
    for (Node node = 0; node < parents.size(); ++node) {
        missing[node] = parents[node].size();
        if (missing[node] == 0) order.push_back(node);
    }
    for (std::size_t done = 0; done < order.size(); ++done) {
        for (const Node child : children[order[done]]) {
            if (--missing[child] == 0) order.push_back(child);
        }
    }
    return order;
}

std::vector<Node> find_cycle(const Adjacency& parents) {
    const NodeSet ordered = members(parents.size(), parents_first(parents));
    const auto is_left_out = [&](Node node) { return !ordered[node]; };

    // A node that was left out has a parent that was: following those must come round.
    std::vector<Node> path;
    std::vector<std::size_t> place(parents.size(), parents.size());
    Node node = static_cast<Node>(std::ranges::find(ordered, false) - ordered.begin());
    while (place[node] == parents.size()) {
        place[node] = path.size();
        path.push_back(node);
        node = *std::ranges::find_if(parents[node], is_left_out);
    }
    path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(place[node]));
    return path;
}

}  // namespace mad
