// Relative targets: where counting starts, and which way it goes.
#include "core/relative_target.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/failure.hpp"
#include "core/format.hpp"

namespace mad {
namespace {

[[noreturn]] void refuse(const Target& target, std::string detail, std::string hint) {
    throw Failure(Code::unreachable_target, mad::format("target \"{}\" leads nowhere", target.text),
                  std::move(detail), std::move(hint));
}

/// The one place to count from; base where nothing is applied.
Place require_one_start(const RevisionGraph& graph, const Target& target,
                        std::span<const Node> starts) {
    if (starts.size() > 1) {
        throw Failure(
            Code::multiple_heads,
            mad::format("there are several current revisions to count \"{}\" from", target.text),
            mad::format("They are {}.", name_list(graph, starts)),
            mad::format("Say which line to follow by a label or an id, as in '{}@{:+}'.",
                        graph[starts.front()].id, *target.offset));
    }
    return starts.empty() ? Place{} : Place{starts.front()};
}

std::vector<Node> within(std::vector<Node> nodes, const NodeSet& members) {
    std::erase_if(nodes, [&](Node node) { return !members[node]; });
    return nodes;
}

/// Those of `nodes` that no other of them has among what `edges` leads to in one step.
std::vector<Node> tips_of(std::vector<Node> nodes, const Adjacency& edges) {
    NodeSet is_left(edges.size());
    for (const Node node : nodes) {
        for (const Node next : edges[node]) is_left[next] = true;
    }
    std::erase_if(nodes, [&](Node node) { return is_left[node]; });
    return nodes;
}

/// The rows on a line; where there are none, its applied revisions that no other one of it stands
/// on.
std::vector<Node> starts_going_up(const RevisionGraph& graph, const NodeSet& members,
                                  std::span<const Node> rows) {
    std::vector<Node> starts = within({rows.begin(), rows.end()}, members);
    if (!starts.empty()) return starts;
    return tips_of(within(nodes_in(ancestors(graph, rows)), members), graph.parent_edges());
}

/// The rows on a line; where there are none, what is current there because others depend on it.
/// What the line shares with one that is applied does not count: the other line would be lost.
std::vector<Node> starts_going_down(const RevisionGraph& graph, const NodeSet& members,
                                    std::span<const Node> rows) {
    std::vector<Node> starts = within({rows.begin(), rows.end()}, members);
    if (!starts.empty()) return starts;
    return within(tips_of(nodes_in(ancestors(graph, rows)), graph.down_edges()), members);
}

Place start_of_upgrade(const RevisionGraph& graph, const Target& target, std::span<const Node> rows,
                       const std::optional<NodeSet>& members) {
    if (!target.symbol.empty()) {
        Target unrestricted = target;
        if (*target.offset > 0) unrestricted.branch.reset();  // it restricts the walk instead
        return resolve_single(graph, unrestricted);
    }
    if (!members) return require_one_start(graph, target, rows);
    return require_one_start(graph, target, starts_going_up(graph, *members, rows));
}

/// Where a downgrade by a bare `-N` counts from: the node is its branch, too.
Node start_of_downgrade(const RevisionGraph& graph, const Target& target,
                        std::span<const Node> rows) {
    const std::vector<Node> starts =
        target.branch
            ? starts_going_down(graph, lineage(graph, resolve_one(graph, *target.branch)), rows)
            : std::vector<Node>(rows.begin(), rows.end());
    const Place start = require_one_start(graph, target, starts);
    if (!start) {
        refuse(target, "Nothing that could be downgraded is applied.",
               "See what is applied with: SELECT * FROM mad_migrate.current(...);");
    }
    return *start;
}

}  // namespace

Node walk_to_upgrade(const RevisionGraph& graph, const Target& target, std::span<const Node> rows,
                     Overrun overrun) {
    if (target.symbol.empty() && *target.offset <= 0) {
        refuse(target, "An upgrade goes up.", "To go down, call mad_migrate.downgrade(...).");
    }
    const std::optional<NodeSet> members =
        target.branch ? std::optional(lineage(graph, resolve_one(graph, *target.branch)))
                      : std::nullopt;
    const Place start = start_of_upgrade(graph, target, rows, members);
    const Place place = walk(graph, target, start, members, overrun);
    if (!place) {
        refuse(target, "It is the base, below all revisions.",
               "To go down to base, call mad_migrate.downgrade(..., 'base').");
    }
    return *place;
}

DowngradeTarget find_downgrade_target(const RevisionGraph& graph, const Target& target,
                                      std::span<const Node> rows) {
    const std::optional<Node> branch =
        target.branch ? std::optional(resolve_one(graph, *target.branch)) : std::nullopt;
    if (!target.offset) return {resolve_single(graph, target), branch};

    if (!target.symbol.empty()) {
        const std::optional<NodeSet> members =
            branch ? std::optional(lineage(graph, *branch)) : std::nullopt;
        return {walk(graph, target, resolve_single(graph, target), members), branch};
    }
    if (*target.offset >= 0) {
        refuse(target, "A downgrade goes down.", "To go up, call mad_migrate.upgrade(...).");
    }
    const Node start = start_of_downgrade(graph, target, rows);
    return {walk(graph, target, start), branch ? *branch : start};
}

}  // namespace mad
