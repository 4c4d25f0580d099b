// What a fleet tells its ledger, and when it takes that for told.
#include "engine/fleet.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/fleet.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::failure_of;
using test::Names;

class FleetLedgerTest : public test::FleetTest {
 protected:
    static constexpr const char* begin_mark = "run_entry AS entry";
    static constexpr const char* write_mark = "INSERT INTO mad_migrate.run_database_entry";
    static constexpr const char* blockers_mark = "pg_blocking_pids";

    FleetLedgerTest() {
        session_.when(begin_mark, {test::rows({{"7", "t"}})});
        reactor_.complete(ledger_.begin(0));
        session_.suspend(reactor_, 1ms);
    }

    const std::vector<DatabaseOutcome>& migrate_recorded(const Names& databases, std::size_t jobs) {
        return migrate(databases, jobs, &ledger_);
    }
    void cancel_at_each_wait(std::size_t count, std::size_t jobs) {
        migrate_recorded(databases(count), jobs);
        const std::size_t waits = host_.waits;
        for (std::size_t k = 1; k <= waits; ++k) {
            host_.waits = 0;
            host_.cancel_at = k;
            EXPECT_THROW(migrate_recorded(databases(count), jobs), test::Cancelled);
            EXPECT_EQ(sessions_, 0U);
            EXPECT_EQ(session_.in_flight, 0);
        }
    }
    static bool tells(const std::string& write, const std::string& database,
                      const std::string& status) {
        return write.find("(7, '" + database + "', '" + status + "'") != std::string::npos;
    }
    std::vector<std::string> writes() const {
        std::vector<std::string> writes;
        std::ranges::copy_if(session_.asked, std::back_inserter(writes), [](const auto& sql) {
            return sql.find(write_mark) != std::string::npos;
        });
        return writes;
    }
    bool is_written(const std::string& database, const std::string& status) const {
        return std::ranges::any_of(session_.answered, [&](const std::string& sql) {
            return tells(sql, database, status);
        });
    }

    test::ScriptedExecutor session_;
    Ledger ledger_{session_, RunDescription()};
};

TEST_F(FleetLedgerTest, WritesThatADatabaseIsAtWorkAndWhatBecameOfIt) {
    pauses_["d0"] = 10ms;
    migrate_recorded(databases(1), 1);
    ASSERT_EQ(writes().size(), 2U);
    EXPECT_TRUE(tells(writes()[0], "d0", "running"));
    EXPECT_TRUE(tells(writes()[1], "d0", "upgraded"));
}

TEST_F(FleetLedgerTest, TellsOfADatabaseOnlyAfterItIsWritten) {
    session_.suspend(reactor_, 40ms);
    fail("d3", 2, "XX000");
    when_finished_ = [this](const DatabaseOutcome& outcome) {
        EXPECT_TRUE(is_written(outcome.database, outcome.failure ? "failed" : "upgraded"))
            << outcome.database;
    };
    EXPECT_EQ(migrate_recorded(databases(20), 3).size(), 20U);
}

TEST_F(FleetLedgerTest, WritesOneAtATimeWhatCameMeanwhile) {
    session_.suspend(reactor_, 40ms);
    session_.when(write_mark, {[this]() -> Rows {
                      EXPECT_EQ(session_.in_flight, 1);
                      return {};
                  }});
    migrate_recorded(databases(100), 4);
    EXPECT_LT(writes().size(), 20U);
    for (const std::string& write : writes()) {
        for (const std::string& database : databases(100)) {
            const std::string row = "(7, '" + database + "', ";
            const std::size_t first = write.find(row);
            if (first == std::string::npos) continue;
            EXPECT_EQ(write.find(row, first + 1), std::string::npos) << "twice in one INSERT";
        }
    }
    for (const std::string& database : databases(100)) {
        EXPECT_TRUE(is_written(database, "upgraded")) << database;
    }
}

TEST_F(FleetLedgerTest, WritesOfSkippedDatabases) {
    fleet_order_.max_failures = 1;
    unreachable_ = {"d0"};
    migrate_recorded(databases(3), 1);
    EXPECT_TRUE(is_written("d0", "failed"));
    EXPECT_TRUE(is_written("d2", "skipped"));
    EXPECT_EQ(finished(), databases(3));
}

TEST_F(FleetLedgerTest, WritesOnceOfADatabaseThatIsTriedAgain) {
    fail("d1", 2, "55P03");
    migrate_recorded(databases(3), 1);
    EXPECT_EQ(std::ranges::count_if(session_.asked,
                                    [](const auto& sql) { return tells(sql, "d1", "running"); }),
              1);
    EXPECT_FALSE(is_written("d1", "failed"));
    EXPECT_TRUE(is_written("d1", "upgraded"));
}

TEST_F(FleetLedgerTest, TellsOfSeveralDatabasesInOneWrite) {
    migrate_recorded(databases(300), 3);
    // Begun with one write, each of the others tells of some twenty milliseconds.
    EXPECT_LT(session_.asked.size(), 40U);
    EXPECT_EQ(finished().size(), 300U);
}

TEST_F(FleetLedgerTest, TakesAlongWhatOthersAnnounce) {
    when_finished_ = [this](const DatabaseOutcome& outcome) {
        ledger_.announce({.name = "told of " + outcome.database});
    };
    migrate_recorded(databases(2), 1);
    for (const std::string& database : databases(2)) {
        EXPECT_EQ(std::ranges::count_if(session_.answered,
                                        [&](const std::string& sql) {
                                            return sql.find("told of " + database) !=
                                                   std::string::npos;
                                        }),
                  1);
    }
}

TEST_F(FleetLedgerTest, WritesThatAScriptIsHalfWayBeforeItsFirstStatement) {
    scripts_.put("003", Direction::upgrade, {test::outside("VACUUM"), test::outside("REINDEX")});
    session_.suspend(reactor_, 40ms);
    const auto count_written = [this] {
        return std::ranges::count_if(session_.answered, [](const std::string& sql) {
            return sql.find("'statement 1 of 2 of revision 003'") != std::string::npos;
        });
    };
    std::vector<std::ptrdiff_t> written;
    answers_ = {{"begin_partial_step", test::rows({{"42"}})},
                {"VACUUM", [&] {
                     written.push_back(count_written());
                     return Rows();
                 }}};
    migrate_recorded(databases(3), 1);
    EXPECT_EQ(written, (std::vector<std::ptrdiff_t>{1, 2, 3}));
    EXPECT_TRUE(is_written("d2", "upgraded"));
}

TEST_F(FleetLedgerTest, EndsWithACancelWhileAScriptWaitsForTheLedger) {
    scripts_.put("003", Direction::upgrade, {test::outside("VACUUM")});
    answers_ = {{"begin_partial_step", test::rows({{"42"}})}};
    cancel_at_each_wait(4, 2);
}

TEST_F(FleetLedgerTest, EndsWithTheLedgersSession) {
    for (const std::size_t call : {2U, 3U, 5U}) {
        test::ScriptedExecutor session;
        session.when(begin_mark, {test::rows({{"7", "t"}})});
        session.suspend(reactor_, 1ms);
        session.fail_at(call, Failure(Code::connection_failed, "the ledger is lost"));
        Ledger ledger(session, RunDescription());
        reactor_.complete(ledger.begin(0));
        EXPECT_EQ(failure_of([&] { migrate(databases(500), 3, &ledger); }).message,
                  "the ledger is lost");
        EXPECT_EQ(session.asked.size(), call);
        EXPECT_EQ(sessions_, 0U);
        EXPECT_LT(opened_.size(), 500U);
    }
}

TEST_F(FleetLedgerTest, EndsWithACancelAtAnyWait) {
    cancel_at_each_wait(6, 3);
}

TEST_F(FleetLedgerTest, NamesTheBlockerThatWasSeenWhileItWaited) {
    session_.when(blockers_mark, {test::rows({{"101", "process 5 (role \"app\")"}})});
    fleet_order_.attempts = 1;
    pauses_["d1"] = 2000ms;
    fail("d1", 2, "55P03");
    migrate_recorded(databases(3), 2);
    const Report& report = outcome("d1").failure->report();
    EXPECT_EQ(report.sqlstate, "55P03");
    EXPECT_EQ(report.detail, "The lock is held by process 5 (role \"app\")");
    EXPECT_EQ(report.hint, "End that session or wait for it, and run the call again.");
    const auto look = std::ranges::find_if(session_.asked, [](const std::string& sql) {
        return sql.find(blockers_mark) != std::string::npos;
    });
    ASSERT_NE(look, session_.asked.end());
    EXPECT_NE(look->find("ARRAY[101]"), std::string::npos) << *look;
    EXPECT_TRUE(std::ranges::any_of(session_.answered, [](const std::string& sql) {
        return sql.find("held by process 5") != std::string::npos;
    })) << "in the ledger too";
}

TEST_F(FleetLedgerTest, NamesNoBlockerOfAnotherDatabaseOrFailure) {
    session_.when(blockers_mark, {test::rows({{"101", "process 5"}})});
    fleet_order_.attempts = 1;
    pauses_ = {{"d1", 2000ms}, {"d2", 2000ms}};
    fail("d1", 2, "23505");
    fail("d2", 2, "55P03");
    migrate_recorded(databases(3), 2);
    EXPECT_EQ(outcome("d1").failure->report().detail, "");
    EXPECT_EQ(outcome("d2").failure->report().detail, "");
}

TEST_F(FleetLedgerTest, LooksForNoBlockerInAShortRun) {
    migrate_recorded(databases(10), 2);
    EXPECT_TRUE(std::ranges::none_of(session_.asked, [](const std::string& sql) {
        return sql.find(blockers_mark) != std::string::npos;
    }));
}

}  // namespace
}  // namespace mad
