// The whole text of offline scripts.
#include "engine/offline.hpp"

#include <gtest/gtest.h>

#include "engine/kit.hpp"
#include "support/engine/script_shelf.hpp"

namespace mad {
namespace {

using test::outside;
using test::within;

class OfflineTest : public testing::Test {
 protected:
    static Step upgrade(std::string revision, std::vector<std::string> deletes) {
        RowChange rows{.deletes = std::move(deletes), .inserts = {revision}};
        return {std::move(revision), Direction::upgrade, std::move(rows)};
    }
    std::string write(const std::vector<Step>& plan) {
        return write_offline(plan, scripts_, order_);
    }

    test::ScriptShelf scripts_;
    OfflineOrder order_{.branch = "results",
                        .search_path = "public, \"my tools\"",
                        .environment = "it's",
                        .kit_sql = "CREATE kit",
                        .from_nothing = false};
};

TEST_F(OfflineTest, WritesATransactionForEachStep) {
    scripts_.put("002", Direction::upgrade, {within("CREATE TABLE a ()"), within("SELECT 1")});
    RunnableScript& third = scripts_.put("003", Direction::upgrade, {within("SELECT 2 -- no end")});
    third.message = "";
    third.body.pop_back();
    EXPECT_EQ(write({upgrade("002", {"001"}), upgrade("003", {"002", "x"})}),
              R"(\set ON_ERROR_STOP on

-- Running upgrade 001 -> 002, Message of 002
BEGIN;
SET LOCAL search_path = public, "my tools";
SET LOCAL mad_migrate.environment = 'it''s';
CREATE TABLE a ();
SELECT 1;
SELECT mad_migrate.record_step('results', '002', 'upgrade', 'sum 002', ARRAY['001']::pg_catalog.text[], ARRAY['002']::pg_catalog.text[], pg_catalog.transaction_timestamp(), NULL, true);
COMMIT;

-- Running upgrade 002, x -> 003
BEGIN;
SET LOCAL search_path = public, "my tools";
SET LOCAL mad_migrate.environment = 'it''s';
SELECT 2 -- no end
;
SELECT mad_migrate.record_step('results', '003', 'upgrade', 'sum 003', ARRAY['002','x']::pg_catalog.text[], ARRAY['003']::pg_catalog.text[], pg_catalog.transaction_timestamp(), NULL, true);
COMMIT;

)");
}

TEST_F(OfflineTest, BeginsWithTheKitWhereThereIsNothing) {
    order_.from_nothing = true;
    EXPECT_EQ(write({}),
              "\\set ON_ERROR_STOP on\n\n" + prepare_sql("results", "CREATE kit") + ";\n\n");
}

TEST_F(OfflineTest, WritesNothingForNoPlan) {
    EXPECT_EQ(write({}), "\\set ON_ERROR_STOP on\n\n");
}

TEST_F(OfflineTest, WritesDowngradesToBase) {
    scripts_.put("001", Direction::downgrade, {within("DROP TABLE a")});
    EXPECT_EQ(write({{"001", Direction::downgrade, {.deletes = {"001"}, .inserts = {}}}}),
              R"(\set ON_ERROR_STOP on

-- Running downgrade 001 -> <base>, Message of 001
BEGIN;
SET LOCAL search_path = public, "my tools";
SET LOCAL mad_migrate.environment = 'it''s';
DROP TABLE a;
SELECT mad_migrate.record_step('results', '001', 'downgrade', 'sum 001', ARRAY['001']::pg_catalog.text[], ARRAY[]::pg_catalog.text[], pg_catalog.transaction_timestamp(), NULL, true);
COMMIT;

)");
}

TEST_F(OfflineTest, WritesNoTransactionAroundWhatCannotRunInOne) {
    scripts_
        .put("002", Direction::upgrade,
             {outside("CREATE INDEX CONCURRENTLY i ON a (x) -- slow\n"), within("SELECT 1 -- end")})
        .body.pop_back();
    EXPECT_EQ(write({upgrade("002", {"001"})}),
              R"(\set ON_ERROR_STOP on

-- Running upgrade 001 -> 002, Message of 002
BEGIN;
SELECT mad_migrate.change_heads('results', ARRAY['001']::pg_catalog.text[], ARRAY['002']::pg_catalog.text[]);
ROLLBACK;
SET search_path = public, "my tools";
SET mad_migrate.environment = 'it''s';
CREATE INDEX CONCURRENTLY i ON a (x) -- slow
;
SELECT 1 -- end
;
RESET search_path;
RESET mad_migrate.environment;
SELECT mad_migrate.record_step('results', '002', 'upgrade', 'sum 002', ARRAY['001']::pg_catalog.text[], ARRAY['002']::pg_catalog.text[], pg_catalog.transaction_timestamp(), NULL, true);

)");
}

TEST_F(OfflineTest, KeepsAMessageInsideItsComment) {
    scripts_.put("002", Direction::upgrade, {}).message = "harmless\nDROP TABLE a;\r\\! id";
    const std::string sql = write({upgrade("002", {})});
    EXPECT_NE(sql.find("\n-- Running upgrade <base> -> 002, harmless DROP TABLE a; \\! id\nBEGIN;"),
              std::string::npos)
        << sql;
}

}  // namespace
}  // namespace mad
