// What a step writes down: by the kit's function, or in plain statements where they do.
#include "engine/step_record.hpp"

#include <gtest/gtest.h>

#include "support/engine/migration.hpp"

namespace mad {
namespace {

using test::Attempt;

constexpr std::string_view function = "SELECT mad_migrate.record_step(";

class StepRecordTest : public test::MigrationTest {
 protected:
    std::string record(const RowChange& rows, Heads before, const std::string& revision = "002",
                       Direction direction = Direction::upgrade) {
        const Migrations migrations{attempt_.reactor, graph_, scripts_, order_};
        const Journey journey{migrations, attempt_.database, database_, may_publish_};
        return step_record_sql(journey, {revision, direction, rows}, "sum", std::move(before));
    }
    bool is_plain(const RowChange& rows, Heads before) {
        return !record(rows, std::move(before)).starts_with(function);
    }

    Attempt attempt_{test::Seen{}};
    const std::string database_ = "Acme's \"db\"";
    bool may_publish_ = true;
};

TEST_F(StepRecordTest, PutsOneRevisionInPlaceOfAnother) {
    order_.run = 12;
    EXPECT_EQ(record({.deletes = {"001"}, .inserts = {"it's"}}, {"001"}, "it's"),
              R"(LOCK TABLE mad_migrate.history IN SHARE UPDATE EXCLUSIVE MODE;
WITH changed AS (UPDATE mad_migrate."alembic_version_results" SET version_num = 'it''s' WHERE version_num = '001' AND NOT EXISTS (SELECT FROM mad_migrate."alembic_version_results" WHERE version_num = 'it''s') RETURNING 1),
written AS (INSERT INTO mad_migrate.history (branch, revision, direction, checksum, started_at, finished_at, run)
            VALUES ('results', 'it''s', 'upgrade', 'sum', pg_catalog.transaction_timestamp(),
                    pg_catalog.clock_timestamp(), 12))
SELECT mad_migrate.change_heads('results', ARRAY['001']::pg_catalog.text[], ARRAY['it''s']::pg_catalog.text[]) WHERE (SELECT pg_catalog.count(*) FROM changed) <> 1;
ALTER DATABASE "Acme's ""db""" SET mad_revision."results" = 'it''s')");
}

TEST_F(StepRecordTest, AddsTheFirstRevision) {
    const std::string sql = record({.deletes = {}, .inserts = {"001"}}, {});
    EXPECT_NE(sql.find("INSERT INTO mad_migrate.\"alembic_version_results\" (version_num) SELECT "
                       "'001' WHERE NOT EXISTS (SELECT FROM "
                       "mad_migrate.\"alembic_version_results\" WHERE version_num = '001') ON "
                       "CONFLICT DO NOTHING RETURNING 1"),
              std::string::npos)
        << sql;
    EXPECT_TRUE(sql.ends_with("SET mad_revision.\"results\" = '001'"));
}

TEST_F(StepRecordTest, RemovesTheLastRevision) {
    const std::string sql =
        record({.deletes = {"001"}, .inserts = {}}, {"001"}, "001", Direction::downgrade);
    EXPECT_NE(sql.find("DELETE FROM mad_migrate.\"alembic_version_results\" WHERE version_num = "
                       "'001' RETURNING 1"),
              std::string::npos)
        << sql;
    EXPECT_TRUE(sql.ends_with("RESET mad_revision.\"results\""));
}

TEST_F(StepRecordTest, LeavesTheRestToTheFunction) {
    EXPECT_TRUE(is_plain({.deletes = {"001"}, .inserts = {"002"}}, {"001"}));
    EXPECT_FALSE(is_plain({.deletes = {"001"}, .inserts = {"002"}}, {"001", "aside"}));
    EXPECT_FALSE(is_plain({.deletes = {}, .inserts = {"aside"}}, {"001"}));
    EXPECT_FALSE(is_plain({.deletes = {"001", "aside"}, .inserts = {"joined"}}, {"001", "aside"}));
    EXPECT_FALSE(is_plain({.deletes = {"001"}, .inserts = {std::string(33, 'x')}}, {"001"}));
    EXPECT_TRUE(is_plain({.deletes = {"001"}, .inserts = {std::string(32, 'x')}}, {"001"}));
    EXPECT_TRUE(record({.deletes = {"001"}, .inserts = {"002"}}, {"001"}, "002", Direction::stamp)
                    .starts_with(function));
}

TEST_F(StepRecordTest, LeavesToTheFunctionWhatTheRoleMayNotDo) {
    may_publish_ = false;
    EXPECT_TRUE(record({.deletes = {"001"}, .inserts = {"002"}}, {"001"}).starts_with(function));
}

TEST_F(StepRecordTest, LeavesTheCallersTransactionToTheFunction) {
    const Migrations migrations{attempt_.reactor, graph_, scripts_, order_};
    Attempt attempt(test::Seen{}, false);
    const Journey journey{migrations, attempt.database, database_, true};
    EXPECT_TRUE(
        step_record_sql(journey, {"002", Direction::upgrade, {{"001"}, {"002"}}}, "sum", {"001"})
            .starts_with(function));
}

}  // namespace
}  // namespace mad
