// Which labels a revision shows.
#include <gtest/gtest.h>

#include "core/text.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::diamond;
using test::revision;
using test::two_bases;

std::string shown(const RevisionGraph& graph, std::string_view id) {
    return join(graph.shown_labels(graph.find_id(id).value()), " ");
}

TEST(ShownLabels, ReachUpAndDownAPlainLine) {
    const RevisionGraph graph(
        {revision("a"), revision("b", {"a"}, {}, {"x"}), revision("c", {"b"})});
    EXPECT_EQ(shown(graph, "a"), "x");
    EXPECT_EQ(shown(graph, "b"), "x");
    EXPECT_EQ(shown(graph, "c"), "x");
}

TEST(ShownLabels, StopAtABranchPointOnTheWayDown) {
    const RevisionGraph graph({revision("a"), revision("b", {"a"}), revision("c", {"b"}, {}, {"x"}),
                               revision("d", {"a"})});
    EXPECT_EQ(shown(graph, "b"), "x");
    EXPECT_EQ(shown(graph, "a"), "");
    EXPECT_EQ(shown(graph, "d"), "");
}

TEST(ShownLabels, DoNotGoDownWhereTheLineIsNotPlainToItsTip) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(shown(graph, "a"), "");
    EXPECT_EQ(shown(graph, "b"), "left");
    EXPECT_EQ(shown(graph, "c"), "left");
    EXPECT_EQ(shown(graph, "m"), "left right");
}

TEST(ShownLabels, TakeADependentForAnEndOfThePlainLine) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(shown(graph, "a1"), "app");
    EXPECT_EQ(shown(graph, "a3"), "app");
    EXPECT_EQ(shown(graph, "l1"), "lib");  // l2 forks: l3 revises it, a2 depends on it
    EXPECT_EQ(shown(graph, "l3"), "lib lib2");
}

TEST(ShownLabels, AreInLoadOrder) {
    const RevisionGraph graph(
        {revision("c", {"b"}, {}, {"z", "y"}), revision("b", {"a"}), revision("a", {}, {}, {"x"})});
    for (const std::string_view id : {"a", "b", "c"}) EXPECT_EQ(shown(graph, id), "z y x");
}

TEST(ShownLabels, ComeOnceThroughManyMerges) {
    std::vector<Revision> revisions{revision("r0", {}, {}, {"x"})};
    for (int i = 0; i < 30; ++i) {
        const std::string n = std::to_string(i);
        revisions.push_back(revision("a" + n, {"r" + n}));
        revisions.push_back(revision("b" + n, {"r" + n}));
        revisions.push_back(revision("r" + std::to_string(i + 1), {"a" + n, "b" + n}));
    }
    EXPECT_EQ(shown(RevisionGraph(std::move(revisions)), "r30"), "x");
}

}  // namespace
}  // namespace mad
