// Scripts with statements that cannot run in a transaction: statement by statement, and resumed.
#include "engine/migrate.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/migration.hpp"

namespace mad {
namespace {

using test::Attempt;
using test::Calls;
using test::failure_of;
using test::outside;
using test::rows;
using test::within;

class MigratePartialTest : public test::MigrationTest {
 protected:
    MigratePartialTest() {
        scripts_.put("002", Direction::upgrade,
                     {outside("CREATE INDEX CONCURRENTLY i ON t001 (x)"), within("INSERT"),
                      outside("VACUUM t001")});
        scripts_.put("002", Direction::downgrade, {outside("DROP INDEX CONCURRENTLY i")});
        order(Direction::upgrade, "002");
    }

    /// An upgrade to 002 that came to an end after `done` statements.
    static test::Seen half_way(std::size_t done) {
        return {.heads = "001",
                .published = "001",
                .unfinished = UnfinishedStep{.id = 7,
                                             .revision = "002",
                                             .direction = Direction::upgrade,
                                             .checksum = "sum 002",
                                             .statements_done = done}};
    }
};

TEST_F(MigratePartialTest, RecordsTheIntentAndTheEndOfEachStatement) {
    Attempt attempt(test::Seen{.heads = "001"});
    migrate(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look",
                     " | begin_partial_step('results', '002', 'upgrade', 'sum 002', 3, NULL)",
                     " | record_statement(42, 1, false)", "CREATE INDEX CONCURRENTLY i ON t001 (x)",
                     " | record_statement(42, 1, true)", "INSERT | record_statement(42, 2, true)",
                     " | record_statement(42, 3, false)", "VACUUM t001",
                     " | record_statement(42, 3, true)",
                     " | finish_partial_step(42, ['001'], ['002'], true)"}));
    EXPECT_EQ(attempt.result.after, Heads{"002"});
    EXPECT_EQ(attempt.result.steps, 1U);
}

TEST_F(MigratePartialTest, RefusesTheCallersTransactionBeforeAnythingRan) {
    Attempt attempt(test::Seen{}, false);
    const Report report = failure_of([&] { migrate(attempt); });
    EXPECT_EQ(report.sqlstate, "25001");
    EXPECT_EQ(report.message, "revision \"002\" cannot run inside a transaction block");
    EXPECT_EQ(report.detail, "Script \"002.sql\", line 5: CREATE INDEX CONCURRENTLY i ON t001 (x)");
    EXPECT_EQ(report.hint,
              "Use CALL mad_migrate.run_upgrade('results', '002') outside a transaction block.");
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
    EXPECT_EQ(attempt.result.steps, 0U);
}

TEST_F(MigratePartialTest, HintsAtTheSameCallOutsideATransaction) {
    Attempt attempt(test::Seen{.heads = "003"}, false);
    order(Direction::downgrade, "002-1");
    EXPECT_EQ(
        failure_of([&] { migrate(attempt); }).hint,
        "Use CALL mad_migrate.run_downgrade('results', '002-1') outside a transaction block.");
}

TEST_F(MigratePartialTest, StampsInTheCallersTransactionWhateverTheScripts) {
    Attempt attempt(test::Seen{}, false);
    order(Direction::stamp, "002");
    migrate(attempt);
    EXPECT_EQ(attempt.result.after, Heads{"002"});
}

TEST_F(MigratePartialTest, ResumesAtTheFirstStatementThatIsNotDone) {
    Attempt attempt(half_way(1));
    migrate(attempt);
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look", "INSERT | record_statement(7, 2, true)",
                                      " | record_statement(7, 3, false)", "VACUUM t001",
                                      " | record_statement(7, 3, true)",
                                      " | finish_partial_step(7, ['001'], ['002'], true)"}));
    EXPECT_EQ(attempt.result.steps, 1U);
}

TEST_F(MigratePartialTest, DropsTheInvalidIndexThatTheFailedBuildLeft) {
    Statement build = outside("CREATE INDEX CONCURRENTLY i ON \"T\" (x)");
    build.builds = IndexBuild{.table = "\"T\"", .index = "i"};
    scripts_.put("002", Direction::upgrade, {within("INSERT"), build});
    Attempt attempt(half_way(1));
    attempt.database.when("i.indisvalid", {rows({{"public.i", "f"}})});
    migrate(attempt);
    const Calls calls = attempt.calls();
    ASSERT_GE(calls.size(), 6U);
    EXPECT_NE(calls[2].find("to_regclass('\"T\"')::"), std::string::npos);
    EXPECT_EQ((Calls{calls.begin() + 3, calls.begin() + 6}),
              (Calls{"DROP INDEX CONCURRENTLY public.i", " | record_statement(7, 2, false)",
                     "CREATE INDEX CONCURRENTLY i ON \"T\" (x)"}));
}

TEST_F(MigratePartialTest, TakesAnIndexForBuiltOnlyWhereItsBuildWasBegun) {
    for (const bool was_begun : {true, false}) {
        Statement build = outside("CREATE INDEX CONCURRENTLY i ON t (x)");
        build.builds = IndexBuild{.table = "t", .index = "i"};
        scripts_.put("002", Direction::upgrade, {within("INSERT"), build});
        UnfinishedStep unfinished = *half_way(1).unfinished;
        unfinished.outcome_unknown = was_begun;
        Attempt attempt(test::Seen{.heads = "001", .unfinished = unfinished});
        attempt.database.when("i.indisvalid", {rows({{"public.i", "t"}})});
        migrate(attempt);
        EXPECT_EQ(std::ranges::count(attempt.calls(), "CREATE INDEX CONCURRENTLY i ON t (x)"),
                  was_begun ? 0 : 1);
        EXPECT_EQ(std::ranges::count(attempt.calls(), " | record_statement(7, 2, true)"), 1);
        EXPECT_EQ(attempt.result.steps, 1U);
    }
}

TEST_F(MigratePartialTest, RepeatsNoStatementThatMayHaveBeenDone) {
    for (const bool repeatable : {true, false}) {
        Statement statement = outside("CALL work()");
        statement.repeatable = repeatable;
        scripts_.put("002", Direction::upgrade, {within("INSERT"), statement});
        UnfinishedStep unfinished = *half_way(1).unfinished;
        unfinished.outcome_unknown = true;
        Attempt attempt(test::Seen{.heads = "001", .unfinished = unfinished});
        if (repeatable) {
            migrate(attempt);
        } else {
            const Report report = failure_of([&] { migrate(attempt); });
            EXPECT_EQ(report.sqlstate, "MM018");
            EXPECT_NE(report.hint.find("mad_migrate.resolve('results', 'mad_results_1', 'done')"),
                      std::string::npos)
                << report.hint;
        }
        EXPECT_EQ(std::ranges::count(attempt.calls(), "CALL work()"), repeatable ? 1 : 0);
    }
}

TEST_F(MigratePartialTest, DropsItWhereTheScriptBeginsAnew) {
    Statement build = outside("CREATE INDEX CONCURRENTLY i ON t (x)");
    build.builds = IndexBuild{.table = "\"t\"", .index = "i"};
    scripts_.put("002", Direction::upgrade, {build});
    Attempt attempt(half_way(0));
    attempt.database.when("i.indisvalid", {rows({{"public.i", "f"}})});
    migrate(attempt);
    EXPECT_EQ(std::ranges::count(attempt.calls(), "DROP INDEX CONCURRENTLY public.i"), 1);
}

TEST_F(MigratePartialTest, LeavesAnIndexAloneThatIsNoLeftover) {
    Statement build = outside("CREATE INDEX CONCURRENTLY i ON t (x)");
    build.builds = IndexBuild{.table = "\"t\"", .index = "i"};
    scripts_.put("002", Direction::upgrade, {build});
    Attempt attempt(test::Seen{.heads = "001"});
    attempt.database.when("i.indisvalid", {rows({{"public.i", "f"}})});
    migrate(attempt);
    EXPECT_EQ(std::ranges::count(attempt.calls(), "DROP INDEX CONCURRENTLY public.i"), 0);
}

TEST_F(MigratePartialTest, OnlyFinishesWhatHasNoStatementsLeft) {
    Attempt attempt(half_way(3));
    migrate(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look", " | finish_partial_step(7, ['001'], ['002'], true)"}));
}

TEST_F(MigratePartialTest, GoesOnBehindAResumedStepWithStepsOfTheirOwn) {
    scripts_.put("003", Direction::upgrade, {outside("REINDEX")});
    order(Direction::upgrade, "head");
    Attempt attempt(half_way(3));
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look", " | finish_partial_step(7, ['001'], ['002'], true)",
               " | begin_partial_step('results', '003', 'upgrade', 'sum 003', 1, NULL)",
               " | record_statement(42, 1, false)", "REINDEX", " | record_statement(42, 1, true)",
               " | finish_partial_step(42, ['002'], ['003'], true)"}));
    EXPECT_EQ(attempt.result.steps, 2U);
}

TEST_F(MigratePartialTest, BeginsAnewWhereNothingIsDone) {
    scripts_.put("002", Direction::upgrade, {outside("REINDEX")}).checksum = "another";
    Attempt attempt(half_way(0));
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look", " | history WHERE branch = 'results' AND finished_at IS NULL",
               " | begin_partial_step('results', '002', 'upgrade', 'another', 1, NULL)",
               " | record_statement(42, 1, false)", "REINDEX", " | record_statement(42, 1, true)",
               " | finish_partial_step(42, ['001'], ['002'], true)"}));
}

TEST_F(MigratePartialTest, ForgetsWhatIsNotDoneOfAScriptThatCanRunInATransactionNow) {
    scripts_.put("002", Direction::upgrade, {within("CREATE INDEX")}).checksum = "another";
    Attempt attempt(half_way(0));
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look", " | history WHERE branch = 'results' AND finished_at IS NULL",
               "CREATE INDEX; | "
               "record_step('results', '002', 'upgrade', 'another', ['001'], ['002'], true)"}));
}

TEST_F(MigratePartialTest, RefusesPlansThatDoNotGoOnWithTheUnfinishedStep) {
    struct Case {
        Direction direction;
        std::string target;
    };
    for (const Case& wrong :
         {Case{Direction::upgrade, "001"}, Case{Direction::downgrade, "base"}}) {
        order(wrong.direction, wrong.target);
        Attempt attempt(half_way(1));
        const Report report = failure_of([&] { migrate(attempt); });
        EXPECT_EQ(report.sqlstate, "MM018");
        EXPECT_EQ(report.message,
                  "revision \"002\" is half-way through its upgrade in database \"mad_results_1\"");
        EXPECT_EQ(report.detail, "Statements done: 1.");
        EXPECT_EQ(report.hint,
                  "Finish it with CALL mad_migrate.run_upgrade('results', '002', databases => "
                  "ARRAY['mad_results_1']), or mend the database by hand and say where it stands "
                  "with mad_migrate.stamp.");
        EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
    }
}

TEST_F(MigratePartialTest, RefusesTheSameRevisionInTheOtherDirection) {
    test::Seen seen = half_way(1);
    seen.heads = "002";
    seen.unfinished->direction = Direction::downgrade;
    for (const std::string_view target : {"002", "003"}) {
        order(Direction::upgrade, target);
        Attempt attempt(seen);
        EXPECT_EQ(failure_of([&] { migrate(attempt); }).hint,
                  "Finish it with CALL mad_migrate.run_downgrade('results', '002-1', databases => "
                  "ARRAY['mad_results_1']), or mend the database by hand and say where it stands "
                  "with mad_migrate.stamp.");
        EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
    }
}

TEST_F(MigratePartialTest, RefusesAScriptEditedWithStatementsDone) {
    scripts_.put("002", Direction::upgrade, {outside("REINDEX"), outside("VACUUM")}).checksum =
        "another";
    Attempt attempt(half_way(1));
    const Report report = failure_of([&] { migrate(attempt); });
    EXPECT_EQ(report.sqlstate, "MM018");
    EXPECT_EQ(report.message,
              "script of revision \"002\" was edited while it is half-way through its upgrade in "
              "database \"mad_results_1\"");
    EXPECT_EQ(attempt.calls(), (Calls{"lock", "look"}));
}

TEST_F(MigratePartialTest, StampForgetsTheUnfinishedStep) {
    order(Direction::stamp, "002");
    Attempt attempt(half_way(2));
    migrate(attempt);
    EXPECT_EQ(attempt.calls(),
              (Calls{"lock", "look",
                     " | record_step('results', '002', 'stamp', NULL, ['001'], ['002'], true)",
                     " | history WHERE branch = 'results' AND finished_at IS NULL"}));
}

TEST_F(MigratePartialTest, StampToWhereItStandsForgetsTheUnfinishedStep) {
    order(Direction::stamp, "001");
    Attempt attempt(half_way(2));
    migrate(attempt);
    EXPECT_EQ(
        attempt.calls(),
        (Calls{"lock", "look", " | history WHERE branch = 'results' AND finished_at IS NULL"}));
    EXPECT_EQ(attempt.result.steps, 0U);
}

}  // namespace
}  // namespace mad
