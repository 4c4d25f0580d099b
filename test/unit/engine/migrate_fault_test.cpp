// Every call of a migration failing in turn, and every wait of it cancelled in turn.
#include "engine/migrate.hpp"

#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/migration.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::Attempt;
using test::Calls;
using test::failing;
using test::failure_of;
using test::outside;
using test::within;

Failure disk_full() {
    return Failure(Report{.sqlstate = "53100",
                          .message = "disk full",
                          .detail = {},
                          .hint = {},
                          .context = {},
                          .place = {},
                          .completed_statements = {}});
}

/// What of the calls that came through makes a step a recorded one.
std::size_t count_recorded(const Attempt& attempt) {
    return static_cast<std::size_t>(
        std::ranges::count_if(attempt.database.answered, [](const std::string& call) {
            return call.find("record_step(") != std::string::npos ||
                   call.find("finish_partial_step(") != std::string::npos;
        }));
}

class MigrateFaultTest : public test::MigrationTest {
 protected:
    using Make = std::function<std::unique_ptr<Attempt>()>;
    static constexpr const char* forgets_statement =
        " | UPDATE mad_migrate.history SET statement_started = NULL WHERE id = 42 AND finished_at "
        "IS NULL";

    MigrateFaultTest() {
        scripts_.put("002", Direction::upgrade,
                     {outside("CREATE INDEX CONCURRENTLY i"), within("INSERT")});
    }

    /// The heads after so many steps of an upgrade that starts with 001 applied.
    static Heads heads_after(std::size_t steps) {
        return {std::vector<std::string>{"001", "002", "003"}.at(steps)};
    }

    Calls undisturbed(const Make& make) {
        const auto attempt = make();
        migrate(*attempt);
        return attempt->calls();
    }

    /// Which are published then, as they are after the last step.
    static bool leaves_steps_behind(const Attempt& attempt) {
        return attempt.result.steps > 0 && !attempt.database.owns_transactions();
    }

    void fail_each_call_in_turn(const Make& make) {
        const Calls calls = undisturbed(make);
        for (std::size_t k = 1; k <= calls.size(); ++k) {
            SCOPED_TRACE(calls[k - 1]);
            const auto attempt = make();
            attempt->database.fail_at(k, disk_full());
            EXPECT_EQ(failure_of([&] { migrate(*attempt); }).message, "disk full");
            Calls expected(calls.begin(), calls.begin() + std::ptrdiff_t(k));
            if (calls[k - 1].starts_with("CREATE INDEX CONCURRENTLY")) {
                expected.push_back(forgets_statement);
            }
            if (leaves_steps_behind(*attempt) && k < calls.size()) expected.push_back(calls.back());
            EXPECT_EQ(attempt->calls(), expected);
            EXPECT_EQ(attempt->result.steps, count_recorded(*attempt));
            const bool has_looked = k > 2;
            if (has_looked) {
                EXPECT_EQ(attempt->result.before, Heads{"001"});
                EXPECT_EQ(attempt->result.after, heads_after(attempt->result.steps));
            }
        }
    }

    /// The context of the failure when the call that holds `text` fails.
    std::string context_when_failing(const std::string& text) {
        Attempt attempt(test::Seen{.heads = "001"});
        const Calls calls =
            undisturbed([] { return std::make_unique<Attempt>(test::Seen{.heads = "001"}); });
        const auto found = std::ranges::find_if(
            calls, [&](const std::string& call) { return call.find(text) != std::string::npos; });
        EXPECT_NE(found, calls.end()) << text;
        attempt.database.fail_at(static_cast<std::size_t>(found - calls.begin()) + 1, disk_full());
        return failure_of([&] { migrate(attempt); }).context;
    }
};

TEST_F(MigrateFaultTest, CountsTheStepsThatWereRecorded) {
    fail_each_call_in_turn([] { return std::make_unique<Attempt>(test::Seen{.heads = "001"}); });
}

TEST_F(MigrateFaultTest, CountsTheStepsOfTheCallersTransaction) {
    scripts_.put("002", Direction::upgrade, {within("INSERT")});
    fail_each_call_in_turn(
        [] { return std::make_unique<Attempt>(test::Seen{.heads = "001"}, false); });
}

TEST_F(MigrateFaultTest, PublishesWhatAFailureLeavesInTheCallersTransaction) {
    scripts_.put("002", Direction::upgrade, {within("INSERT")});
    for (const bool owns_transactions : {true, false}) {
        Attempt attempt(test::Seen{.heads = "001"}, owns_transactions);
        attempt.database.when("CREATE TABLE t003", {failing("42P07")});
        EXPECT_EQ(failure_of([&] { migrate(attempt); }).sqlstate, "42P07");
        EXPECT_EQ(attempt.result.after, Heads{"002"});
        EXPECT_EQ(attempt.calls().back() == " | publish_heads('results')", !owns_transactions);
    }
}

TEST_F(MigrateFaultTest, PublishesNothingWhereTheFirstStepFailed) {
    scripts_.put("002", Direction::upgrade, {within("INSERT")});
    Attempt attempt(test::Seen{.heads = "001"}, false);
    attempt.database.when("INSERT", {failing("23505")});
    EXPECT_EQ(failure_of([&] { migrate(attempt); }).sqlstate, "23505");
    EXPECT_EQ(attempt.calls().size(), 3U);
}

TEST_F(MigrateFaultTest, CountsTheStepsBehindAResumedOne) {
    const UnfinishedStep unfinished{.id = 7,
                                    .revision = "002",
                                    .direction = Direction::upgrade,
                                    .checksum = "sum 002",
                                    .statements_done = 1};
    fail_each_call_in_turn([&] {
        return std::make_unique<Attempt>(test::Seen{.heads = "001", .unfinished = unfinished});
    });
}

TEST_F(MigrateFaultTest, CountsTheStepsOfAStamp) {
    order(Direction::stamp, "002");
    const UnfinishedStep unfinished{.revision = "002", .checksum = {}};
    fail_each_call_in_turn([&] {
        return std::make_unique<Attempt>(test::Seen{.heads = "001", .unfinished = unfinished});
    });
}

TEST_F(MigrateFaultTest, SaysWhichStepFailed) {
    EXPECT_EQ(context_when_failing("CREATE TABLE t003"),
              "upgrade of revision \"003\", branch \"results\", database \"mad_results_1\"");
}

TEST_F(MigrateFaultTest, SaysWhichStatementFailed) {
    EXPECT_EQ(context_when_failing("CREATE INDEX CONCURRENTLY i"),
              "statement 1 of 2, line 5 of script \"002.sql\": CREATE INDEX CONCURRENTLY i\n"
              "upgrade of revision \"002\", branch \"results\", database \"mad_results_1\"");
    EXPECT_EQ(context_when_failing("INSERT"),
              "statement 2 of 2, line 6 of script \"002.sql\": INSERT\n"
              "upgrade of revision \"002\", branch \"results\", database \"mad_results_1\"");
}

TEST_F(MigrateFaultTest, BlamesNoStatementForTheRecordOfIt) {
    for (const std::string record : {"begin_partial_step(", "record_statement(42, 1, false)",
                                     "record_statement(42, 1, true)", "finish_partial_step("}) {
        EXPECT_EQ(context_when_failing(record),
                  "upgrade of revision \"002\", branch \"results\", database \"mad_results_1\"");
    }
}

TEST_F(MigrateFaultTest, FindsTheStatementOfABatch) {
    scripts_.put("003", Direction::upgrade, {within("CREATE TABLE t ()"), within("SELECT 1/0")});
    Attempt attempt(test::Seen{.heads = "002"});
    attempt.database.fail_at(3, Failure(Report{.sqlstate = "22012",
                                               .message = "division by zero",
                                               .detail = {},
                                               .hint = {},
                                               .context = "deep inside",
                                               .place = {},
                                               .completed_statements = 1}));
    const Report report = failure_of([&] { migrate(attempt); });
    EXPECT_EQ(report.sqlstate, "22012");
    EXPECT_EQ(report.context,
              "deep inside\n"
              "statement 2 of 2, line 6 of script \"003.sql\": SELECT 1/0\n"
              "upgrade of revision \"003\", branch \"results\", database \"mad_results_1\"");
}

TEST_F(MigrateFaultTest, DoesTheSameWithAnExecutorThatSuspends) {
    const auto make = [] { return std::make_unique<Attempt>(test::Seen{.heads = "001"}); };
    Attempt slow(test::Seen{.heads = "001"});
    slow.database.suspend(slow.reactor, 1ms);
    migrate(slow);
    EXPECT_EQ(slow.calls(), undisturbed(make));
    EXPECT_EQ(slow.result.after, Heads{"003"});
    EXPECT_EQ(slow.host.waits, slow.calls().size());
}

TEST_F(MigrateFaultTest, PassesACancelOnFromEachWait) {
    const auto make = [] {
        auto attempt = std::make_unique<Attempt>(std::initializer_list<test::Sight>{
            test::sight({.locked = false}), test::sight({.heads = "001"})});
        attempt->database.suspend(attempt->reactor, 1ms);
        return attempt;
    };
    const auto undisturbed_attempt = make();
    migrate(*undisturbed_attempt);
    const std::size_t waits = undisturbed_attempt->host.waits;
    ASSERT_EQ(waits, undisturbed_attempt->calls().size() + 1);
    for (std::size_t k = 1; k <= waits; ++k) {
        const auto attempt = make();
        attempt->host.cancel_at = k;
        EXPECT_THROW(migrate(*attempt), test::Cancelled);
        EXPECT_EQ(attempt->host.waits, k);
        EXPECT_EQ(attempt->database.in_flight, 0);
        EXPECT_EQ(attempt->result.steps, count_recorded(*attempt));
    }
}

}  // namespace
}  // namespace mad
