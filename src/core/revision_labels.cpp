// Which labels reach a revision along its line: all down edges upwards, and downwards along a line
// that neither forks nor merges on the way to its tip.
#include <algorithm>
#include <limits>
#include <unordered_set>

#include "core/revision_graph.hpp"

namespace mad {
namespace {

constexpr Node nobody = std::numeric_limits<Node>::max();

std::vector<std::size_t> count_children(const Adjacency& parents) {
    std::vector<std::size_t> children(parents.size());
    for (const Edge& edge : parents.edges()) ++children[edge.to];
    return children;
}

}  // namespace

/// Labels are not copied to where they show, which would take the square of a long line's length:
/// * label_source_[n] is the nearest node, n or below along down edges, that declares labels or
///   joins different sources: all labels that reach n from below are found from there.
/// * next_label_above_[n] is the nearest node above n that declares labels, where the whole line
///   from n to its tip is plain.
void RevisionGraph::find_label_carriers(const Adjacency& all_parents, std::span<const Node> order) {
    label_source_.assign(size(), nobody);
    for (const Node node : order) {
        if (!revisions_[node].labels.empty()) {
            label_source_[node] = node;
            continue;
        }
        Node source = nobody;
        for (const Node parent : down_[node]) {
            if (label_source_[parent] == nobody || label_source_[parent] == source) continue;
            source = source == nobody ? label_source_[parent] : node;
        }
        label_source_[node] = source;
    }

    const std::vector<std::size_t> children = count_children(all_parents);
    std::vector<bool> is_plain_to_tip(size());
    next_label_above_.assign(size(), nobody);
    for (auto node = order.rbegin(); node != order.rend(); ++node) {
        if (children[*node] > 1 || is_merge_point(*node)) continue;
        if (down_children_[*node].empty()) {
            is_plain_to_tip[*node] = true;
            continue;
        }
        const Node above = down_children_[*node].front();
        if (!is_plain_to_tip[above]) continue;
        is_plain_to_tip[*node] = true;
        next_label_above_[*node] =
            revisions_[above].labels.empty() ? next_label_above_[above] : above;
    }
}

std::vector<std::string> RevisionGraph::shown_labels(Node node) const {
    std::vector<Node> declaring;
    for (Node above = next_label_above_[node]; above != nobody; above = next_label_above_[above]) {
        declaring.push_back(above);
    }
    std::unordered_set<Node> seen;
    std::vector<Node> to_visit{label_source_[node]};
    while (!to_visit.empty()) {
        const Node source = to_visit.back();
        to_visit.pop_back();
        if (source == nobody || !seen.insert(source).second) continue;
        declaring.push_back(source);
        for (const Node parent : down_[source]) to_visit.push_back(label_source_[parent]);
    }
    std::ranges::sort(declaring);

    std::vector<std::string> labels;
    for (const Node source : declaring) {
        const std::vector<std::string>& own = revisions_[source].labels;
        labels.insert(labels.end(), own.begin(), own.end());
    }
    return labels;
}

}  // namespace mad
