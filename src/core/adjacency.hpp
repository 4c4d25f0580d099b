// One kind of edge between a graph's nodes, and the questions that need no more than edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mad {

/// A revision's place in the graph: its index in load order.
using Node = std::uint32_t;

/// A set of nodes of one graph, as a bitmap.
using NodeSet = std::vector<bool>;

struct Edge {
    Node from;
    Node to;
};

/// Edges by the node they leave; the neighbours of a node lie side by side in one array.
class Adjacency {
 public:
    Adjacency() = default;
    /// A node's neighbours keep the order they have in `edges`; repetitions are dropped.
    Adjacency(std::size_t nodes, std::span<const Edge> edges);

    std::size_t size() const noexcept { return starts_.empty() ? 0 : starts_.size() - 1; }
    std::span<const Node> operator[](Node node) const noexcept {
        return std::span(ends_).subspan(starts_[node], starts_[node + 1] - starts_[node]);
    }

    std::vector<Edge> edges() const;
    /// The same edges seen from their other end; neighbours in node order.
    Adjacency reversed() const;

 private:
    std::vector<std::size_t> starts_;  // one per node and one past the end
    std::vector<Node> ends_;
};

/// Everything that `from` leads to, itself included.
NodeSet reachable(const Adjacency& edges, std::span<const Node> from);

/// Every node after all its parents. Nodes on a cycle, and those above one, are left out.
std::vector<Node> parents_first(const Adjacency& parents);

/// The nodes of one cycle, each followed by a parent of it. There must be one.
std::vector<Node> find_cycle(const Adjacency& parents);

}  // namespace mad
