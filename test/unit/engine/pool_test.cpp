// The pool: what is recorded before a clone is made, and what becomes of one that fails.
#include "engine/pool.hpp"

#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/fake_host.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad {
namespace {

/// As the control database describes a template, which another one may keep.
Rows template_row(const char* built, const char* large = "f", Cell keeper = {}) {
    return {{"app_template", std::move(keeper), built, large}};
}

class PoolTest : public testing::Test {
 protected:
    PoolTest() {
        control.when("EXISTS", {test::rows({{"f"}})});
        control.when("try_advisory_lock_shared", {test::rows({{"t", "t"}})});
        control.when("'creating' FROM mad_migrate.control",
                     {test::rows({{"mad_pool_1_7", "app_owner", ""}})});
    }

    PoolSession session(CloneStrategy strategy = CloneStrategy::wal_log) {
        return {reactor, control,  [this](const std::string& sql) { return look(sql); },
                "app",   strategy, {}};
    }
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
    std::deque<Rows> templates{template_row("t")};  // look by look; the last one ever after
    std::vector<std::string> looks;

 private:
    Rows look(const std::string& sql) {
        looks.push_back(sql);
        if (sql.find("aclexplode") != std::string::npos) return {{"GRANT dress;"}};
        const Rows seen = templates.front();
        if (templates.size() > 1) templates.pop_front();
        return seen;
    }
};

TEST_F(PoolTest, RecordsACloneBeforeItIsMade) {
    EXPECT_EQ(reactor.complete(clone_template(session())), "mad_pool_1_7");
    const std::size_t made = position_of(
        "CREATE DATABASE \"mad_pool_1_7\" TEMPLATE \"app_template\" OWNER app_owner STRATEGY "
        "wal_log ALLOW_CONNECTIONS false");
    EXPECT_LT(position_of("INSERT INTO mad_migrate.registry"), made);
    EXPECT_LT(made, position_of("GRANT dress; UPDATE mad_migrate.registry SET state = 'ready'"));
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock_shared"), std::string::npos);
}

TEST_F(PoolTest, AsksForTheOwnerWhenItsTurnHasCome) {
    reactor.complete(clone_template(session()));
    EXPECT_LT(position_of("try_advisory_lock_shared"), position_of("b.owner"));
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
    templates = {template_row("f"), template_row("t")};
    reactor.complete(clone_template(session(CloneStrategy::file_copy)));
    EXPECT_NE(control.asked.front().find("mad_migrate.upgrade('app', 'heads', databases => "
                                         "ARRAY['app_template']"),
              std::string::npos);
}

TEST_F(PoolTest, GoesByTheTemplatesSize) {
    templates = {template_row("t", "t")};
    reactor.complete(clone_template(session(CloneStrategy::automatic)));
    EXPECT_NE(looks.front().find("pg_database_size"), std::string::npos);
    EXPECT_TRUE(asked("STRATEGY file_copy"));
}

TEST_F(PoolTest, ClonesNoTemplateThatAnotherControlDatabaseKeeps) {
    templates = {template_row("f", "f", "staging")};
    EXPECT_EQ(test::failure_of([&] { reactor.complete(clone_template(session())); }).sqlstate,
              "MM030");
    EXPECT_TRUE(control.asked.empty());
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
