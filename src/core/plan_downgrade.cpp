// Downgrades: everything applied that stands on the target (alembic-semantics 4.3).
#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/plan.hpp"
#include "core/relative_target.hpp"
#include "core/revision_order.hpp"
#include "core/target.hpp"
#include "core/version_rows.hpp"

namespace mad {
namespace {

[[noreturn]] void refuse(const RevisionGraph& graph, std::string_view target, std::string fact,
                         const std::vector<Node>& rows) {
    fact += rows.empty() ? " Nothing is applied."
                         : mad::format(" The current revisions are {}.", name_list(graph, rows));
    throw Failure(Code::invalid_downgrade_target, mad::format("cannot downgrade to \"{}\"", target),
                  std::move(fact),
                  "Name an ancestor of what is applied: SELECT revision FROM "
                  "mad_migrate.history(..., ':current');");
}

/// The lowest revisions that may have to go: those next above the target; of several only the ones
/// on the branch's line.
std::vector<Node> next_above(const RevisionGraph& graph, const DowngradeTarget& target) {
    std::vector<Node> above;
    if (target.place) {
        const auto children = graph.down_children(*target.place);
        above.assign(children.begin(), children.end());
    } else {
        above = graph.bases();
    }
    if (!target.branch || above.size() < 2) return above;
    const NodeSet line = reachable(graph.down_edges(), {&*target.branch, 1});
    std::erase_if(above, [&](Node node) { return !line[node]; });
    return above;
}

bool has_several_above(const RevisionGraph& graph, Place place) {
    return place ? graph.is_branch_point(*place) : graph.bases().size() > 1;
}

}  // namespace

std::vector<Step> plan_downgrade(const RevisionGraph& graph, const Heads& rows,
                                 std::string_view target) {
    const std::vector<Node> current = nodes_of(graph, rows);
    const DowngradeTarget wanted = find_downgrade_target(graph, parse_target(target), current);
    const std::vector<Node> lowest = next_above(graph, wanted);
    if (lowest.empty() && has_several_above(graph, wanted.place)) {
        refuse(graph, target, "None of the lines above it is the given label's.", current);
    }

    VersionRows version_rows(graph, current);
    NodeSet to_revert = descendants(graph, lowest);
    for (Node node = 0; node < graph.size(); ++node) {
        if (!version_rows.applied()[node]) to_revert[node] = false;
    }
    std::vector<Step> steps;
    for (const Node node : newest_first(graph, to_revert, current)) {
        steps.push_back({graph[node].id, Direction::downgrade, version_rows.revert(node)});
    }
    const bool is_there =
        !wanted.place || std::ranges::find(current, *wanted.place) != current.end();
    if (steps.empty() && !is_there) {
        refuse(graph, target, "No applied revision stands on it.", current);
    }
    return steps;
}

}  // namespace mad
