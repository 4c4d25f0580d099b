// Statements in a session: their rows, their errors, and a session that is of use afterwards.
#include "remote/connection.hpp"

#include <gtest/gtest.h>

#include "support/remote/client.hpp"
#include "support/remote/fake_server.hpp"

namespace mad::remote {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::failure_of;
using test::FakeServer;

using SessionTest = test::RemoteTest;

TEST_F(SessionTest, GivesTheRowsOfTheLastStatement) {
    EXPECT_EQ(client_.run("SELECT 1; SELECT 2, NULL, '' UNION ALL SELECT 3, 'x', 'y'"),
              (Rows{{"2", std::nullopt, std::string()}, {"3", "x", "y"}}));
    EXPECT_EQ(client_.run("SELECT 1; SET work_mem = '1MB'"), Rows{});
    EXPECT_EQ(client_.run("SELECT WHERE false"), Rows{});
    EXPECT_EQ(client_.run(""), Rows{});
    EXPECT_EQ(client_.run(" -- nothing"), Rows{});
}

TEST_F(SessionTest, TellsWhichStatementFailedAndWhere) {
    const Report report =
        client_.failure("SELECT 1;\nSELECT 'ä€';\nSELECT 'ö' FROM nowhere;\nSELECT 2");
    EXPECT_EQ(report.sqlstate, "42P01");
    EXPECT_EQ(report.message, "relation \"nowhere\" does not exist");
    EXPECT_EQ(report.completed_statements, 2U);
    EXPECT_EQ(report.position, 40);

    const Report syntax = client_.failure("SELECT 1;\nSELEC 2");
    EXPECT_EQ(syntax.sqlstate, "42601");
    EXPECT_EQ(syntax.completed_statements, 0U) << "nothing runs of what cannot be parsed";
    EXPECT_EQ(syntax.position, 11);
}

TEST_F(SessionTest, KeepsAllThatTheServerSaysOfAnError) {
    const Report report = client_.failure(
        "DO $$BEGIN RAISE 'message' USING ERRCODE = 'MM999', DETAIL = 'detail', HINT = 'hint'; "
        "END$$");
    EXPECT_EQ(report.sqlstate, "MM999");
    EXPECT_EQ(report.message, "message");
    EXPECT_EQ(report.detail, "detail");
    EXPECT_EQ(report.hint, "hint");
    EXPECT_EQ(report.context, "PL/pgSQL function inline_code_block line 1 at RAISE");
    EXPECT_EQ(report.position, 0);
}

TEST_F(SessionTest, IsOfUseAfterAFailure) {
    EXPECT_EQ(client_.failure("SELECT 1/0").sqlstate, "22012");
    EXPECT_EQ(client_.value("SELECT 1"), "1");
}

TEST_F(SessionTest, RefusesBytesThatAreNoText) {
    const Report nul = client_.failure(std::string("SELECT '\0'", 10));
    EXPECT_EQ(nul.sqlstate, "22021");
    EXPECT_EQ(nul.message, "statement contains a NUL byte");
    EXPECT_EQ(client_.failure("SELECT '\xC3'").sqlstate, "22021");
    EXPECT_EQ(client_.value("SELECT 'ä€𝄞'"), "ä€𝄞");
}

TEST_F(SessionTest, TakesHugeResults) {
    const Rows rows = client_.run("SELECT i, repeat('x', 1000) FROM generate_series(1, 50000) i");
    ASSERT_EQ(rows.size(), 50'000U);
    EXPECT_EQ(rows.back(), (Row{"50000", std::string(1000, 'x')}));
    EXPECT_GT(client_.host.waits, 10);
    EXPECT_EQ(client_.value("SELECT repeat('ä', 5000000)").size(), 10'000'000U);
}

TEST_F(SessionTest, SendsHugeStatements) {
    const std::string text(20'000'000, 'x');
    const int waits = client_.host.waits;
    EXPECT_EQ(client_.value("SELECT length('" + text + "')"), "20000000");
    EXPECT_GT(client_.host.waits, waits + 2) << "a socket takes no such message at once";
}

TEST_F(SessionTest, TakesManyStatementsInOneMessage) {
    std::string sql;
    for (int i = 0; i < 5000; ++i) sql += "SELECT " + std::to_string(i) + ";";
    EXPECT_EQ(client_.value(sql), "4999");
    EXPECT_EQ(client_.failure(sql + "SELECT 1/(SELECT 0)").completed_statements, 5000U);
}

TEST_F(SessionTest, RefusesToCopyFromAClientThatIsNone) {
    client_.run("CREATE TEMP TABLE t (x text)");
    for (const std::string before : {"", "INSERT INTO t VALUES ('a'); "}) {
        const Report report = client_.failure(before + "COPY t FROM STDIN; SELECT 1");
        EXPECT_EQ(report.message, "COPY FROM STDIN cannot be run here");
        EXPECT_EQ(report.completed_statements, before.empty() ? 0U : 1U);
        EXPECT_EQ(client_.value("SELECT count(*) FROM t"), "0") << "the statements are one";
    }
}

TEST_F(SessionTest, RefusesToCopyToAClientThatIsNone) {
    const Report report = client_.failure(
        "SELECT 1; COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT");
    EXPECT_EQ(report.message, "COPY TO STDOUT cannot be run here");
    EXPECT_EQ(report.completed_statements, 1U);
    EXPECT_EQ(client_.value("SELECT 1"), "1");
    EXPECT_EQ(
        client_.failure("COPY (SELECT 1 UNION ALL SELECT 1/(random() * 0)::int) TO STDOUT").message,
        "COPY TO STDOUT cannot be run here");
    EXPECT_EQ(client_.value("SELECT 1"), "1");
}

TEST_F(SessionTest, LeavesNoTransactionOpen) {
    client_.run("CREATE TEMP TABLE t ()");
    const Report report = client_.failure("BEGIN; INSERT INTO t DEFAULT VALUES");
    EXPECT_EQ(report.sqlstate, "25001");
    EXPECT_EQ(report.message, "statements left a transaction open");
    EXPECT_EQ(client_.value("SELECT count(*) FROM t"), "0");
    EXPECT_EQ(client_.run("BEGIN; INSERT INTO t DEFAULT VALUES; COMMIT"), Rows{});
    EXPECT_EQ(client_.value("SELECT count(*) FROM t"), "1");
}

TEST_F(SessionTest, LeavesAFailedTransactionWithTheFailureThatItHad) {
    EXPECT_EQ(client_.failure("BEGIN; SELECT 1/0").sqlstate, "22012");
    EXPECT_EQ(client_.value("SELECT 1"), "1");
}

TEST_F(SessionTest, TellsWhyTheServerEndedTheSession) {
    client_.host.before_wait = [this, process = client_.process(), done = false]() mutable {
        if (std::exchange(done, true)) return;
        observer_.await(test::sleeps(process));
        observer_.run("SELECT pg_terminate_backend(" + process + ")");
    };
    const Report report = client_.failure("SELECT 1; SELECT pg_sleep(600)");
    EXPECT_EQ(report.sqlstate, "57P01");
    EXPECT_EQ(report.message, "terminating connection due to administrator command");
    EXPECT_EQ(report.completed_statements, 1U);

    const Report after = client_.failure("SELECT 1");
    EXPECT_EQ(after.sqlstate, "08001");
    EXPECT_EQ(after.message, "connection to database \"postgres\" was lost");
    EXPECT_NE(after.detail, "");
    EXPECT_EQ(failure_of([&] { client_.transact("SELECT 1", "SELECT 2"); }).sqlstate, "08001");
    client_.connection.reset();
    EXPECT_EQ(client_.host.sockets, 0);
}

TEST_F(SessionTest, TellsWhyTheServerEndedASessionThatWasIdle) {
    const std::string process = client_.process();
    observer_.run("SELECT pg_terminate_backend(" + process + ")");
    observer_.await(test::is_gone(process));
    const Report report = client_.failure("SELECT 1");
    EXPECT_EQ(report.sqlstate, "57P01");
    EXPECT_EQ(client_.failure("SELECT 1").sqlstate, "08001");
}

TEST_F(SessionTest, FindsTheSessionGoneWhileItStillSends) {
    const std::string process = client_.process();
    client_.host.before_wait = [&, done = false]() mutable {
        if (!std::exchange(done, true)) {
            observer_.run("SELECT pg_terminate_backend(" + process + ")");
        }
    };
    const std::string sqlstate =
        client_.failure("SELECT length('" + std::string(50'000'000, 'x') + "')").sqlstate;
    EXPECT_TRUE(sqlstate == "57P01" || sqlstate == "08001") << sqlstate;
    EXPECT_EQ(client_.failure("SELECT 1").sqlstate, "08001");
}

/// A session that a server let in which then answers as told.
struct StrangeSession {
    StrangeSession(std::vector<std::string> answers, FakeServer::AtTheEnd at_the_end)
        : server((answers.insert(answers.begin(), test::let_in("owner")), answers), at_the_end) {
        ConnectionSettings settings;
        settings.host = server.host();
        settings.port = FakeServer::port();
        settings.user = "owner";
        settings.database = "mad_results_1";
        client.host.before_wait = [this] { server.serve(); };
        client.open(settings, client.host.now() + 20s);
    }

    FakeServer server;
    Client client;
};

TEST(StrangeServer, HangsUpInTheMiddle) {
    StrangeSession strange({}, FakeServer::AtTheEnd::hang_up);
    const Report report = strange.client.failure("SELECT 1");
    EXPECT_EQ(report.sqlstate, "08001");
    EXPECT_EQ(report.message, "connection to database \"mad_results_1\" was lost");
    EXPECT_NE(report.detail.find("server closed the connection unexpectedly"), std::string::npos);
}

TEST(StrangeServer, HangsUpInTheMiddleOfAMessage) {
    StrangeSession strange({test::message('T', std::string(100, '\0')).substr(0, 50)},
                           FakeServer::AtTheEnd::hang_up);
    strange.client.host.before_wait = [&] {
        strange.server.serve();
        if (strange.server.heard.size() == 2) strange.server.hang_up();
    };
    EXPECT_EQ(strange.client.failure("SELECT 1").sqlstate, "08001");
}

TEST(StrangeServer, TalksNonsense) {
    for (const std::string& nonsense :
         {std::string(100, '\xFF'), test::message('?', "what"), test::message('T', "\xFF\xFF"),
          test::message('D', "no row was announced"), std::string("T\0\0\0\0", 5)}) {
        StrangeSession strange({nonsense}, FakeServer::AtTheEnd::say_nothing);
        strange.client.host.before_wait = [&] {
            strange.server.serve();
            if (strange.server.heard.size() == 2) strange.server.hang_up();
        };
        EXPECT_EQ(strange.client.failure("SELECT 1").sqlstate, "08001") << nonsense;
        strange.client.connection.reset();
        EXPECT_EQ(strange.client.host.sockets, 0);
    }
}

}  // namespace
}  // namespace mad::remote
