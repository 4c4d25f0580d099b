// Stamps: rows rewritten without running anything (alembic-semantics 4.7).
#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/plan.hpp"
#include "core/target.hpp"
#include "core/version_rows.hpp"

namespace mad {
namespace {

struct Destinations {
    std::vector<Node> nodes;  // none for base
    NodeSet concerned;        // the lineages of all targets, along both kinds of edge
};

void add_lineage(const RevisionGraph& graph, const std::vector<Node>& of, NodeSet& set) {
    const NodeSet below = ancestors(graph, of);
    const NodeSet above = descendants(graph, of);
    for (Node node = 0; node < graph.size(); ++node) {
        if (below[node] || above[node]) set[node] = true;
    }
}

/// A bare `base` concerns every row.
Destinations find_destinations(const RevisionGraph& graph, std::string_view text) {
    Destinations found{.nodes = {}, .concerned = NodeSet(graph.size())};
    std::vector<Node> named;
    for (const Target& target : parse_targets(text)) {
        const std::vector<Node> nodes = resolve(graph, target);
        found.nodes.insert(found.nodes.end(), nodes.begin(), nodes.end());
        named.insert(named.end(), nodes.begin(), nodes.end());
        if (target.branch) named.push_back(resolve_one(graph, *target.branch));
        if (nodes.empty() && !target.branch) found.concerned.assign(graph.size(), true);
    }
    add_lineage(graph, named, found.concerned);
    return found;
}

void require_distinct(const RevisionGraph& graph, std::vector<Node> nodes) {
    require_no_overlap(graph, "target", nodes);
    std::ranges::sort(nodes);
    const auto twice = std::ranges::adjacent_find(nodes);
    if (twice == nodes.end()) return;
    throw Failure(Code::overlapping_revisions,
                  mad::format("target \"{}\" is named twice", graph[*twice].id), {},
                  "Leave one of them out.");
}

/// Counting from the heads of the scripts says nothing about rows that are there.
void refuse_relative(std::string_view text) {
    for (const Target& target : parse_targets(text)) {
        if (!target.offset) continue;
        throw Failure(Code::invalid_target,
                      mad::format("relative target \"{}\" cannot be stamped", target.text),
                      "It is counted from the scripts' heads, which may be done only while no "
                      "revision is current.",
                      "Name the revision itself, or pass purge => true.");
    }
}

std::vector<Step> stamp(const RevisionGraph& graph, const Heads& rows, std::string_view text) {
    const std::vector<Node> current = nodes_of(graph, rows);
    if (!current.empty()) refuse_relative(text);
    const Destinations wanted = find_destinations(graph, text);
    require_distinct(graph, wanted.nodes);

    NodeSet is_wanted(graph.size());
    for (const Node node : wanted.nodes) is_wanted[node] = true;
    NodeSet is_row(graph.size());
    std::vector<Node> affected;
    std::vector<std::string> replaced;
    for (const Node row : current) {
        is_row[row] = true;
        if (!wanted.concerned[row]) continue;
        affected.push_back(row);
        if (!is_wanted[row]) replaced.push_back(graph[row].id);
    }
    if (wanted.nodes.empty()) {
        if (replaced.empty()) return {};
        return {{"", Direction::stamp, {.deletes = std::move(replaced), .inserts = {}}}};
    }

    NodeSet related(graph.size());
    add_lineage(graph, affected, related);
    std::vector<Step> steps;
    for (const Node node : wanted.nodes) {
        if (is_row[node]) continue;
        Step step{graph[node].id, Direction::stamp, {.deletes = {}, .inserts = {graph[node].id}}};
        if (related[node]) step.rows.deletes = std::exchange(replaced, {});
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace

std::vector<Step> plan_stamp(const RevisionGraph& graph, const Heads& rows, std::string_view target,
                             bool purge) {
    if (!purge) return stamp(graph, rows, target);
    std::vector<Step> steps = stamp(graph, {}, target);
    if (rows.empty()) return steps;
    if (steps.empty()) steps.push_back({"", Direction::stamp, {}});
    steps.front().rows.deletes.assign(rows.begin(), rows.end());
    return steps;
}

}  // namespace mad
