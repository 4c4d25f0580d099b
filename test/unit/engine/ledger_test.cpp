// The statements that keep the ledger.
#include "engine/ledger.hpp"

#include <gtest/gtest.h>

#include "support/engine/fake_host.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;

Failure failure_with(const std::string& detail) {
    Report report;
    report.sqlstate = "42P01";
    report.message = "it's gone";
    report.detail = detail;
    return Failure(std::move(report));
}

class LedgerTest : public testing::Test {
 protected:
    LedgerTest() {
        session_.when("run_entry AS entry", {test::rows({{"7", "t"}})});
        reactor_.complete(ledger_.begin(3));
    }
    void write() { reactor_.complete(ledger_.write()); }
    const std::string& last() const { return session_.asked.back(); }
    static bool holds(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    test::FakeHost host_;
    Reactor reactor_{host_};
    test::ScriptedExecutor session_;
    Ledger ledger_{session_,
                   {.branch = "re'sults",
                    .direction = Direction::downgrade,
                    .target = "-1",
                    .environment = "test",
                    .started_by = "me",
                    .jobs = 5,
                    .dry_run = true}};
};

TEST_F(LedgerTest, BeginsARunAndHoldsIt) {
    EXPECT_EQ(ledger_.number(), 7);
    EXPECT_TRUE(
        holds(last(), "('re''sults', 'downgrade', '-1', 'test', 'me', 5, true, 3, DEFAULT)"))
        << last();
    EXPECT_TRUE(holds(last(), "mad_migrate.hold_run(run)"));
}

TEST_F(LedgerTest, WritesNothingWithoutNews) {
    EXPECT_FALSE(ledger_.has_news());
    write();
    EXPECT_EQ(session_.asked.size(), 1U);
}

TEST_F(LedgerTest, WritesTheLatestOfEachDatabaseInOneMessage) {
    ledger_.starts("a");
    ledger_.starts("b");
    ledger_.finishes({.database = "a",
                      .result = {{"002"}, {"001", "x"}, 1, true, {}},
                      .failure = {},
                      .attempts = 2,
                      .duration = 1500ms});
    EXPECT_TRUE(ledger_.has_news());
    write();
    EXPECT_FALSE(ledger_.has_news());
    ASSERT_EQ(session_.asked.size(), 2U);
    EXPECT_TRUE(holds(last(), "(7, 'a', 'downgraded', ")) << last();
    EXPECT_TRUE(holds(last(),
                      "make_interval(secs => 1.5), pg_catalog.clock_timestamp(), 2, "
                      "ARRAY['002']::pg_catalog.text[], "
                      "ARRAY['001','x']::pg_catalog.text[], 1, NULL, NULL, "))
        << last();
    EXPECT_FALSE(holds(last(), "(7, 'a', 'running'"));
    EXPECT_TRUE(holds(last(), "(7, 'b', 'running'"));
    write();
    EXPECT_EQ(session_.asked.size(), 2U) << "nothing is written twice";
}

TEST_F(LedgerTest, WritesWhatWentWrongQuoted) {
    ledger_.finishes({.database = "d'", .result = {}, .failure = failure_with("x\\'y")});
    write();
    EXPECT_TRUE(holds(last(), "(7, 'd''', 'failed', ")) << last();
    EXPECT_TRUE(holds(last(), "0, NULL, NULL, 0, NULL, '42P01', 'it''s gone', ")) << last();
    EXPECT_TRUE(holds(last(), " E'x\\\\''y', NULL, NULL)")) << last();
}

TEST_F(LedgerTest, NotifiesOfAllEventsInOneStatementBeforeItsRows) {
    ledger_.announce({.name = "before_revision", .database = "a'", .revision = "002"});
    ledger_.announce({.name = "on_failure", .error = failure_with("").report()});
    ledger_.starts("a");
    write();
    ASSERT_EQ(session_.asked.size(), 2U);
    EXPECT_EQ(last().rfind("SELECT pg_catalog.pg_notify('mad_migrate', ", 0), 0U) << last();
    EXPECT_TRUE(holds(last(), "'run', 7, 'branch', 're''sults', 'direction', 'downgrade'"));
    EXPECT_TRUE(holds(last(),
                      "(VALUES ('before_revision', 'a''', NULL, '002', NULL, NULL, NULL, NULL), "
                      "('on_failure', NULL, NULL, NULL, NULL, '42P01', 'it''s gone', NULL))"))
        << last();
    EXPECT_TRUE(holds(last(), "'a', 'running'"));
    write();
    EXPECT_EQ(session_.asked.size(), 2U) << "nothing is told twice";
}

TEST_F(LedgerTest, EndsWithTheNewsThatAreLeft) {
    ledger_.starts("a");
    reactor_.complete(ledger_.end("stopped", 9));
    ASSERT_EQ(session_.asked.size(), 2U);
    EXPECT_TRUE(holds(last(), "'a', 'running'"));
    EXPECT_TRUE(holds(last(), "SET status = 'stopped', databases = 9,")) << last();
    EXPECT_TRUE(holds(last(), "WHERE run = 7"));
}

TEST_F(LedgerTest, ReadsWhoBlocksWhom) {
    session_.when("pg_blocking_pids", {test::rows({{"11", "process 3"}, {"12", Cell()}})});
    const auto blockers = reactor_.complete(ledger_.blockers_of({11, 12, 13}));
    EXPECT_EQ(blockers, (std::map<int, std::string>{{11, "process 3"}, {12, ""}}));
    EXPECT_TRUE(holds(last(), "ARRAY[11, 12, 13]")) << last();
}

TEST(StatusOfADatabase, SaysWhatBecameOfIt) {
    const auto status = [](const DatabaseOutcome& outcome, Direction direction) {
        return status_of(outcome, direction);
    };
    DatabaseOutcome outcome{.database = "d", .result = {}, .failure = {}};
    EXPECT_EQ(status(outcome, Direction::upgrade), "up to date");
    outcome.result.steps = 1;
    EXPECT_EQ(status(outcome, Direction::upgrade), "upgraded");
    EXPECT_EQ(status(outcome, Direction::downgrade), "downgraded");
    EXPECT_EQ(status(outcome, Direction::stamp), "stamped");
    outcome.rehearsed = true;
    EXPECT_EQ(status(outcome, Direction::upgrade), "rehearsed");
    outcome.result.unrehearsed = "003";
    EXPECT_EQ(status(outcome, Direction::upgrade), "rehearsed");
    outcome.result.steps = 0;
    EXPECT_EQ(status(outcome, Direction::upgrade), "not rehearsed");
    outcome.failure = failure_with("");
    EXPECT_EQ(status(outcome, Direction::upgrade), "failed");
    outcome.result.standstill = "statement 2 of 3";
    EXPECT_EQ(status(outcome, Direction::upgrade), "partial");
    outcome.skipped = true;
    EXPECT_EQ(status(outcome, Direction::upgrade), "skipped");
}

}  // namespace
}  // namespace mad
