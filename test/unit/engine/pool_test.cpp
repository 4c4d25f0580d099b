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

class FakeCatalog final : public TemplateCatalog {
 public:
    TemplateState state() override {
        if (when_looked) when_looked();
        const TemplateState seen = states.front();
        if (states.size() > 1) states.pop_front();
        return seen;
    }
    std::int64_t bytes() override { return size; }
    std::string clone_name() override { return "mad_pool_1_7"; }
    std::string dressing(const std::string& clone) override { return "DRESS " + clone + ";"; }

    static TemplateState closed(bool built) {
        TemplateState state;
        state.built = built;
        state.owner = "app_owner";
        return state;
    }

    std::deque<TemplateState> states{closed(true)};  // one after the other; the last one ever after
    std::int64_t size = 0;
    std::function<void()> when_looked;
};

class PoolTest : public testing::Test {
 protected:
    PoolTest() { control.when("try_advisory_lock", {test::rows({{"t", "t"}})}); }

    PoolSession session(CloneStrategy strategy = CloneStrategy::wal_log) {
        return {reactor, control, catalog, "app", "app_template", strategy, {}};
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
    FakeCatalog catalog;
};

TEST_F(PoolTest, RecordsACloneBeforeItIsMade) {
    EXPECT_EQ(reactor.complete(clone_template(session())), "mad_pool_1_7");
    const std::size_t made = position_of(
        "CREATE DATABASE \"mad_pool_1_7\" TEMPLATE \"app_template\" OWNER app_owner STRATEGY "
        "wal_log ALLOW_CONNECTIONS false");
    EXPECT_LT(position_of("INSERT INTO mad_migrate.registry"), made);
    EXPECT_LT(made,
              position_of("DRESS mad_pool_1_7; UPDATE mad_migrate.registry SET state = 'ready'"));
    EXPECT_NE(control.asked.back().find("pg_advisory_unlock_shared"), std::string::npos);
}

TEST_F(PoolTest, LooksAtTheTemplateWhenNobodyCanChangeIt) {
    const std::string unshare =
        "pg_advisory_unlock_shared(pg_catalog.hashtextextended('mad_migrate:template:app'";
    catalog.when_looked = [&] {
        EXPECT_TRUE(asked("pg_try_advisory_lock_shared"));
        EXPECT_FALSE(asked(unshare));
    };
    reactor.complete(clone_template(session()));
    EXPECT_LT(position_of("CREATE DATABASE"), position_of(unshare));
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
    catalog.states = {FakeCatalog::closed(false), FakeCatalog::closed(true)};
    reactor.complete(clone_template(session()));
    const std::size_t built =
        position_of("mad_migrate.upgrade('app', 'heads', databases => ARRAY['app_template']");
    EXPECT_LT(position_of("pg_advisory_unlock_shared(pg_catalog.hashtextextended("
                          "'mad_migrate:template:app'"),
              built);
    EXPECT_LT(built, position_of("CREATE DATABASE"));
}

TEST_F(PoolTest, BuildsATemplateOnce) {
    catalog.states = {FakeCatalog::closed(false)};
    reactor.complete(clone_template(session()));
    EXPECT_EQ(std::ranges::count_if(control.asked,
                                    [](const std::string& sql) {
                                        return sql.find("mad_migrate.upgrade(") !=
                                               std::string::npos;
                                    }),
              1);
    EXPECT_TRUE(asked("CREATE DATABASE"));
}

TEST_F(PoolTest, ClosesATemplateThatSomebodyLeftOpen) {
    TemplateState open = FakeCatalog::closed(true);
    open.open = true;
    catalog.states = {open, FakeCatalog::closed(true)};
    reactor.complete(clone_template(session()));
    EXPECT_LT(position_of("ALTER DATABASE \"app_template\" ALLOW_CONNECTIONS false"),
              position_of("CREATE DATABASE"));
}

TEST_F(PoolTest, GoesByTheTemplatesSize) {
    for (const auto& [size, strategy] :
         {std::pair{std::int64_t{31} << 20, "wal_log"}, {std::int64_t{32} << 20, "file_copy"}}) {
        catalog.size = size;
        control.asked.clear();
        reactor.complete(clone_template(session(CloneStrategy::automatic)));
        EXPECT_TRUE(asked(std::string("STRATEGY ") + strategy)) << size;
    }
}

TEST_F(PoolTest, ClonesNoTemplateThatAnotherControlDatabaseKeeps) {
    catalog.states.front().foreign_keeper = "staging";
    EXPECT_EQ(test::failure_of([&] { reactor.complete(clone_template(session())); }).sqlstate,
              "MM030");
    EXPECT_FALSE(asked("CREATE DATABASE"));
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
