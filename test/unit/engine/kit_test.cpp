// What the kit's SQL says, and what is made of a database's answers.
#include "engine/kit.hpp"

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/migration.hpp"

namespace mad {
namespace {

using test::Calls;
using test::failing;
using test::failure_of;
using test::look_gives;
using test::rows;
using test::ScriptedExecutor;
using test::Sight;
using test::sight;

class KitTest : public testing::Test {
 protected:
    /// Nothing here suspends.
    template <typename T>
    static T complete(Task<T> task) {
        task.start();
        return task.take();
    }
    Inspection inspect(ScriptedExecutor& database) {
        return complete(lock_and_inspect(database, "results", "CREATE kit"));
    }
    Report refusal(const test::Seen& seen) {
        ScriptedExecutor database;
        look_gives(database, {sight(seen)});
        return failure_of([&] { inspect(database); });
    }
};

TEST_F(KitTest, ReadsWhatTheDatabaseSaysOfItself) {
    ScriptedExecutor database;
    look_gives(database, {sight({.heads = "b,a,B", .published = "B,a", .may_publish = true})});
    const Inspection seen = inspect(database);
    EXPECT_TRUE(seen.locked);
    EXPECT_EQ(seen.heads, (Heads{"B", "a", "b"}));
    EXPECT_EQ(seen.published, "B,a");
    EXPECT_TRUE(seen.may_publish);
    EXPECT_FALSE(seen.unfinished);
    EXPECT_EQ(database.asked.size(), 2U);
}

TEST_F(KitTest, ReadsAnEmptyVersionTable) {
    ScriptedExecutor database;
    look_gives(database, {sight({})});
    const Inspection seen = inspect(database);
    EXPECT_EQ(seen.heads, Heads{});
    EXPECT_EQ(seen.published, "");
}

TEST_F(KitTest, ReadsAnUnfinishedStep) {
    ScriptedExecutor database;
    look_gives(database, {sight({.unfinished = UnfinishedStep{.id = 5'000'000'000,
                                                              .revision = "002",
                                                              .direction = Direction::downgrade,
                                                              .checksum = "sum",
                                                              .statements_done = 12}})});
    const Inspection seen = inspect(database);
    ASSERT_TRUE(seen.unfinished);
    EXPECT_EQ(seen.unfinished->id, 5'000'000'000);
    EXPECT_EQ(seen.unfinished->revision, "002");
    EXPECT_EQ(seen.unfinished->direction, Direction::downgrade);
    EXPECT_EQ(seen.unfinished->checksum, "sum");
    EXPECT_EQ(seen.unfinished->statements_done, 12U);
}

TEST_F(KitTest, LocksForAsLongAsTheWorkLasts) {
    for (const bool owns : {true, false}) {
        ScriptedExecutor database(owns);
        look_gives(database, {sight({})});
        inspect(database);
        const std::string& sql = database.asked.at(0);
        EXPECT_EQ(sql.find("pg_try_advisory_lock(") != std::string::npos, owns);
        EXPECT_EQ(sql.find("pg_try_advisory_xact_lock(") != std::string::npos, !owns);
        EXPECT_NE(sql.find("'mad_migrate:results'"), std::string::npos);
    }
}

TEST_F(KitTest, InstallsAMissingKitAndLooksAgain) {
    ScriptedExecutor database;
    look_gives(database, {Sight::nothing(), sight({.heads = "001"})});
    EXPECT_EQ(inspect(database).heads, Heads{"001"});
    EXPECT_EQ(test::brief(database.asked), (Calls{"lock", "install", "lock", "look"}));
    EXPECT_EQ(database.asked[1], " | " + prepare_sql("results", "CREATE kit"));
}

TEST_F(KitTest, GivesUpOnAKitThatDisappears) {
    ScriptedExecutor database;
    look_gives(database, {Sight::nothing()});
    const Report report = failure_of([&] { inspect(database); });
    EXPECT_EQ(report.sqlstate, "MM016");
    EXPECT_EQ(report.message, "version table of branch \"results\" disappeared");
    EXPECT_EQ(test::brief(database.asked), (Calls{"lock", "install", "lock"}));
}

TEST_F(KitTest, InstallsNothingAfterAFailure) {
    for (const std::string sqlstate : {"42501", "08006", "57014", "42P01", "3F000"}) {
        ScriptedExecutor database;
        look_gives(database, {failing(sqlstate)});
        EXPECT_EQ(failure_of([&] { inspect(database); }).sqlstate, sqlstate);
        EXPECT_EQ(test::brief(database.asked), (Calls{"lock", "look"}));
    }
}

TEST_F(KitTest, PassesOnThatItCannotBeInstalled) {
    ScriptedExecutor database;
    look_gives(database, {Sight::nothing()});
    database.when("create_version_table", {failing("42501")});
    EXPECT_EQ(failure_of([&] { inspect(database); }).sqlstate, "42501");
    EXPECT_EQ(test::brief(database.asked), (Calls{"lock", "install"}));
}

TEST_F(KitTest, RefusesAKitOfAnotherVersion) {
    for (const Cell& kit : {Cell("mad_migrate kit 2.0.0: all of it"), Cell("something else"),
                            Cell(), Cell("mad_migrate kit 1.0.01: all of it")}) {
        const Report report = refusal({.kit = kit});
        EXPECT_EQ(report.sqlstate, "MM025");
        EXPECT_EQ(report.detail, "Schema mad_migrate is commented \"" + kit.value_or("") +
                                     "\", expected was \"mad_migrate kit 1.0.0\".");
    }
}

TEST_F(KitTest, TakesAKitWhoseCommentIsItsVersionAlone) {
    ScriptedExecutor database;
    look_gives(database, {sight({.kit = "mad_migrate kit 1.0.0", .heads = "001"})});
    EXPECT_EQ(inspect(database).heads, Heads{"001"});
}

TEST_F(KitTest, ReadsNothingWhereAnotherHasTheLock) {
    ScriptedExecutor database;
    look_gives(database, {sight({.locked = false, .heads = "001"})});
    EXPECT_FALSE(inspect(database).locked);
    EXPECT_EQ(test::brief(database.asked), Calls{"lock"});
}

TEST_F(KitTest, ReadsNothingItCannotTrust) {
    ScriptedExecutor database;
    database.when(test::lock_mark, {rows({{"t", "table history", "t", "t"}})});
    const Report report = failure_of([&] { inspect(database); });
    EXPECT_EQ(report.sqlstate, "MM019");
    EXPECT_EQ(
        report.detail,
        "Not a table, not owned by the connected role or a superuser, or with triggers, rules "
        "or row security: table history.");
    EXPECT_EQ(test::brief(database.asked), Calls{"lock"});
}

TEST_F(KitTest, DescribesWhoHoldsTheLock) {
    ScriptedExecutor database;
    database.when("pg_locks", {rows({{"It is held by process 17."}, {"Another."}}), rows({})});
    EXPECT_EQ(complete(describe_lock_holder(database, "results")), "It is held by process 17.");
    EXPECT_EQ(complete(describe_lock_holder(database, "results")), "It was released a moment ago.");
    EXPECT_NE(database.asked[0].find("'mad_migrate:results'"), std::string::npos);
}

TEST_F(KitTest, ReadsHeadsWithoutLockOrKit) {
    ScriptedExecutor database;
    database.when("suspect", {rows({{Cell(), "t", "f"}})});
    database.when("string_agg", {rows({{"003,002"}}), rows({{Cell()}}), failing("42501")});
    EXPECT_EQ(complete(read_heads(database, "results")), (Heads{"002", "003"}));
    EXPECT_EQ(complete(read_heads(database, "results")), Heads{});
    EXPECT_EQ(failure_of([&] { complete(read_heads(database, "results")); }).sqlstate, "42501");
    EXPECT_EQ(database.asked[1],
              "SELECT pg_catalog.string_agg(version_num, ',') FROM "
              "mad_migrate.\"alembic_version_results\"");
    EXPECT_EQ(database.asked[0].find("advisory"), std::string::npos);
}

TEST_F(KitTest, ReadsNoTableThatWasNotThereWhenItWasJudged) {
    ScriptedExecutor database;
    database.when("suspect", {rows({{Cell(), "f", "f"}})});
    EXPECT_EQ(complete(read_heads(database, "results")), Heads{});
    EXPECT_EQ(database.asked.size(), 1U);
}

TEST_F(KitTest, ReadsNoHeadsItCannotTrust) {
    ScriptedExecutor database;
    database.when("suspect", {rows({{"schema mad_migrate", "t", "t"}})});
    EXPECT_EQ(failure_of([&] { complete(read_heads(database, "results")); }).sqlstate, "MM019");
    EXPECT_EQ(database.asked.size(), 1U);
}

TEST(KitSql, CallsTheKitsFunctions) {
    const Step step{"it's", Direction::upgrade, {.deletes = {"a", "b"}, .inserts = {"it's"}}};
    EXPECT_EQ(record_step_sql("results", step, "sum", std::nullopt, true),
              "SELECT mad_migrate.record_step('results', 'it''s', 'upgrade', 'sum', "
              "ARRAY['a','b']::pg_catalog.text[], ARRAY['it''s']::pg_catalog.text[], "
              "pg_catalog.transaction_timestamp(), NULL, true)");
    EXPECT_EQ(record_step_sql("results", {"", Direction::stamp, {}}, "", 12, false),
              "SELECT mad_migrate.record_step('results', '', 'stamp', NULL, "
              "ARRAY[]::pg_catalog.text[], ARRAY[]::pg_catalog.text[], "
              "pg_catalog.transaction_timestamp(), 12, false)");
    EXPECT_EQ(publish_heads_sql("results"), "SELECT mad_migrate.publish_heads('results')");
    EXPECT_EQ(forget_unfinished_sql("results"),
              "DELETE FROM mad_migrate.history WHERE branch = 'results' AND finished_at IS NULL");
    EXPECT_EQ(begin_partial_step_sql("results", step, "sum", 3, 12),
              "SELECT mad_migrate.begin_partial_step('results', 'it''s', 'upgrade', 'sum', 3, 12)");
    EXPECT_EQ(record_statement_sql(7, 2, false),
              "SELECT mad_migrate.record_statement(7, 2, false)");
    EXPECT_EQ(finish_partial_step_sql(7, step.rows),
              "SELECT mad_migrate.finish_partial_step(7, ARRAY['a','b']::pg_catalog.text[], "
              "ARRAY['it''s']::pg_catalog.text[], true)");
}

TEST(KitSql, InstallsBehindALockAndOnlyWhatIsMissing) {
    const std::string sql = prepare_sql("results", "SELECT 'kit'");
    const std::vector<std::string_view> in_order{
        "DO '",
        "pg_try_advisory_xact_lock(pg_catalog.hashtextextended(''mad_migrate:results''",
        "pg_try_advisory_xact_lock(pg_catalog.hashtextextended(''mad_migrate''",
        "to_regnamespace(''mad_migrate'') IS NULL",
        "CREATE SCHEMA mad_migrate;",
        "INTO untrusted, is_there",
        "''MM019''",
        "to_regclass(''mad_migrate.history'') IS NULL",
        "EXECUTE ''SELECT ''''kit'''''';",
        "PERFORM mad_migrate.create_version_table(''results'');"};
    std::size_t at = 0;
    for (const std::string_view part : in_order) {
        at = sql.find(part, at);
        ASSERT_NE(at, std::string::npos) << part;
    }
}

}  // namespace
}  // namespace mad
