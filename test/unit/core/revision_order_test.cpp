// The order of revisions: Alembic's, and one in which no revision comes before one that needs it.
#include "core/revision_order.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::diamond;
using test::random_revisions;
using test::revision;
using test::text_of;
using test::two_bases;

std::string order_of(const RevisionGraph& graph) {
    return text_of(graph, newest_first(graph));
}

TEST(RevisionOrder, OfNothingIsNothing) {
    EXPECT_EQ(order_of(RevisionGraph({})), "");
}

TEST(RevisionOrder, GoesDownALine) {
    EXPECT_EQ(order_of(RevisionGraph(chain({"a", "b", "c"}))), "c b a");
}

TEST(RevisionOrder, GoesDownOneSideOfAMergeBeforeTheOther) {
    EXPECT_EQ(order_of(diamond()), "m c b y x a");
}

TEST(RevisionOrder, TakesHeadsInLoadOrder) {
    EXPECT_EQ(order_of(RevisionGraph({revision("x"), revision("y"), revision("z")})), "x y z");
}

TEST(RevisionOrder, TakesWhatDependsFirst) {
    EXPECT_EQ(order_of(two_bases()), "a3 a2 a1 l3 l2 l1");
    EXPECT_EQ(order_of(RevisionGraph({revision("a"), revision("b", {}, {"a"})})), "b a");
}

TEST(RevisionOrder, FollowsADependencyInItsOwnTurn) {
    const RevisionGraph graph({revision("d1"), revision("d2", {"d1"}), revision("a"),
                               revision("b", {"a"}, {"d2"}), revision("c", {"b"})});
    EXPECT_EQ(order_of(graph), "c b a d2 d1");
}

TEST(RevisionOrder, OfAPartLeavesOutTheRest) {
    const RevisionGraph graph = diamond();
    NodeSet set(graph.size());
    for (const std::string_view id : {"b", "c", "y"}) set[graph.find(id).value()] = true;
    const std::vector<Node> heads{graph.find("y").value(), graph.find("m").value(),
                                  graph.find("c").value(), graph.find("y").value()};
    EXPECT_EQ(text_of(graph, newest_first(graph, set, heads)), "c b y");
}

TEST(RevisionOrder, HasEachOnceAndNoneBeforeOneThatNeedsIt) {
    for (unsigned seed = 0; seed < 2000; ++seed) {
        std::mt19937 random(seed);
        const RevisionGraph graph(random_revisions(random));
        const std::vector<Node> order = newest_first(graph);
        ASSERT_EQ(order.size(), graph.size()) << "seed " << seed;
        NodeSet done(graph.size());
        for (const Node node : order) {
            for (const Node child : graph.children(node)) ASSERT_TRUE(done[child]) << seed;
            ASSERT_FALSE(done[node]) << "seed " << seed;
            done[node] = true;
        }
    }
}

}  // namespace
}  // namespace mad
