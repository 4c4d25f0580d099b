// Which databases have something to do: known by their heads, or left to the database to say.
#include "core/triage.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::failure_of;
using test::two_bases;

std::string refusal(const RevisionGraph& graph, Direction direction, const std::string& target) {
    return failure_of([&] { Triage(graph, direction, target); }).sqlstate;
}

TEST(Triage, KnowsWhoIsThere) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    Triage triage(graph, Direction::upgrade, "b");
    EXPECT_FALSE(triage.is_there({}));
    EXPECT_FALSE(triage.is_there({"a"}));
    EXPECT_TRUE(triage.is_there({"b"}));
    EXPECT_TRUE(triage.is_there({"c"})) << "an upgrade leads nobody back";

    Triage downwards(graph, Direction::downgrade, "b");
    EXPECT_TRUE(downwards.is_there({"b"}));
    EXPECT_FALSE(downwards.is_there({"c"}));
}

TEST(Triage, SaysTheSameTheSecondTime) {
    const RevisionGraph graph(chain({"a", "b"}));
    Triage triage(graph, Direction::upgrade, "head");
    for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(triage.is_there({"a"}));
        EXPECT_TRUE(triage.is_there({"b"}));
        EXPECT_FALSE(triage.is_there({"gone"}));
    }
}

TEST(Triage, LeavesItToTheDatabaseToSayWhy) {
    const RevisionGraph graph(chain({"a", "b"}));
    Triage triage(graph, Direction::upgrade, "head");
    EXPECT_FALSE(triage.is_there({"gone"}));
    Triage relative(graph, Direction::upgrade, "+2");
    EXPECT_FALSE(relative.is_there({"b"}));
    EXPECT_FALSE(relative.is_there({"a"}));
    EXPECT_FALSE(relative.is_there({}));
}

TEST(Triage, RefusesAtOnceWhatNoDatabaseCanReach) {
    const RevisionGraph graph(chain({"aaaa1", "aaaa2"}));
    EXPECT_EQ(refusal(graph, Direction::upgrade, "unknown"), "MM002");
    EXPECT_EQ(refusal(graph, Direction::downgrade, "unknown"), "MM002");
    EXPECT_EQ(refusal(graph, Direction::upgrade, "aaaa"), "MM003");
    EXPECT_EQ(refusal(two_bases(), Direction::upgrade, "head"), "MM004");
}

TEST(Triage, DoesNotRefuseWhatDependsOnTheDatabase) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    Triage triage(graph, Direction::downgrade, "-1");
    EXPECT_FALSE(triage.is_there({"c"}));
}

}  // namespace
}  // namespace mad
