// Many databases: how many at a time, in which order, and one's failure kept from the others.
#include "engine/fleet.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "support/failure_of.hpp"
#include "support/migration.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::Attempt;
using Names = std::vector<std::string>;

/// A session whose database is at 002, counted while it is open.
class Session final : public Executor {
 public:
    Session(Reactor& reactor, std::chrono::milliseconds pause, std::size_t& open) : open_(open) {
        database.when(std::string(test::look_mark), {test::sight({.heads = "002"})});
        database.suspend(reactor, pause);
        ++open_;
    }
    ~Session() override { --open_; }
    Task<Rows> run(std::string sql) override { return database.run(std::move(sql)); }
    Task<Rows> transact(std::string script, std::string record) override {
        return database.transact(std::move(script), std::move(record));
    }
    bool owns_transactions() const noexcept override { return true; }

    test::ScriptedExecutor database;

 private:
    std::size_t& open_;
};

class FleetTest : public test::MigrationTest {
 protected:
    Task<std::unique_ptr<Executor>> open(std::string database) {
        opened_.push_back(database);
        Reactor::Wait wait = reactor_.sleep_until(host_.now() + 1ms);
        co_await wait;
        if (unreachable_.contains(database)) {
            throw Failure(Code::connection_failed, "cannot connect to " + database);
        }
        const auto pause = pauses_.contains(database) ? pauses_.at(database) : 1ms;
        auto session = std::make_unique<Session>(reactor_, pause, sessions_);
        if (const auto call = failing_calls_.find(database); call != failing_calls_.end()) {
            session->database.fail_at(call->second, Failure(Code::internal, "broke " + database));
        }
        most_sessions_ = std::max(most_sessions_, sessions_);
        co_return session;
    }

    std::vector<DatabaseOutcome> migrate(const Names& databases, std::size_t jobs) {
        const Migrations migrations{reactor_, graph_, scripts_, order_};
        return migrate_all(
            migrations, databases, [this](const std::string& name) { return open(name); }, jobs,
            [this](const DatabaseOutcome& outcome) {
                finished_.push_back(outcome.database);
                opened_when_finished_.push_back(opened_.size());
                sessions_when_finished_.push_back(sessions_);
            });
    }

    static Names databases(std::size_t count) {
        Names names;
        for (std::size_t i = 0; i < count; ++i) names.push_back("d" + std::to_string(i));
        return names;
    }
    static Names names_of(const std::vector<DatabaseOutcome>& outcomes) {
        Names names;
        for (const DatabaseOutcome& outcome : outcomes) names.push_back(outcome.database);
        return names;
    }

    test::FakeHost host_;
    Reactor reactor_{host_};
    std::set<std::string> unreachable_;
    std::map<std::string, std::size_t> failing_calls_;
    std::map<std::string, std::chrono::milliseconds> pauses_;

    std::size_t sessions_ = 0;  // open now
    std::size_t most_sessions_ = 0;
    Names opened_;
    Names finished_;
    std::vector<std::size_t> opened_when_finished_;
    std::vector<std::size_t> sessions_when_finished_;
};

TEST_F(FleetTest, HasNothingToDoForNoDatabases) {
    EXPECT_TRUE(migrate({}, 4).empty());
    EXPECT_TRUE(opened_.empty());
    EXPECT_TRUE(finished_.empty());
}

TEST_F(FleetTest, MigratesOneDatabase) {
    const auto outcomes = migrate({"d"}, 4);
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].database, "d");
    EXPECT_EQ(outcomes[0].result.before, Heads{"002"});
    EXPECT_EQ(outcomes[0].result.after, Heads{"003"});
    EXPECT_EQ(outcomes[0].result.steps, 1U);
    EXPECT_FALSE(outcomes[0].failure);
    EXPECT_EQ(outcomes[0].duration, 3ms);
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
    EXPECT_EQ(most_sessions_, 3U);
}

TEST_F(FleetTest, TakesNoJobsForOne) {
    EXPECT_EQ(names_of(migrate(databases(3), 0)), databases(3));
    EXPECT_EQ(finished_, databases(3));
    EXPECT_EQ(most_sessions_, 1U);
}

TEST_F(FleetTest, FinishesTheFirstBeforeItOpensAnother) {
    pauses_["d0"] = 1000ms;
    migrate(databases(5), 5);
    EXPECT_EQ(finished_.front(), "d0");
    EXPECT_EQ(opened_when_finished_.front(), 1U);
}

TEST_F(FleetTest, KeepsTheOrderItWasGiven) {
    pauses_ = {{"d1", 50ms}, {"d2", 20ms}, {"d3", 30ms}};
    const auto outcomes = migrate(databases(5), 4);
    EXPECT_EQ(names_of(outcomes), databases(5));
    EXPECT_EQ(finished_, (Names{"d0", "d4", "d2", "d3", "d1"}));
    EXPECT_EQ(outcomes[1].duration, 101ms);
    EXPECT_EQ(outcomes[4].duration, 3ms);
}

TEST_F(FleetTest, PutsTheNextInThePlaceOfOneThatFinished) {
    pauses_["d1"] = 1000ms;
    migrate(databases(10), 2);
    EXPECT_EQ(finished_.back(), "d1");
    EXPECT_EQ(opened_, databases(10));
}

TEST_F(FleetTest, ContainsAConnectionThatFails) {
    unreachable_ = {"d0", "d2"};
    const auto outcomes = migrate(databases(4), 2);
    ASSERT_EQ(names_of(outcomes), databases(4));
    for (const DatabaseOutcome& outcome : outcomes) {
        const bool fails = unreachable_.contains(outcome.database);
        EXPECT_EQ(outcome.failure.has_value(), fails);
        EXPECT_EQ(outcome.result.steps, fails ? 0U : 1U);
    }
    EXPECT_STREQ(outcomes[2].failure->what(), "cannot connect to d2");
    EXPECT_EQ(finished_.size(), 4U);
}

TEST_F(FleetTest, ContainsAMigrationThatFails) {
    order(Direction::downgrade, "base");
    failing_calls_ = {{"d0", 1}, {"d2", 3}};
    const auto outcomes = migrate(databases(4), 2);
    ASSERT_EQ(names_of(outcomes), databases(4));
    EXPECT_STREQ(outcomes[0].failure->what(), "broke d0");
    EXPECT_EQ(outcomes[0].result.steps, 0U);
    EXPECT_STREQ(outcomes[2].failure->what(), "broke d2");
    EXPECT_EQ(outcomes[2].result.steps, 1U);
    EXPECT_EQ(outcomes[2].result.after, Heads{"001"});
    for (const std::size_t i : {1U, 3U}) {
        EXPECT_FALSE(outcomes[i].failure);
        EXPECT_EQ(outcomes[i].result.after, Heads{});
    }
    EXPECT_EQ(sessions_, 0U);
}

TEST_F(FleetTest, MigratesAThousandDatabases) {
    for (std::size_t i = 1; i < 1000; ++i) {
        pauses_["d" + std::to_string(i)] = std::chrono::milliseconds(1 + i * 7 % 13);
    }
    for (std::size_t i = 0; i < 1000; i += 10) unreachable_.insert("d" + std::to_string(i));
    const auto outcomes = migrate(databases(1000), 16);
    EXPECT_EQ(names_of(outcomes), databases(1000));
    EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& o) { return o.failure.has_value(); }),
              100);
    EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& o) { return o.result.steps == 1; }),
              900);
    EXPECT_EQ(most_sessions_, 16U);
    EXPECT_EQ(finished_.size(), 1000U);
}

TEST_F(FleetTest, KeepsOneFailureFromAThousandOthers) {
    for (std::size_t i = 1; i < 1000; ++i) {
        pauses_["d" + std::to_string(i)] = std::chrono::milliseconds(1 + i * 7 % 13);
    }
    failing_calls_ = {{"d500", 2}};
    const auto outcomes = migrate(databases(1000), 8);
    EXPECT_EQ(most_sessions_, 8U);
    EXPECT_EQ(sessions_, 0U);
    for (const DatabaseOutcome& outcome : outcomes) {
        const bool fails = outcome.database == "d500";
        EXPECT_EQ(outcome.failure.has_value(), fails) << outcome.database;
        EXPECT_EQ(outcome.result.after, Heads{fails ? "002" : "003"}) << outcome.database;
    }
}

TEST_F(FleetTest, EndsWithACancelAtAnyWait) {
    migrate(databases(6), 3);
    const std::size_t waits = host_.waits;
    ASSERT_GT(waits, 6U);
    for (std::size_t k = 1; k <= waits; ++k) {
        host_.waits = 0;
        host_.cancel_at = k;
        EXPECT_THROW(migrate(databases(6), 3), test::Cancelled);
        EXPECT_EQ(host_.waits, k);
        EXPECT_EQ(sessions_, 0U);
    }
}

}  // namespace
}  // namespace mad
