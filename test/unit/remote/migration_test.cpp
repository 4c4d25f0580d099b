// Migrations of a real database, by sessions that are lost at every point and by several at once.
#include "engine/migrate.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/kit.hpp"
#include "support/engine/script_shelf.hpp"
#include "support/remote/client.hpp"

namespace mad::remote {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::failure_of;
using test::outside;
using test::within;

/// As make puts it together: all parts, in the order of their names.
std::string shipped_kit() {
    std::set<std::filesystem::path> parts;
    for (const auto& entry : std::filesystem::directory_iterator(MAD_TEST_KIT)) {
        parts.insert(entry.path());
    }
    std::ostringstream text;
    for (const std::filesystem::path& part : parts) text << std::ifstream(part).rdbuf();
    return text.str();
}

/// Passes all on, and has the server end the session right before or right after one call.
class InterruptedSession final : public Executor {
 public:
    enum class Moment { before, after };

    InterruptedSession(Client& client, Client& observer, int at, Moment moment)
        : connection_(*client.connection),
          observer_(observer),
          process_(client.process()),
          at_(at),
          moment_(moment) {}

    Task<Rows> run(std::string sql) override {
        interrupt_before();
        Rows rows = co_await connection_.run(std::move(sql));
        interrupt_after();
        co_return rows;
    }
    Task<Rows> run_alone(std::string statement) override {
        interrupt_before();
        Rows rows = co_await connection_.run_alone(std::move(statement));
        interrupt_after();
        co_return rows;
    }
    Task<Rows> transact(std::string script, std::string record) override {
        interrupt_before();
        Rows rows = co_await connection_.transact(std::move(script), std::move(record));
        interrupt_after();
        co_return rows;
    }
    bool owns_transactions() const noexcept override { return true; }

    int calls() const noexcept { return calls_; }

 private:
    void interrupt_before() {
        if (++calls_ == at_ && moment_ == Moment::before) end_session();
    }
    void interrupt_after() {
        if (calls_ != at_ || moment_ != Moment::after) return;
        end_session();
        throw Failure(Code::connection_failed, "lost with the answer on its way");
    }
    void end_session() {
        observer_.run("SELECT pg_terminate_backend(" + process_ + ")");
        observer_.await(test::is_gone(process_));
    }

    Connection& connection_;
    Client& observer_;
    std::string process_;
    int at_;
    Moment moment_;
    int calls_ = 0;
};

class MigrationTest : public testing::Test {
 protected:
    MigrationTest() {
        observer_.run("CREATE DATABASE " + name_ + " TEMPLATE template0");
        scripts_.put("001", Direction::upgrade,
                     {within("CREATE TABLE t (x int)"), within("INSERT INTO t VALUES (1)")});
        scripts_.put("002", Direction::upgrade,
                     {outside("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (x)"),
                      within("INSERT INTO t VALUES (2)"), outside("VACUUM t"),
                      within("INSERT INTO t VALUES (3)")});
        scripts_.put("003", Direction::upgrade, {within("INSERT INTO t VALUES (4)")});
    }
    ~MigrationTest() override { observer_.run("DROP DATABASE " + name_ + " WITH (FORCE)"); }

    void begin_anew() {
        Client client(settings_);
        client.run("DROP SCHEMA IF EXISTS mad_migrate CASCADE; DROP TABLE IF EXISTS public.t");
        client.run("ALTER DATABASE " + name_ + " RESET ALL");
    }
    /// Runs in a session that is interrupted at a call; false when it came to its end before.
    bool migrate_until(int call, InterruptedSession::Moment moment) {
        Client client(settings_);
        InterruptedSession session(client, observer_, call, moment);
        MigrationResult result;
        try {
            client.reactor.complete(
                migrate({client.reactor, graph_, scripts_, order_}, session, name_, result));
        } catch (const Failure& failure) {
            const std::string& sqlstate = failure.report().sqlstate;
            EXPECT_TRUE(sqlstate == "57P01" || sqlstate == "08001") << sqlstate;
        }
        return session.calls() >= call;
    }
    MigrationResult migrate_undisturbed() {
        Client client(settings_);
        MigrationResult result;
        client.reactor.complete(
            migrate({client.reactor, graph_, scripts_, order_}, *client.connection, name_, result));
        return result;
    }
    void expect_all_done_once() {
        Client client(settings_);
        EXPECT_EQ(client.run("SELECT x FROM public.t ORDER BY x"),
                  (Rows{{"1"}, {"2"}, {"3"}, {"4"}}));
        EXPECT_EQ(client.run("SELECT revision FROM mad_migrate.history WHERE finished_at IS NOT "
                             "NULL ORDER BY id"),
                  (Rows{{"001"}, {"002"}, {"003"}}));
        EXPECT_EQ(client.value("SELECT count(*) FROM mad_migrate.history"), "3");
        EXPECT_EQ(client.reactor.complete(read_heads(*client.connection, order_.branch)),
                  Heads{"003"});
        EXPECT_EQ(client.value("SHOW mad_revision.results"), "003");
    }

    /// But the kit, which is installed before.
    void expect_nothing_there() {
        Client client(settings_);
        EXPECT_TRUE(client.is_true("to_regclass('public.t') IS NULL"));
        EXPECT_EQ(client.value("SELECT count(*) FROM mad_migrate.history"), "0");
        EXPECT_EQ(client.reactor.complete(read_heads(*client.connection, order_.branch)), Heads{});
        EXPECT_EQ(client.run("SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = "
                             "s.setdatabase WHERE d.datname = '" +
                             name_ + "' AND s.setconfig::text LIKE '%mad_revision%'"),
                  Rows{});
    }

    static RevisionGraph three_revisions() {
        std::vector<Revision> revisions(3);
        revisions[0].id = "001";
        revisions[1].id = "002";
        revisions[1].down_revisions = {"001"};
        revisions[2].id = "003";
        revisions[2].down_revisions = {"002"};
        return RevisionGraph(std::move(revisions));
    }

    Client observer_{test::server_settings()};
    std::string name_ = "mad_test_" + observer_.process();
    ConnectionSettings settings_ = test::server_settings(name_);
    RevisionGraph graph_ = three_revisions();
    test::ScriptShelf scripts_;
    MigrationOrder order_{.branch = "results",
                          .direction = Direction::upgrade,
                          .target = "head",
                          .lock_patience = 60s,
                          .kit_sql = shipped_kit(),
                          .run = {}};
};

TEST_F(MigrationTest, DoesAllOnce) {
    const MigrationResult result = migrate_undisturbed();
    EXPECT_EQ(result.steps, 3U);
    expect_all_done_once();
    EXPECT_EQ(migrate_undisturbed().steps, 0U);
    expect_all_done_once();
}

TEST_F(MigrationTest, GoesOnAfterASessionThatWasLostAnywhere) {
    for (const auto moment :
         {InterruptedSession::Moment::before, InterruptedSession::Moment::after}) {
        int call = 1;
        while (migrate_until(call, moment)) {
            SCOPED_TRACE(call);
            migrate_undisturbed();
            expect_all_done_once();
            begin_anew();
            ++call;
        }
        expect_all_done_once();
        EXPECT_GT(call, 14);
        begin_anew();
    }
}

TEST_F(MigrationTest, LetsOneOfSeveralDoEachStep) {
    Client client(settings_);
    std::vector<Client::Pointer> connections;
    for (int i = 0; i < 4; ++i) {
        connections.push_back(client.reactor.complete(connect(client.reactor, settings_, {})));
    }
    std::vector<MigrationResult> results(connections.size());
    const Migrations migrations{client.reactor, graph_, scripts_, order_};
    std::size_t next = 0;
    // Each keeps the lock until its session ends.
    const auto go = [&](std::size_t i) -> Task<void> {
        co_await migrate(migrations, *connections[i], name_, results[i]);
        connections[i].reset();
    };
    client.reactor.complete_all(
        [&]() -> std::optional<Task<void>> {
            if (next == connections.size()) return std::nullopt;
            return go(next++);
        },
        connections.size());
    std::size_t steps = 0;
    for (const MigrationResult& result : results) steps += result.steps;
    EXPECT_EQ(steps, 3U);
    expect_all_done_once();
}

TEST_F(MigrationTest, NamesWhoHoldsTheLock) {
    ConnectionSettings settings = settings_;
    settings.application_name = "the holder";
    Client holder(settings);
    holder.run(prepare_sql(order_.branch, order_.kit_sql));
    EXPECT_TRUE(
        holder.reactor.complete(lock_and_inspect(*holder.connection, order_.branch, order_.kit_sql))
            .locked);
    order_.lock_patience = 0ms;
    const Report report = failure_of([&] { migrate_undisturbed(); });
    EXPECT_EQ(report.sqlstate, "MM017");
    EXPECT_NE(report.detail.find("process " + holder.process()), std::string::npos);
    EXPECT_NE(report.detail.find("application \"the holder\""), std::string::npos);
    holder.connection.reset();
    observer_.await(
        "NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = '" +
        name_ + "'))");
    EXPECT_EQ(migrate_undisturbed().steps, 3U);
}

TEST_F(MigrationTest, KeepsNothingOfARehearsal) {
    order_.rehearse = true;
    scripts_.put("002", Direction::upgrade, {within("INSERT INTO t VALUES (2)")});
    EXPECT_EQ(migrate_undisturbed().steps, 3U);
    EXPECT_EQ(migrate_undisturbed().steps, 3U) << "the same again";
    expect_nothing_there();
}

TEST_F(MigrationTest, RehearsesNothingBehindAStepThatNoTransactionHolds) {
    order_.rehearse = true;
    const MigrationResult result = migrate_undisturbed();
    EXPECT_EQ(result.steps, 1U);
    EXPECT_EQ(result.after, Heads{"001"});
    expect_nothing_there();
}

TEST_F(MigrationTest, KeepsNothingOfARehearsalThatFails) {
    order_.rehearse = true;
    scripts_.put("002", Direction::upgrade,
                 {within("INSERT INTO t VALUES (2)"), within("SELECT y FROM t")});
    const Report report = failure_of([&] { migrate_undisturbed(); });
    EXPECT_EQ(report.sqlstate, "42703");
    EXPECT_NE(report.context.find("statement 2 of 2, line 6"), std::string::npos) << report.context;
    expect_nothing_there();
}

TEST_F(MigrationTest, NamesTheStatementThatFailed) {
    scripts_.put("002", Direction::upgrade,
                 {within("INSERT INTO t VALUES (2)"), within("SELECT 'ä', y\nFROM t")});
    const Report report = failure_of([&] { migrate_undisturbed(); });
    EXPECT_EQ(report.sqlstate, "42703");
    EXPECT_EQ(report.context,
              "statement 2 of 2, line 6 of script \"002.sql\": SELECT 'ä', y ...\n"
              "upgrade of revision \"002\", branch \"results\", database \"" +
                  name_ + "\"");
    Client client(settings_);
    EXPECT_EQ(client.run("SELECT x FROM public.t"), (Rows{{"1"}}));
    EXPECT_EQ(client.value("SHOW mad_revision.results"), "001");
}

/// Somebody else's statement, that is, for no script of ours would touch it.
TEST_F(MigrationTest, KeepsNothingOfAStepWhoseVersionRowIsNotAsExpected) {
    struct Case {
        std::string meddling;
        std::string message;
    };
    const std::string table = "mad_migrate.alembic_version_results";
    const std::vector<Case> cases{
        {"DELETE FROM " + table, "version table \"" + table + "\" does not hold revision \"001\""},
        {"INSERT INTO " + table + " VALUES ('002')",
         "version table \"" + table + "\" already holds revision \"002\""},
        {"UPDATE " + table + " SET version_num = 'elsewhere'",
         "version table \"" + table + "\" does not hold revision \"001\""}};
    order_.target = "001";
    migrate_undisturbed();
    order_.target = "head";
    for (const Case& one : cases) {
        SCOPED_TRACE(one.meddling);
        scripts_.put("002", Direction::upgrade, {within(one.meddling)});
        const Report report = failure_of([&] { migrate_undisturbed(); });
        EXPECT_EQ(report.sqlstate, "MM016");
        EXPECT_EQ(report.message, one.message);
        Client client(settings_);
        EXPECT_EQ(client.run("SELECT version_num FROM " + table), (Rows{{"001"}}));
        EXPECT_EQ(client.value("SHOW mad_revision.results"), "001");
        EXPECT_EQ(client.value("SELECT count(*) FROM mad_migrate.history"), "1");
    }
}

}  // namespace
}  // namespace mad::remote
