// Many databases: how many at a time, in which order, and one's failure kept from the others.
#include "engine/fleet.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/fleet.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::Names;

class FleetTest : public test::FleetTest {};

TEST_F(FleetTest, HasNothingToDoForNoDatabases) {
    EXPECT_TRUE(migrate({}, 4).empty());
    EXPECT_TRUE(opened_.empty());
}

TEST_F(FleetTest, MigratesOneDatabase) {
    const auto outcomes = migrate({"d"}, 4);
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].database, "d");
    EXPECT_EQ(outcomes[0].result.before, Heads{"002"});
    EXPECT_EQ(outcomes[0].result.after, Heads{"003"});
    EXPECT_EQ(outcomes[0].result.steps, 1U);
    EXPECT_FALSE(outcomes[0].failure);
    EXPECT_FALSE(outcomes[0].skipped);
    EXPECT_FALSE(outcomes[0].rehearsed);
    EXPECT_EQ(outcomes[0].attempts, 1U);
    EXPECT_EQ(outcomes[0].duration, 4ms);
    EXPECT_EQ(sessions_when_finished_, std::vector<std::size_t>{0});
}

TEST_F(FleetTest, OpensAsManySessionsAsThereAreJobs) {
    for (const std::size_t jobs : {1U, 2U, 3U, 7U}) {
        most_sessions_ = 0;
        migrate(databases(20), jobs);
        EXPECT_EQ(most_sessions_, jobs);
        EXPECT_EQ(sessions_, 0U);
    }
}

TEST_F(FleetTest, NeedsNoMoreSessionsThanDatabases) {
    migrate(databases(4), 100);
    EXPECT_EQ(most_sessions_, 4U);
}

TEST_F(FleetTest, GoesOnWithTheOthersWhenTheFirstFailed) {
    unreachable_ = {"d0"};
    migrate(databases(3), 1);
    EXPECT_EQ(finished(), (Names{"d0", "d1", "d2"}));
    EXPECT_FALSE(outcome("d2").failure);
}

TEST_F(FleetTest, CountsTheFailuresOfAllItsRuns) {
    fleet_order_.max_failures = 2;
    unreachable_ = {"d0", "d2"};
    run_one_after_the_other({{"d0"}, {"d1", "d2"}, {"d3"}});
    EXPECT_EQ(opened_, databases(3));
    EXPECT_FALSE(outcome("d1").failure);
    EXPECT_TRUE(outcome("d3").skipped);
    EXPECT_EQ(failures_, 2U);
}

TEST_F(FleetTest, TellsOfEachWhenItIsFinished) {
    pauses_ = {{"d1", 50ms}, {"d2", 20ms}, {"d3", 30ms}};
    migrate(databases(5), 4);
    EXPECT_EQ(opened_, databases(5));
    EXPECT_EQ(finished(), (Names{"d0", "d4", "d2", "d3", "d1"}));
    EXPECT_EQ(outcome("d1").duration, 151ms);
    EXPECT_EQ(outcome("d4").duration, 4ms);
}

TEST_F(FleetTest, PutsTheNextInThePlaceOfOneThatFinished) {
    pauses_["d1"] = 1000ms;
    migrate(databases(10), 2);
    EXPECT_EQ(finished().back(), "d1");
    EXPECT_EQ(opened_, databases(10));
}

TEST_F(FleetTest, ContainsAConnectionThatFails) {
    unreachable_ = {"d0", "d2"};
    const auto outcomes = migrate(databases(4), 2);
    ASSERT_EQ(outcomes.size(), 4U);
    for (const DatabaseOutcome& outcome : outcomes) {
        const bool fails = unreachable_.contains(outcome.database);
        EXPECT_EQ(outcome.failure.has_value(), fails);
        EXPECT_EQ(outcome.result.steps, fails ? 0U : 1U);
        EXPECT_EQ(outcome.result.known, !fails);
    }
    EXPECT_STREQ(outcome("d2").failure->what(), "cannot connect to d2");
    EXPECT_EQ(failures_, 2U);
    EXPECT_FALSE(stopped_);
}

TEST_F(FleetTest, ContainsAMigrationThatFails) {
    order(Direction::downgrade, "base");
    fail("d0", 1, "XX000");
    fail("d2", 3, "XX000");
    migrate(databases(4), 2);
    EXPECT_EQ(outcome("d0").failure->report().sqlstate, "XX000");
    EXPECT_EQ(outcome("d0").result.steps, 0U);
    EXPECT_EQ(outcome("d2").failure->report().sqlstate, "XX000");
    EXPECT_EQ(outcome("d2").result.steps, 1U);
    EXPECT_EQ(outcome("d2").result.after, Heads{"001"});
    EXPECT_EQ(outcome("d2").attempts, 1U);
    for (const std::string database : {"d1", "d3"}) {
        EXPECT_FALSE(outcome(database).failure);
        EXPECT_EQ(outcome(database).result.after, Heads{});
    }
    EXPECT_EQ(sessions_, 0U);
}

TEST_F(FleetTest, MigratesAThousandDatabases) {
    for (std::size_t i = 1; i < 1000; ++i) {
        pauses_["d" + std::to_string(i)] = std::chrono::milliseconds(1 + i * 7 % 13);
    }
    for (std::size_t i = 0; i < 1000; i += 10) unreachable_.insert("d" + std::to_string(i));
    const auto outcomes = migrate(databases(1000), 16);
    EXPECT_EQ(opened_, databases(1000));
    const Names told = finished();
    EXPECT_EQ(std::set<std::string>(told.begin(), told.end()).size(), 1000U);
    EXPECT_EQ(outcomes.size(), 1000U);
    EXPECT_EQ(failures_, 100U);
    EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& o) { return o.result.steps == 1; }),
              900);
    EXPECT_EQ(most_sessions_, 16U);
}

TEST_F(FleetTest, KeepsOneFailureFromAThousandOthers) {
    for (std::size_t i = 1; i < 1000; ++i) {
        pauses_["d" + std::to_string(i)] = std::chrono::milliseconds(1 + i * 7 % 13);
    }
    fail("d500", 2, "XX000");
    const auto outcomes = migrate(databases(1000), 8);
    EXPECT_EQ(outcomes.size(), 1000U);
    EXPECT_EQ(most_sessions_, 8U);
    EXPECT_EQ(sessions_, 0U);
    for (const DatabaseOutcome& outcome : outcomes) {
        const bool fails = outcome.database == "d500";
        EXPECT_EQ(outcome.failure.has_value(), fails) << outcome.database;
        EXPECT_EQ(outcome.result.after, Heads{fails ? "002" : "003"}) << outcome.database;
    }
}

TEST_F(FleetTest, EndsWithACancelAtAnyWait) {
    fail("d2", 2, "55P03");
    migrate(databases(6), 3);
    const std::size_t waits = host_.waits;
    ASSERT_GT(waits, 6U);
    for (std::size_t k = 1; k <= waits; ++k) {
        fail_no_more();
        fail("d2", 2, "55P03");
        host_.waits = 0;
        host_.cancel_at = k;
        EXPECT_THROW(migrate(databases(6), 3), test::Cancelled);
        EXPECT_EQ(host_.waits, k);
        EXPECT_EQ(sessions_, 0U);
    }
}

TEST_F(FleetTest, SkipsTheRestAfterTooManyFailures) {
    fleet_order_.max_failures = 2;
    unreachable_ = {"d1", "d3", "d5"};
    migrate(databases(8), 1);
    EXPECT_EQ(opened_, databases(4));
    EXPECT_EQ(finished(), databases(8));
    for (const std::string database : {"d0", "d1", "d2", "d3"}) {
        EXPECT_FALSE(outcome(database).skipped) << database;
    }
    for (const std::string database : {"d4", "d5", "d6", "d7"}) {
        EXPECT_TRUE(outcome(database).skipped) << database;
        EXPECT_FALSE(outcome(database).failure) << database;
        EXPECT_EQ(outcome(database).attempts, 0U) << database;
    }
    EXPECT_EQ(failures_, 2U);
    EXPECT_TRUE(stopped_);
}

TEST_F(FleetTest, FinishesWhatIsUnderWayWhenItStops) {
    fleet_order_.max_failures = 1;
    pauses_["d0"] = 100ms;
    unreachable_ = {"d1"};
    migrate(databases(5), 2);
    EXPECT_EQ(opened_, databases(2));
    EXPECT_EQ(outcome("d0").result.after, Heads{"003"});
    EXPECT_FALSE(outcome("d0").skipped);
    EXPECT_TRUE(outcome("d2").skipped);
}

TEST_F(FleetTest, GoesOnWithOneFailureLessThanTooMany) {
    fleet_order_.max_failures = 3;
    unreachable_ = {"d1", "d3"};
    migrate(databases(6), 1);
    EXPECT_EQ(opened_, databases(6));
    EXPECT_FALSE(stopped_);
}

TEST_F(FleetTest, SaysThatItWasARehearsal) {
    order_.rehearse = true;
    migrate(databases(2), 1);
    EXPECT_TRUE(outcome("d0").rehearsed);
    EXPECT_TRUE(outcome("d1").rehearsed);
    EXPECT_EQ(outcome("d1").result.steps, 1U);
}

}  // namespace
}  // namespace mad
