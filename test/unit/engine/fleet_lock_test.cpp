// A database whose lock is taken goes to the back of the line, and is given up after a while.
#include "engine/fleet.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/engine/fleet.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::Names;

class FleetLockTest : public test::FleetTest {
 protected:
    /// Times between the attempts at one database.
    std::vector<std::chrono::milliseconds> gaps(const std::string& database) const {
        std::vector<std::chrono::milliseconds> gaps;
        std::optional<TimePoint> before;
        for (std::size_t i = 0; i < opened_.size(); ++i) {
            if (opened_[i] != database) continue;
            if (before) {
                gaps.push_back(
                    std::chrono::duration_cast<std::chrono::milliseconds>(opened_at_[i] - *before));
            }
            before = opened_at_[i];
        }
        return gaps;
    }
};

TEST_F(FleetLockTest, PutsADatabaseWhoseLockIsTakenBehindAllOthers) {
    for (const std::string sqlstate : {"55P03", "40P01", "MM017"}) {
        fail("d1", 2, sqlstate);
        migrate(databases(5), 1);
        EXPECT_EQ(opened_, (Names{"d0", "d1", "d2", "d3", "d4", "d1"})) << sqlstate;
        EXPECT_EQ(finished(), (Names{"d0", "d2", "d3", "d4", "d1"})) << sqlstate;
        EXPECT_FALSE(outcome("d1").failure);
        EXPECT_EQ(outcome("d1").attempts, 2U);
        EXPECT_EQ(outcome("d1").result.after, Heads{"003"});
        EXPECT_EQ(outcome("d2").attempts, 1U);
        EXPECT_EQ(failures_, 0U);
    }
}

TEST_F(FleetLockTest, TriesNothingElseAgain) {
    for (const std::string sqlstate : {"57014", "40001", "42P01", "MM018"}) {
        fail("d1", 2, sqlstate);
        migrate(databases(3), 1);
        EXPECT_EQ(opened_, databases(3)) << sqlstate;
        EXPECT_EQ(outcome("d1").failure->report().sqlstate, sqlstate);
    }
}

TEST_F(FleetLockTest, TriesAgainOnlyWhatOwnsItsTransactions) {
    owns_transactions_ = false;
    fail("d0", 2, "55P03");
    migrate(databases(1), 1);
    EXPECT_EQ(opened_, databases(1));
    EXPECT_EQ(outcome("d0").failure->report().sqlstate, "55P03");
}

TEST_F(FleetLockTest, GivesUpAfterSomeAttemptsWithGrowingPauses) {
    fleet_order_.attempts = 4;
    fleet_order_.pause = 100ms;
    for (int i = 0; i < 10; ++i) fail("d1", 2, "55P03");
    migrate(databases(3), 2);
    EXPECT_EQ(std::ranges::count(opened_, "d1"), 4);
    EXPECT_EQ(outcome("d1").attempts, 4U);
    EXPECT_EQ(outcome("d1").failure->report().sqlstate, "55P03");
    EXPECT_EQ(outcome("d1").duration, 16ms) << "without the pauses";
    EXPECT_EQ(failures_, 1U);
    const auto pauses = gaps("d1");
    ASSERT_EQ(pauses.size(), 3U);
    for (std::size_t i = 0; i < pauses.size(); ++i) {
        const auto expected = 100ms * (1 << i);
        EXPECT_GE(pauses[i], expected / 2) << i;
        EXPECT_LE(pauses[i], expected * 3 / 2 + 3ms) << i;
    }
}

TEST_F(FleetLockTest, PausesDifferFromDatabaseToDatabase) {
    for (const std::string database : {"d1", "d2", "d3"}) fail(database, 2, "55P03");
    migrate(databases(4), 3);
    EXPECT_FALSE(gaps("d1") == gaps("d2") && gaps("d2") == gaps("d3"));
}

TEST_F(FleetLockTest, FailsAsTheLastAttemptDid) {
    fail("d1", 2, "55P03");
    fail("d1", 2, "42P01");
    migrate(databases(2), 1);
    EXPECT_EQ(outcome("d1").failure->report().sqlstate, "42P01");
    EXPECT_EQ(outcome("d1").attempts, 2U);
}

TEST_F(FleetLockTest, CountsTheStepsOfEarlierAttempts) {
    order(Direction::downgrade, "base");
    heads_["d0"] = {"002", "001"};
    fail("d0", 3, "40P01");
    migrate(databases(1), 1);
    EXPECT_FALSE(outcome("d0").failure);
    EXPECT_EQ(outcome("d0").result.steps, 2U);
    EXPECT_EQ(outcome("d0").result.before, Heads{"002"});
    EXPECT_EQ(outcome("d0").result.after, Heads{});
    EXPECT_EQ(outcome("d0").duration, 9ms);
}

TEST_F(FleetLockTest, CountsThemThoughALaterAttemptSawNothing) {
    order(Direction::downgrade, "base");
    for (const std::size_t call : {0U, 1U}) {
        fail("d0", 3, "55P03");
        fail("d0", call, "08001");
        migrate(databases(1), 1);
        EXPECT_EQ(outcome("d0").failure->report().sqlstate, "08001");
        EXPECT_TRUE(outcome("d0").result.known);
        EXPECT_EQ(outcome("d0").result.steps, 1U) << call;
        EXPECT_EQ(outcome("d0").result.before, Heads{"002"});
        EXPECT_EQ(outcome("d0").result.after, Heads{"001"});
    }
}

TEST_F(FleetLockTest, CountsNoStepOfARehearsalTwice) {
    order(Direction::downgrade, "base");
    order_.rehearse = true;
    fail("d0", 3, "55P03");
    migrate(databases(1), 1);
    EXPECT_FALSE(outcome("d0").failure);
    EXPECT_EQ(outcome("d0").result.steps, 2U);
}

TEST_F(FleetLockTest, HasFailedWhenTheRunStopsBeforeItsNextAttempt) {
    fleet_order_.max_failures = 1;
    unreachable_ = {"d2"};
    fail("d1", 2, "55P03");
    migrate(databases(4), 1);
    EXPECT_EQ(opened_, databases(3));
    EXPECT_FALSE(outcome("d1").skipped);
    EXPECT_EQ(outcome("d1").failure->report().sqlstate, "55P03");
    EXPECT_TRUE(outcome("d3").skipped);
    EXPECT_EQ(failures_, 2U);
}

}  // namespace
}  // namespace mad
