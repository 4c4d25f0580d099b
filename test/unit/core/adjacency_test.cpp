// Edges: neighbours, reachability, topological order, cycles.
#include "core/adjacency.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace mad {
namespace {

using Nodes = std::vector<Node>;

Nodes neighbours(const Adjacency& edges, Node node) {
    return {edges[node].begin(), edges[node].end()};
}

TEST(Adjacency, KeepsTheOrderOfNeighbours) {
    const std::vector<Edge> edges{{2, 1}, {0, 1}, {2, 0}, {2, 3}};
    const Adjacency adjacency(4, edges);
    EXPECT_EQ(adjacency.size(), 4U);
    EXPECT_EQ(neighbours(adjacency, 0), Nodes{1});
    EXPECT_EQ(neighbours(adjacency, 1), Nodes{});
    EXPECT_EQ(neighbours(adjacency, 2), (Nodes{1, 0, 3}));
}

TEST(Adjacency, DropsRepetitions) {
    const std::vector<Edge> edges{{0, 1}, {0, 2}, {0, 1}, {1, 2}, {0, 2}};
    const Adjacency adjacency(3, edges);
    EXPECT_EQ(neighbours(adjacency, 0), (Nodes{1, 2}));
    EXPECT_EQ(adjacency.edges().size(), 3U);
}

TEST(Adjacency, TurnsRound) {
    const std::vector<Edge> edges{{3, 0}, {1, 0}, {2, 1}};
    const Adjacency turned = Adjacency(4, edges).reversed();
    EXPECT_EQ(neighbours(turned, 0), (Nodes{1, 3}));  // in node order
    EXPECT_EQ(neighbours(turned, 1), Nodes{2});
    EXPECT_EQ(neighbours(turned, 3), Nodes{});
}

TEST(Adjacency, MayBeEmpty) {
    EXPECT_EQ(Adjacency().size(), 0U);
    EXPECT_TRUE(Adjacency(0, {}).edges().empty());
    EXPECT_TRUE(parents_first(Adjacency(0, {})).empty());
    EXPECT_TRUE(reachable(Adjacency(0, {}), {}).empty());
}

TEST(Adjacency, ReachesWhatItStartsFromAndAllBehind) {
    const std::vector<Edge> edges{{0, 1}, {1, 2}, {3, 2}, {2, 1}};
    const Adjacency adjacency(5, edges);
    EXPECT_EQ(reachable(adjacency, Nodes{0}), (NodeSet{true, true, true, false, false}));
    EXPECT_EQ(reachable(adjacency, Nodes{4, 3}), (NodeSet{false, true, true, true, true}));
    EXPECT_EQ(reachable(adjacency, Nodes{}), NodeSet(5));
}

TEST(Adjacency, OrdersParentsFirst) {
    const std::vector<Edge> parents{{0, 3}, {3, 2}, {1, 3}};
    EXPECT_EQ(parents_first(Adjacency(4, parents)), (Nodes{2, 3, 0, 1}));
}

TEST(Adjacency, LeavesOutCyclesAndWhatStandsOnThem) {
    const std::vector<Edge> parents{{1, 0}, {2, 1}, {1, 2}, {3, 2}};
    EXPECT_EQ(parents_first(Adjacency(4, parents)), Nodes{0});
}

TEST(Adjacency, FindsTheCycleWithoutTheWayToIt) {
    // 0, where the search begins, stands on the cycle 1-3-2; 4 is below all.
    const std::vector<Edge> parents{{0, 1}, {1, 4}, {1, 3}, {3, 2}, {2, 1}};
    const Adjacency adjacency(5, parents);
    const Nodes cycle = find_cycle(adjacency);
    ASSERT_EQ(cycle.size(), 3U);
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const Nodes below = neighbours(adjacency, cycle[i]);
        EXPECT_NE(std::find(below.begin(), below.end(), cycle[(i + 1) % 3]), below.end());
    }
}

TEST(Adjacency, FindsANodeThatIsItsOwnParent) {
    const std::vector<Edge> parents{{1, 0}, {1, 1}};
    EXPECT_EQ(find_cycle(Adjacency(2, parents)), Nodes{1});
}

}  // namespace
}  // namespace mad
