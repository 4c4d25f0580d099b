// Upgrades: everything the targets imply and the rows do not (alembic-semantics 3.5 and 4.2).
#include <algorithm>
#include <ranges>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/plan.hpp"
#include "core/relative_target.hpp"
#include "core/revision_order.hpp"
#include "core/target.hpp"
#include "core/version_rows.hpp"

namespace mad {
namespace {

std::vector<Node> destinations(const RevisionGraph& graph, const std::vector<Node>& rows,
                               std::string_view text) {
    const std::vector<Target> targets = parse_targets(text);
    if (targets.size() == 1 && targets.front().offset) {
        return {walk_to_upgrade(graph, targets.front(), rows)};
    }
    std::vector<Node> nodes;
    for (const Target& target : targets) {
        const std::vector<Node> named = resolve(graph, target);
        nodes.insert(nodes.end(), named.begin(), named.end());
    }
    return nodes;
}

}  // namespace

std::vector<Step> plan_upgrade(const RevisionGraph& graph, const Heads& rows,
                               std::string_view target) {
    const std::vector<Node> current = nodes_of(graph, rows);
    const std::vector<Node> wanted = destinations(graph, current, target);
    require_no_overlap(graph, "target", wanted);
    require_no_overlap(graph, "current revision", current);

    VersionRows version_rows(graph, current);
    NodeSet to_run = ancestors(graph, wanted);
    for (Node node = 0; node < graph.size(); ++node) {
        if (version_rows.applied()[node]) to_run[node] = false;
    }
    std::vector<Step> steps;
    for (const Node node : newest_first(graph, to_run, wanted) | std::views::reverse) {
        steps.push_back({graph[node].id, Direction::upgrade, version_rows.apply(node)});
    }
    return steps;
}

}  // namespace mad
