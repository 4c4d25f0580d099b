// Walking steps up and down, and where it ends.
#include "core/walk.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::diamond;
using test::failure_of;
using test::two_bases;

std::string walked(const RevisionGraph& graph, std::string_view from, std::int64_t steps,
                   std::string_view within = {}, Overrun overrun = Overrun::refuse) {
    const Target target{.text = "T", .branch = {}, .symbol = {}, .offset = steps};
    std::optional<NodeSet> members;
    if (!within.empty()) members = lineage(graph, graph.find(within).value());
    const Place start = from == "base" ? Place{} : graph.find(from);
    const Place end = walk(graph, target, start, members, overrun);
    return end ? graph[*end].id : "base";
}

Report refusal(const RevisionGraph& graph, std::string_view from, std::int64_t steps) {
    return failure_of([&] { walked(graph, from, steps); });
}

TEST(Walk, GoesUpAndDownALine) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(walked(graph, "base", 1), "a");
    EXPECT_EQ(walked(graph, "base", 3), "c");
    EXPECT_EQ(walked(graph, "a", 2), "c");
    EXPECT_EQ(walked(graph, "c", -2), "a");
    EXPECT_EQ(walked(graph, "c", -3), "base");
    EXPECT_EQ(walked(graph, "b", 0), "b");
    EXPECT_EQ(walked(graph, "base", 0), "base");
}

TEST(Walk, EndsWithTheGraph) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    const Report report = refusal(graph, "b", -9);
    EXPECT_EQ(report.sqlstate, "MM006");
    EXPECT_EQ(report.message, "target \"T\" lies below base");
    EXPECT_EQ(report.detail, "Only 2 of 9 steps from revision \"b\" exist; they end at base.");
    EXPECT_EQ(refusal(graph, "c", 1).message, "target \"T\" lies beyond the last revision");
    EXPECT_EQ(refusal(graph, "c", 1).detail,
              "Only 0 of 1 steps from revision \"c\" exist; they end at revision \"c\".");
    EXPECT_EQ(refusal(graph, "base", -1).sqlstate, "MM006");
    EXPECT_EQ(refusal(RevisionGraph({}), "base", 1).sqlstate, "MM006");
}

TEST(Walk, MayStopAtTheEnd) {
    const RevisionGraph graph(chain({"a", "b"}));
    EXPECT_EQ(walked(graph, "a", 9, {}, Overrun::stop), "b");
    EXPECT_EQ(walked(graph, "a", -9, {}, Overrun::stop), "base");
}

TEST(Walk, RefusesAFork) {
    const RevisionGraph graph = diamond();
    const Report report = refusal(graph, "a", 1);
    EXPECT_EQ(report.sqlstate, "MM006");
    EXPECT_EQ(report.message, "target \"T\" is ambiguous");
    EXPECT_EQ(report.detail, "From revision \"a\" the way goes to \"b\", \"x\".");
    EXPECT_EQ(refusal(graph, "m", -1).detail, "From revision \"m\" the way goes to \"c\", \"y\".");
    EXPECT_EQ(refusal(two_bases(), "base", 1).detail, "From base the way goes to \"a1\", \"l1\".");
}

TEST(Walk, FollowsTheLineItIsGiven) {
    EXPECT_EQ(walked(diamond(), "a", 3, "left"), "m");
    EXPECT_EQ(walked(diamond(), "a", 2, "right"), "y");
    EXPECT_EQ(walked(two_bases(), "base", 2, "lib"), "l2");
}

TEST(Walk, DoesNotFollowDependencies) {
    EXPECT_EQ(walked(two_bases(), "l2", 1), "l3");
    EXPECT_EQ(walked(two_bases(), "a2", -1), "a1");
}

}  // namespace
}  // namespace mad
