// What the queue asks of its session: jobs taken, done one after the other, and recorded.
#include "engine/queue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/engine/fake_host.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;

Row job(const std::string& number, const std::string& kind, Cell organization = {},
        Cell database = {}) {
    return {number, kind, "re'sults", std::move(organization), std::move(database), "production"};
}

class QueueTest : public testing::Test {
 protected:
    QueueTest() { session_.when("min(due_at)", {test::rows({{std::nullopt}})}); }

    void takes(std::vector<Rows> works) {
        std::vector<test::Answer> answers;
        for (Rows& work : works) answers.push_back(test::rows(std::move(work)));
        answers.push_back(test::rows({}));
        session_.when("RETURNING j.job", answers);
    }
    Drained drain_with(QueueOrder order) {
        return reactor_.complete(drain(session_, host_, order));
    }
    Drained drain_all() { return drain_with({}); }
    std::size_t count_of(const std::string& text) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            session_.asked,
            [&](const std::string& sql) { return sql.find(text) != std::string::npos; }));
    }
    const std::string& asked_with(const std::string& text) const {
        return *std::ranges::find_if(session_.asked, [&](const std::string& sql) {
            return sql.find(text) != std::string::npos;
        });
    }

    test::FakeHost host_;
    Reactor reactor_{host_};
    test::ScriptedExecutor session_;
};

TEST_F(QueueTest, TakesBackWhatSomebodyLeftBeforeItTakesAnything) {
    EXPECT_EQ(drain_all().done, 0U);
    EXPECT_NE(session_.asked.front().find("WHERE state = 'running'"), std::string::npos);
    EXPECT_NE(session_.asked.front().find("attempts < 10"), std::string::npos);
    EXPECT_EQ(count_of("RETURNING j.job"), 1U);
}

TEST_F(QueueTest, LanesTakeTheirOwnKinds) {
    drain_with({.lane = Lane::provisioning});
    EXPECT_EQ(count_of("ARRAY['provision','drop','refill']"), session_.asked.size());
    session_.asked.clear();
    drain_with({.lane = Lane::upgrades});
    EXPECT_EQ(count_of("ARRAY['upgrade']"), session_.asked.size());
}

TEST_F(QueueTest, DoesEachKindByItsCall) {
    takes({{job("1", "provision", "o'ne")}, {job("2", "refill")}, {job("3", "upgrade")}});
    EXPECT_EQ(drain_all().done, 3U);
    EXPECT_EQ(count_of("SELECT mad_migrate.provision_queued(1)"), 1U);
    EXPECT_EQ(count_of("SELECT mad_migrate.fill_pool('re''sults')"), 1U);
    EXPECT_EQ(count_of("set_config('mad_migrate.environment', 'production', false)"), 1U);
    EXPECT_EQ(count_of("CALL mad_migrate.run_queued_upgrade(3)"), 1U);
    EXPECT_EQ(count_of("SET state = 'done'"), 3U);
    EXPECT_TRUE(host_.said.empty());
}

TEST_F(QueueTest, SeveralRefillsAreOne) {
    takes({{job("4", "refill"), job("7", "refill")}});
    EXPECT_EQ(drain_all().done, 2U);
    EXPECT_EQ(count_of("mad_migrate.fill_pool"), 1U);
    EXPECT_NE(asked_with("SET state = 'done'").find("job IN (4, 7)"), std::string::npos);
}

TEST_F(QueueTest, RecordsAFailureAndGoesOn) {
    takes({{job("1", "provision", "a")}, {job("2", "provision", "b")}});
    session_.when("provision_queued(1)", {test::failing("53100")});
    session_.when("RETURNING state", {test::rows({{"queued"}})});
    EXPECT_EQ(drain_all().done, 1U);
    const std::string& record = asked_with("RETURNING state");
    EXPECT_NE(record.find("sqlstate = '53100', message = 'no', detail = NULL"), std::string::npos)
        << record;
    EXPECT_NE(record.find("job IN (1)"), std::string::npos);
    ASSERT_EQ(host_.said.size(), 1U);
    EXPECT_EQ(host_.said[0].message,
              "job 1 (provision of organization \"a\" of branch \"re'sults\") failed: no (53100)");
}

TEST_F(QueueTest, SaysThatAJobIsGivenUp) {
    takes({{job("1", "refill")}});
    session_.when("fill_pool", {test::failing("53100")});
    session_.when("RETURNING state", {test::rows({{"dead"}})});
    drain_with({.attempts = 3});
    EXPECT_NE(asked_with("RETURNING state").find("attempts < 3"), std::string::npos);
    ASSERT_EQ(host_.said.size(), 1U);
    EXPECT_NE(host_.said[0].message.find("failed and is given up"), std::string::npos);
    EXPECT_EQ(host_.said[0].hint, "Mend the cause and run SELECT mad_migrate.retry(1).");
}

TEST_F(QueueTest, TheLossOfTheSessionIsTheCallers) {
    takes({{job("1", "refill")}});
    session_.when("fill_pool", {test::failing("08006")});
    session_.when("RETURNING state", {test::failing("08006")});
    EXPECT_THROW(drain_all(), Failure);
    EXPECT_EQ(session_.in_flight, 0);
}

TEST_F(QueueTest, TellsWhenTheNextIsDue) {
    test::ScriptedExecutor session;
    session.when("min(due_at)", {test::rows({{"1500"}})});
    EXPECT_EQ(reactor_.complete(drain(session, host_, {})).next, 1500ms);
}

TEST_F(QueueTest, DoesNotSpinOnWhatIsDueAndLocked) {
    test::ScriptedExecutor session;
    session.when("min(due_at)", {test::rows({{"-5"}})});
    EXPECT_EQ(reactor_.complete(drain(session, host_, {})).next, 100ms);
    EXPECT_EQ(session.asked.size(), 4U);
}

TEST_F(QueueTest, NoNextWhereNoneIsLeft) {
    EXPECT_FALSE(drain_all().next);
}

TEST_F(QueueTest, WhoHoldsASnapshotLeavesUpgradesOfTheControlDatabase) {
    drain_with({.lane = Lane::upgrades});
    EXPECT_EQ(count_of("b.template IS NULL"), 0U);
    drain_with({.lane = Lane::upgrades, .holds_snapshot = true});
    EXPECT_EQ(count_of("b.template IS NULL"), 2U);
}

TEST(QueueIsGone, WhereItsTablesAre) {
    for (const char* code : {"42P01", "3F000", "42883"}) {
        EXPECT_TRUE(is_gone(Failure(Report{.sqlstate = code,
                                           .message = {},
                                           .detail = {},
                                           .hint = {},
                                           .context = {},
                                           .place = {},
                                           .completed_statements = {}})));
    }
    EXPECT_FALSE(is_gone(Failure(Code::connection_failed, "lost")));
}

}  // namespace
}  // namespace mad
