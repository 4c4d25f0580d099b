// Waiting for another migration of the same database and branch.
#include "engine/migrate.hpp"

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/migration.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::Attempt;
using test::Calls;
using test::failure_of;
using test::sight;
using Pauses = std::vector<std::chrono::milliseconds>;

class MigrateLockTest : public test::MigrationTest {
 protected:
    static constexpr std::string_view holder_mark = "pg_stat_activity";

    static test::Seen busy() { return {.locked = false, .heads = "001"}; }
    static void hold(Attempt& attempt) {
        attempt.database.when(holder_mark, {test::rows({{"It is held by process 17."}})});
    }
    static std::size_t count_holder_queries(const Attempt& attempt) {
        return static_cast<std::size_t>(std::ranges::count_if(
            attempt.database.asked,
            [](const std::string& call) { return call.find(holder_mark) != std::string::npos; }));
    }
};

TEST_F(MigrateLockTest, LooksAgainAndPlansFromWhatIsThereThen) {
    Attempt attempt({sight(busy()), sight(busy()), sight(busy()), sight({.heads = "002"})});
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "lock", "lock", "lock", "look",
               "CREATE TABLE t003 (); | "
               "record_step('results', '003', 'upgrade', 'sum 003', ['002'], ['003'], true)"}));
    EXPECT_EQ(attempt.host.waited, (Pauses{10ms, 20ms, 40ms}));
    EXPECT_EQ(attempt.result.before, Heads{"002"});
}

TEST_F(MigrateLockTest, GivesUpAtTheDeadlineAndNamesTheHolder) {
    Attempt attempt(busy());
    hold(attempt);
    order_.lock_patience = 1000ms;
    const Report report = failure_of([&] { migrate(attempt); });
    EXPECT_EQ(report.sqlstate, "MM017");
    EXPECT_EQ(report.message,
              "branch \"results\" of database \"mad_results_1\" is being migrated by another "
              "session");
    EXPECT_EQ(report.detail, "It is held by process 17.");
    EXPECT_EQ(report.hint,
              "Wait for it and run the call again, or raise mad_migrate.lock_timeout.");
    EXPECT_EQ(attempt.host.waited, (Pauses{10ms, 20ms, 40ms, 80ms, 160ms, 250ms, 250ms, 190ms}));
    EXPECT_EQ(attempt.calls().size(), 10U);
    EXPECT_EQ(count_holder_queries(attempt), 1U);
    EXPECT_EQ(attempt.result.steps, 0U);
}

TEST_F(MigrateLockTest, TakesALockThatIsFreeAtTheDeadline) {
    Attempt attempt({sight(busy()), sight(busy()), sight({.heads = "003", .published = "003"})});
    order_.lock_patience = 15ms;
    migrate(attempt);
    EXPECT_EQ(attempt.host.waited, (Pauses{10ms, 5ms}));
    EXPECT_EQ(count_holder_queries(attempt), 0U);
}

TEST_F(MigrateLockTest, TriesOnceWithoutPatience) {
    Attempt attempt(busy());
    hold(attempt);
    order_.lock_patience = 0ms;
    EXPECT_EQ(failure_of([&] { migrate(attempt); }).sqlstate, "MM017");
    EXPECT_EQ(attempt.calls().size(), 2U);
    EXPECT_EQ(attempt.host.waits, 0U);
}

TEST_F(MigrateLockTest, FailsAsWellWhenTheHolderIsGone) {
    Attempt attempt(busy());
    order_.lock_patience = 0ms;
    EXPECT_EQ(failure_of([&] { migrate(attempt); }).detail, "It was released a moment ago.");
}

TEST_F(MigrateLockTest, PassesOnAFailureWhileItWaits) {
    for (const std::size_t failing_call : {2U, 3U}) {
        Attempt attempt({sight(busy()), sight(busy())});
        hold(attempt);
        attempt.database.fail_at(failing_call, Failure(Code::connection_failed, "lost"));
        order_.lock_patience = 10ms;
        EXPECT_EQ(failure_of([&] { migrate(attempt); }).message, "lost");
        EXPECT_EQ(attempt.calls().size(), failing_call);
        EXPECT_EQ(count_holder_queries(attempt), failing_call == 3 ? 1U : 0U);
    }
}

TEST_F(MigrateLockTest, CountsTheTimeItsQueriesTake) {
    Attempt attempt(busy());
    hold(attempt);
    attempt.database.suspend(attempt.reactor, 400ms);
    order_.lock_patience = 1000ms;
    EXPECT_EQ(failure_of([&] { migrate(attempt); }).sqlstate, "MM017");
    EXPECT_EQ(attempt.host.waited, (Pauses{400ms, 10ms, 400ms, 20ms, 400ms, 400ms}));
}

}  // namespace
}  // namespace mad
