// The pool: what is recorded before a clone is made, and what becomes of one that fails.
#include "engine/pool.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/failure_of.hpp"
#include "support/fake_host.hpp"
#include "support/scripted_executor.hpp"

namespace mad {
namespace {

class PoolTest : public testing::Test {
 protected:
    PoolTest() {
        control.when("b.owner", {test::rows({{"app_template", "app_owner", "t"}})});
        control.when("EXISTS", {test::rows({{"f"}})});
        control.when("try_advisory_lock_shared", {test::rows({{"t", "t"}})});
        control.when("'creating' FROM mad_migrate.control", {test::rows({{"mad_pool_1_7", ""}})});
    }

    PoolSession session() { return {reactor, control, "app", CloneStrategy::wal_log, {}}; }
    std::size_t position_of(const std::string& text) const {
        for (std::size_t i = 0; i < control.asked.size(); ++i) {
            if (control.asked[i].find(text) != std::string::npos) return i;
        }
        return control.asked.size();
    }
    bool asked(const std::string& text) const { return position_of(text) < control.asked.size(); }

    test::FakeHost host;
    Reactor reactor{host};
    test::ScriptedExecutor control;
};

TEST_F(PoolTest, RecordsACloneBeforeItIsMade) {
    EXPECT_EQ(reactor.complete(clone_template(session())), "mad_pool_1_7");
    const std::size_t made = position_of(
        "CREATE DATABASE \"mad_pool_1_7\" TEMPLATE \"app_template\" OWNER app_owner STRATEGY "
        "wal_log ALLOW_CONNECTIONS false");
    EXPECT_LT(position_of("INSERT INTO mad_migrate.registry"), made);
    EXPECT_LT(made, position_of("state = 'ready'"));
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock_shared"), std::string::npos);
}

TEST_F(PoolTest, MakesItForTheOwnerThatTheBranchHasWhenItsTurnComes) {
    test::ScriptedExecutor given_away;
    given_away.when("b.owner", {test::rows({{"app_template", "app_owner", "t"}}),
                                test::rows({{"app_template", "next_owner", "t"}})});
    given_away.when("EXISTS", {test::rows({{"f"}})});
    given_away.when("try_advisory_lock_shared", {test::rows({{"t", "t"}})});
    given_away.when("INSERT", {test::rows({{"mad_pool_1_7", ""}})});
    reactor.complete(clone_template({reactor, given_away, "app", CloneStrategy::wal_log, {}}));
    EXPECT_TRUE(std::ranges::any_of(given_away.asked, [](const std::string& sql) {
        return sql.find("OWNER next_owner") != std::string::npos;
    }));
}

TEST_F(PoolTest, LeavesNothingOfACloneThatFails) {
    control.when("CREATE DATABASE", {test::failing("53100")});
    EXPECT_EQ(test::failure_of([&] { reactor.complete(clone_template(session())); }).sqlstate,
              "53100");
    EXPECT_TRUE(asked("DROP DATABASE IF EXISTS \"mad_pool_1_7\""));
    EXPECT_TRUE(asked("DELETE FROM mad_migrate.registry"));
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock_shared"), std::string::npos);
}

TEST_F(PoolTest, DropsNoDatabaseThatWasThereBefore) {
    control.when("CREATE DATABASE", {test::failing("42P04")});
    EXPECT_EQ(test::failure_of([&] { reactor.complete(clone_template(session())); }).sqlstate,
              "42P04");
    EXPECT_FALSE(asked("DROP DATABASE"));
    EXPECT_TRUE(asked("DELETE FROM mad_migrate.registry"));
}

TEST_F(PoolTest, TakesTheNextNameWhereOneIsTaken) {
    control.when("CREATE DATABASE", {test::failing("42P04"), test::rows(Rows())});
    EXPECT_EQ(reactor.complete(clone_template(session())), "mad_pool_1_7");
    EXPECT_EQ(std::ranges::count_if(
                  control.asked,
                  [](const std::string& sql) { return sql.starts_with("CREATE DATABASE"); }),
              2);
    EXPECT_FALSE(asked("DROP DATABASE"));
}

TEST_F(PoolTest, BuildsATemplateThatHasNoVersionFirst) {
    test::ScriptedExecutor fresh;
    fresh.when("b.owner", {test::rows({{"app_template", "app_owner", "f"}})});
    fresh.when("EXISTS", {test::rows({{"f"}})});
    fresh.when("try_advisory_lock_shared", {test::rows({{"t", "t"}})});
    fresh.when("INSERT", {test::rows({{"mad_pool_1_7", ""}})});
    reactor.complete(clone_template({reactor, fresh, "app", CloneStrategy::file_copy, {}}));
    EXPECT_NE(fresh.asked.at(1).find("mad_migrate.upgrade('app', 'heads', databases => "
                                     "ARRAY['app_template']"),
              std::string::npos);
}

TEST_F(PoolTest, GoesByTheTemplatesSize) {
    control.when("pg_database_size", {test::rows({{"t"}})});
    PoolSession automatic = session();
    automatic.strategy = CloneStrategy::automatic;
    reactor.complete(clone_template(automatic));
    EXPECT_TRUE(asked("STRATEGY file_copy"));
}

TEST_F(PoolTest, FillsUpToTheSizeAndNoFurther) {
    control.when("count(*)", {test::rows({{"0"}}), test::rows({{"0"}}), test::rows({{"1"}}),
                              test::rows({{"2"}})});
    const FillReport report = reactor.complete(fill_pool(session(), 2, Surplus::keep));
    EXPECT_EQ(report.cloned, 2U);
    EXPECT_EQ(report.dropped, 0U);
}

TEST_F(PoolTest, DropsWhatIsTooManyOnlyWhereTheSizeIsMeant) {
    control.when("count(*)", {test::rows({{"3"}})});
    control.when("LIMIT 2", {test::rows({{"mad_pool_1_1"}, {"mad_pool_1_2"}})});
    EXPECT_EQ(reactor.complete(fill_pool(session(), 1, Surplus::keep)).dropped, 0U);
    EXPECT_EQ(reactor.complete(fill_pool(session(), 1, Surplus::drop)).dropped, 2U);
    EXPECT_TRUE(asked("DROP DATABASE IF EXISTS \"mad_pool_1_2\""));
}

TEST_F(PoolTest, DropsADeprovisionedDatabaseOnlyIfItsRowSaysSo) {
    reactor.complete(drop_deprovisioned(control, "app", "mad_dropped_1_2"));
    EXPECT_FALSE(asked("DROP DATABASE"));
    control.when("RETURNING database", {test::rows({{"mad_dropped_1_2"}})});
    reactor.complete(drop_deprovisioned(control, "app", "mad_dropped_1_2"));
    EXPECT_TRUE(asked("DROP DATABASE IF EXISTS \"mad_dropped_1_2\""));
}

}  // namespace
}  // namespace mad
