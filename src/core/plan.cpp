// What all plans share, and the questions about rows that need no plan.
#include "core/plan.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/version_rows.hpp"

namespace mad {

std::string_view name_of(Direction direction) noexcept {
    switch (direction) {
        case Direction::upgrade:
            return "upgrade";
        case Direction::downgrade:
            return "downgrade";
        case Direction::stamp:
            return "stamp";
    }
    return {};
}

Direction direction_named(std::string_view name) {
    for (const Direction direction : {Direction::upgrade, Direction::downgrade, Direction::stamp}) {
        if (name_of(direction) == name) return direction;
    }
    throw Failure(Code::invalid_parameter, mad::format("invalid direction \"{}\"", name), {},
                  "Write upgrade, downgrade or stamp.");
}

void apply(Heads& heads, const RowChange& rows) {
    const auto refuse = [](std::string_view revision, std::string_view fact) {
        throw Failure(Code::version_conflict,
                      mad::format("the version table does not fit the plan at \"{}\"", revision),
                      std::string(fact), "Make the plan again from the current rows.");
    };
    for (const std::string& revision : rows.deletes) {
        if (heads.erase(revision) == 0) refuse(revision, "The row to delete is not there.");
    }
    for (const std::string& revision : rows.inserts) {
        if (!heads.insert(revision).second) refuse(revision, "The row to insert is there already.");
    }
}

std::vector<Step> make_plan(const RevisionGraph& graph, const Heads& rows, Direction direction,
                            std::string_view target) {
    switch (direction) {
        case Direction::upgrade:
            return plan_upgrade(graph, rows, target);
        case Direction::downgrade:
            return plan_downgrade(graph, rows, target);
        case Direction::stamp:
            return plan_stamp(graph, rows, target, false);
    }
    return {};
}

std::size_t count_pending(const RevisionGraph& graph, const Heads& rows) {
    const NodeSet applied = ancestors(graph, nodes_of(graph, rows));
    return static_cast<std::size_t>(std::ranges::count(applied, false));
}

std::vector<Node> current_tips(const RevisionGraph& graph, const Heads& rows) {
    const NodeSet applied = ancestors(graph, nodes_of(graph, rows));
    std::vector<Node> tips = nodes_in(applied);
    std::erase_if(tips, [&](Node node) {
        return std::ranges::any_of(graph.down_children(node),
                                   [&](Node child) { return applied[child]; });
    });
    return tips;
}

}  // namespace mad
