// What holds of plans over any graph.
#include <algorithm>

#include <gtest/gtest.h>

#include "core/plan.hpp"
#include "core/version_rows.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::random_revisions;
using test::rows_after;
using test::text_of;

/// Of a set that is closed downwards, those that no other member stands on.
Heads maximal(const RevisionGraph& graph, const NodeSet& applied) {
    Heads rows;
    for (const Node node : nodes_in(applied)) {
        const auto children = graph.children(node);
        if (std::ranges::none_of(children, [&](Node child) { return applied[child]; })) {
            rows.insert(graph[node].id);
        }
    }
    return rows;
}

NodeSet applied_by(const RevisionGraph& graph, const Heads& rows) {
    return ancestors(graph, nodes_of(graph, rows));
}

Heads random_rows(const RevisionGraph& graph, std::mt19937& random) {
    std::vector<Node> chosen;
    for (Node node = 0; node < graph.size(); ++node) {
        if (random() % 4 == 0) chosen.push_back(node);
    }
    return maximal(graph, ancestors(graph, chosen));
}

/// Follows a plan step by step: each fits the rows, runs once, after what it needs and before what
/// needs it, and leaves the maximal elements of the applied set for rows.
void follow(const RevisionGraph& graph, Heads rows, const std::vector<Step>& steps) {
    NodeSet applied = applied_by(graph, rows);
    for (const Step& step : steps) {
        const Node node = graph.find_id(step.revision).value();
        const bool goes_up = step.direction == Direction::upgrade;
        ASSERT_NE(applied[node], goes_up) << step.revision;
        for (const Node parent : graph.parents(node)) ASSERT_TRUE(applied[parent]);
        for (const Node child : graph.children(node)) ASSERT_FALSE(applied[child]);
        applied[node] = goes_up;
        ASSERT_NO_THROW(apply(rows, step.rows)) << step.revision;
        ASSERT_EQ(text_of(rows), text_of(maximal(graph, applied))) << step.revision;
    }
}

class AnyGraph : public testing::TestWithParam<unsigned> {
 protected:
    static constexpr int graphs_per_test = 200;

    /// Calls `check` with graphs, and rows that may be in a version table.
    template <typename Check>
    void for_each_graph(Check check) {
        std::mt19937 random(GetParam());
        for (int i = 0; i < graphs_per_test && !HasFatalFailure(); ++i) {
            const RevisionGraph graph(random_revisions(random));
            SCOPED_TRACE("graph " + std::to_string(i));
            check(graph, random_rows(graph, random), random);
        }
    }
};

TEST_P(AnyGraph, IsUpgradedToItsHeads) {
    for_each_graph([](const RevisionGraph& graph, const Heads& rows, std::mt19937&) {
        const std::vector<Step> steps = plan_upgrade(graph, rows, "heads");
        follow(graph, rows, steps);
        EXPECT_EQ(steps.size(), count_pending(graph, rows));
        EXPECT_EQ(text_of(rows_after(rows, steps)),
                  text_of(maximal(graph, NodeSet(graph.size(), true))));
    });
}

TEST_P(AnyGraph, IsUpgradedToARevisionAndNoFurther) {
    for_each_graph([](const RevisionGraph& graph, const Heads& rows, std::mt19937& random) {
        const auto target = static_cast<Node>(random() % graph.size());
        const std::vector<Step> steps = plan_upgrade(graph, rows, graph[target].id);
        follow(graph, rows, steps);
        const NodeSet needed = ancestors(graph, {&target, 1});
        for (const Step& step : steps) EXPECT_TRUE(needed[graph.find_id(step.revision).value()]);
        EXPECT_TRUE(applied_by(graph, rows_after(rows, steps))[target]);
    });
}

TEST_P(AnyGraph, IsDowngradedToBase) {
    for_each_graph([](const RevisionGraph& graph, const Heads& rows, std::mt19937&) {
        const std::vector<Step> steps = plan_downgrade(graph, rows, "base");
        follow(graph, rows, steps);
        EXPECT_EQ(steps.size(), graph.size() - count_pending(graph, rows));
        EXPECT_TRUE(rows_after(rows, steps).empty());
    });
}

TEST_P(AnyGraph, IsDowngradedByWhatStandsOnTheTarget) {
    for_each_graph([](const RevisionGraph& graph, const Heads& rows, std::mt19937& random) {
        const auto target = static_cast<Node>(random() % graph.size());
        const NodeSet applied = applied_by(graph, rows);
        const auto above = graph.down_children(target);
        if (std::ranges::none_of(above, [&](Node child) { return applied[child]; })) return;
        const std::vector<Step> steps = plan_downgrade(graph, rows, graph[target].id);
        follow(graph, rows, steps);
        const NodeSet left = applied_by(graph, rows_after(rows, steps));
        EXPECT_TRUE(left[target]);
        const NodeSet gone = descendants(graph, above);
        for (Node node = 0; node < graph.size(); ++node) {
            EXPECT_EQ(left[node], applied[node] && !gone[node]) << graph[node].id;
        }
    });
}

TEST_P(AnyGraph, ComesBackAfterADowngrade) {
    for_each_graph([](const RevisionGraph& graph, const Heads&, std::mt19937&) {
        const Heads top = rows_after({}, plan_upgrade(graph, {}, "heads"));
        const Heads bottom = rows_after(top, plan_downgrade(graph, top, "base"));
        EXPECT_EQ(bottom, Heads{});
        EXPECT_EQ(rows_after(bottom, plan_upgrade(graph, bottom, "heads")), top);
    });
}

TEST_P(AnyGraph, IsStampedToWhatAnUpgradeReaches) {
    for_each_graph([](const RevisionGraph& graph, const Heads& rows, std::mt19937&) {
        const Heads upgraded = rows_after(rows, plan_upgrade(graph, rows, "heads"));
        EXPECT_EQ(rows_after(rows, plan_stamp(graph, rows, "heads", false)), upgraded);
        EXPECT_EQ(rows_after(rows, plan_stamp(graph, rows, "heads", true)), upgraded);
        EXPECT_EQ(rows_after(rows, plan_stamp(graph, rows, "base", false)), Heads{});
    });
}

INSTANTIATE_TEST_SUITE_P(Plan, AnyGraph, testing::Range(0U, 8U));

}  // namespace
}  // namespace mad
