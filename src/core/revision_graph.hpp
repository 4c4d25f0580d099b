// The graph of one branch's revisions: validated once, then immutable and cheap to ask.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/adjacency.hpp"
#include "core/revision.hpp"

namespace mad {

class RevisionGraph {
 public:
    /// An id or a label, and the revision that has or declares it.
    struct Name {
        std::string text;
        Node node;
    };

    /// `revisions` come in load order, which breaks every tie. Throws Failure: invalid_identifier,
    /// duplicate_revision, missing_parent, revision_cycle.
    explicit RevisionGraph(std::vector<Revision> revisions);

    std::size_t size() const noexcept { return revisions_.size(); }
    const Revision& operator[](Node node) const noexcept { return revisions_[node]; }

    /// By exact id or exact label; a label names the revision that declares it.
    std::optional<Node> find(std::string_view id_or_label) const;
    std::optional<Node> find_id(std::string_view id) const;
    /// All ids and labels that start so, in C order.
    std::span<const Name> names_starting_with(std::string_view prefix) const;

    std::span<const Node> down_revisions(Node node) const noexcept { return down_[node]; }
    /// In load order.
    std::span<const Node> down_children(Node node) const noexcept { return down_children_[node]; }
    /// depends_on, resolved.
    std::span<const Node> dependencies(Node node) const noexcept { return dependencies_[node]; }
    /// down_revisions, then those dependencies that no ancestor along down edges declares already.
    std::span<const Node> parents(Node node) const noexcept { return parents_[node]; }
    /// Those that have the node among their parents, in load order.
    std::span<const Node> children(Node node) const noexcept { return children_[node]; }

    const Adjacency& down_edges() const noexcept { return down_; }
    const Adjacency& down_child_edges() const noexcept { return down_children_; }
    const Adjacency& parent_edges() const noexcept { return parents_; }
    const Adjacency& child_edges() const noexcept { return children_; }

    bool is_base(Node node) const noexcept { return down_revisions(node).empty(); }
    bool is_head(Node node) const noexcept { return down_children(node).empty(); }
    bool is_real_head(Node node) const noexcept { return children(node).empty(); }
    bool is_branch_point(Node node) const noexcept { return down_children(node).size() > 1; }
    bool is_merge_point(Node node) const noexcept { return down_revisions(node).size() > 1; }

    std::vector<Node> heads() const;       // along down edges, load order
    std::vector<Node> real_heads() const;  // along both kinds of edge, load order
    std::vector<Node> bases() const;

    /// The labels a revision shows: its own and those that reach it along its line; load order.
    std::vector<std::string> shown_labels(Node node) const;

 private:
    void find_label_carriers(const Adjacency& all_parents, std::span<const Node> order);

    std::vector<Revision> revisions_;
    std::vector<Name> names_;  // in C order
    Adjacency down_;
    Adjacency down_children_;
    Adjacency dependencies_;
    Adjacency parents_;
    Adjacency children_;
    std::vector<Node> label_source_;      // see find_label_carriers()
    std::vector<Node> next_label_above_;  // see find_label_carriers()
};

NodeSet ancestors(const RevisionGraph& graph,
                  std::span<const Node> of);  // down and dep edges, inclusive
NodeSet descendants(const RevisionGraph& graph,
                    std::span<const Node> of);  // down and dep edges, inclusive
NodeSet lineage(const RevisionGraph& graph,
                Node of);  // ancestors and descendants, down edges only, inclusive

/// The members of a set in load order.
std::vector<Node> nodes_in(const NodeSet& set);
/// `"a", "b" and 3 more`: ids for a message.
std::string name_list(const RevisionGraph& graph, std::span<const Node> nodes);

}  // namespace mad
