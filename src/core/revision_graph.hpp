// The graph of one branch's revisions: validated once, then immutable and cheap to ask.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/revision.hpp"

namespace mad {

/// A revision's place in the graph: its index in load order.
using Node = std::uint32_t;

class RevisionGraph {
 public:
    /// `revisions` come in load order, which breaks every tie. Throws Failure: invalid_identifier,
    /// duplicate_revision, missing_parent, revision_cycle.
    explicit RevisionGraph(std::vector<Revision> revisions);

    std::size_t size() const noexcept { return revisions_.size(); }
    const Revision& operator[](Node node) const noexcept { return revisions_[node]; }

    /// By exact id or exact label; a label names the revision that declares it.
    std::optional<Node> find(std::string_view id_or_label) const;

    std::span<const Node> down_revisions(Node node) const noexcept;  // down edges
    std::span<const Node> down_children(Node node) const noexcept;   // in load order
    std::span<const Node> dependencies(Node node) const noexcept;    // depends_on, resolved
    std::span<const Node> parents(Node node) const noexcept;   // down_revisions, then dependencies
    std::span<const Node> children(Node node) const noexcept;  // along both kinds of edge

    bool is_base(Node node) const noexcept { return down_revisions(node).empty(); }
    bool is_head(Node node) const noexcept { return down_children(node).empty(); }
    bool is_real_head(Node node) const noexcept { return children(node).empty(); }
    bool is_branch_point(Node node) const noexcept { return down_children(node).size() > 1; }
    bool is_merge_point(Node node) const noexcept { return down_revisions(node).size() > 1; }

    std::vector<Node> heads() const;       // along down edges, load order
    std::vector<Node> real_heads() const;  // along both kinds of edge, load order
    std::vector<Node> bases() const;

    /// The labels a revision shows: its own and those that reach it along its line.
    std::vector<std::string> shown_labels(Node node) const;

 private:
    // (CSR edge lists and the index of names; the graph's author fills this in)
};

/// A set of nodes of one graph, as a bitmap.
using NodeSet = std::vector<bool>;

NodeSet ancestors(const RevisionGraph& graph,
                  std::span<const Node> of);  // down and dep edges, inclusive
NodeSet descendants(const RevisionGraph& graph,
                    std::span<const Node> of);  // down and dep edges, inclusive
NodeSet lineage(const RevisionGraph& graph,
                Node of);  // ancestors and descendants, down edges only, inclusive

}  // namespace mad
