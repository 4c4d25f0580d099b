// Ranges of history (alembic-semantics 3.6).
#include "core/history.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/relative_target.hpp"
#include "core/revision_order.hpp"
#include "core/target.hpp"
#include "core/version_rows.hpp"

namespace mad {
namespace {

struct Start {
    std::vector<Node> nodes;           // none for base
    std::optional<std::string> label;  // only targets that show it are meant
};

std::string require_one_label(const RevisionGraph& graph, const std::string& branch) {
    const Node node = resolve_one(graph, branch);
    if (graph.find(branch) == node && graph[node].id != branch) return branch;
    std::vector<std::string> labels = graph.shown_labels(node);
    if (labels.size() == 1) return std::move(labels.front());
    throw Failure(Code::invalid_target,
                  mad::format("revision \"{}\" does not stand for one label", graph[node].id),
                  labels.empty() ? std::string("It shows no label.")
                                 : mad::format("It shows {} labels.", labels.size()),
                  "Write the label before \"@\".");
}

Start find_start(const RevisionGraph& graph, const Heads& rows, std::string_view text) {
    if (text.empty()) return {};
    if (text == "current") return {.nodes = nodes_of(graph, rows), .label = {}};
    const Target target = parse_target(text);
    Start start{.nodes = resolve(graph, target, Overrun::stop), .label = {}};
    if (target.branch) start.label = require_one_label(graph, *target.branch);
    return start;
}

std::vector<Node> find_ends(const RevisionGraph& graph, const Heads& rows, std::string_view text,
                            const Start& start) {
    if (text.empty()) return graph.real_heads();
    if (text == "current") return nodes_of(graph, rows);
    const Target target = parse_target(text);
    if (!target.offset) return resolve(graph, target);
    return {walk_to_upgrade(graph, target, start.nodes, Overrun::stop)};
}

void keep_labelled(const RevisionGraph& graph, const std::string& label, std::vector<Node>& nodes) {
    std::erase_if(nodes, [&](Node node) {
        const std::vector<std::string> labels = graph.shown_labels(node);
        return std::ranges::find(labels, label) == labels.end();
    });
}

void require_below(const RevisionGraph& graph, std::string_view range,
                   const std::vector<Node>& starts, const NodeSet& below_ends) {
    const auto stranger =
        std::ranges::find_if(starts, [&](Node node) { return !below_ends[node]; });
    if (stranger == starts.end()) return;
    throw Failure(
        Code::invalid_target, mad::format("invalid range \"{}\"", range),
        mad::format("Revision \"{}\" is no ancestor of where the range ends.", graph[*stranger].id),
        "Write the older revision first.");
}

}  // namespace

std::vector<Node> history_range(const RevisionGraph& graph, const Heads& rows,
                                std::string_view range) {
    if (range.empty()) return newest_first(graph);
    const OfflineRange sides = split_range(range);
    if (!sides.from) {
        throw Failure(Code::invalid_target, mad::format("invalid range \"{}\"", range),
                      "It has no colon.", "Write [start]:[end], [start]: or :[end].");
    }
    const Start start = find_start(graph, rows, *sides.from);
    std::vector<Node> ends = find_ends(graph, rows, sides.to, start);
    if (start.label) keep_labelled(graph, *start.label, ends);
    require_no_overlap(graph, "target", ends);
    NodeSet members = ancestors(graph, ends);
    require_below(graph, range, start.nodes, members);
    require_no_overlap(graph, "target", start.nodes);
    if (start.nodes.empty()) return newest_first(graph, members, ends);

    const NodeSet below = ancestors(graph, start.nodes);
    for (Node node = 0; node < graph.size(); ++node) {
        if (below[node]) members[node] = false;
    }
    for (const Node node : start.nodes) members[node] = true;
    std::vector<Node> history = newest_first(graph, members, ends);
    const NodeSet above = reachable(graph.down_child_edges(), start.nodes);
    std::erase_if(history, [&](Node node) { return !above[node]; });
    return history;
}

}  // namespace mad
