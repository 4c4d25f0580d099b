// Which session is opened, which is refused, and what a refusal tells.
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

class ConnectionTest : public testing::Test {
 protected:
    /// Also looks that a refused connection leaves nothing behind.
    static Report refusal(const ConnectionSettings& settings, Deadline deadline = {}) {
        Client client;
        const std::size_t descriptors = test::count_descriptors();
        const Report report = failure_of([&] { client.open(settings, deadline); });
        EXPECT_EQ(client.host.sockets, 0);
        EXPECT_EQ(test::count_descriptors(), descriptors);
        return report;
    }
    static ConnectionSettings settings_for(const FakeServer& server) {
        ConnectionSettings settings;
        settings.host = server.host();
        settings.port = FakeServer::port();
        settings.user = "owner";
        settings.database = "mad_results_1";
        return settings;
    }
    static Report refusal_by(FakeServer& server, const ConnectionSettings& settings) {
        Client client;
        client.host.before_wait = [&] { server.serve(); };
        const Report report = failure_of([&] { client.open(settings, client.host.now() + 20s); });
        EXPECT_EQ(client.host.sockets, 0);
        return report;
    }
};

TEST_F(ConnectionTest, OpensTheSessionThatIsAskedFor) {
    ConnectionSettings settings = test::server_settings("template1");
    settings.application_name = "mad_migrate";
    Client client(settings);
    EXPECT_EQ(client.host.sockets, 1);
    EXPECT_EQ(client.run("SELECT current_database(), session_user, application_name FROM "
                         "pg_stat_activity WHERE pid = pg_backend_pid()"),
              (Rows{{"template1", settings.user, "mad_migrate"}}));
    EXPECT_TRUE(client.connection->owns_transactions());
    client.connection.reset();
    EXPECT_EQ(client.host.sockets, 0);
}

TEST_F(ConnectionTest, TakesADatabasesNameForNothingElse) {
    for (const std::string name :
         {"dbname=postgres", "postgres://localhost/postgres", "host=/nowhere dbname=postgres"}) {
        EXPECT_NE(refusal(test::server_settings(name))
                      .detail.find("database \"" + name + "\" does not exist"),
                  std::string::npos);
    }
}

TEST_F(ConnectionTest, TellsOfADatabaseThatIsMissing) {
    const Report report = refusal(test::server_settings("no such"));
    EXPECT_EQ(report.sqlstate, "08001");
    EXPECT_EQ(report.message, "could not connect to database \"no such\"");
    EXPECT_NE(report.detail.find("FATAL:  database \"no such\" does not exist"), std::string::npos)
        << report.detail;
    EXPECT_EQ(report.hint, "Check that the database exists and that role \"" + test::told("USER") +
                               "\" may connect to it.");
}

TEST_F(ConnectionTest, TellsOfARoleThatIsMissing) {
    ConnectionSettings settings = test::server_settings();
    settings.user = "nobody here";
    EXPECT_NE(refusal(settings).detail.find("role \"nobody here\" does not exist"),
              std::string::npos);
}

TEST_F(ConnectionTest, TellsOfAServerThatIsNotThere) {
    ConnectionSettings settings = test::server_settings();
    settings.host = "/nonexistent";
    settings.administrator_options = "password=s3cret";
    const Report report = refusal(settings);
    EXPECT_EQ(report.sqlstate, "08001");
    EXPECT_NE(report.detail.find("No such file or directory"), std::string::npos);
    EXPECT_EQ((report.message + report.detail + report.hint).find("s3cret"), std::string::npos);
}

TEST_F(ConnectionTest, TellsOfWhatLibpqRefuses) {
    ConnectionSettings settings = test::server_settings();
    settings.port = "65536";
    EXPECT_NE(refusal(settings).detail.find("invalid port number"), std::string::npos);
}

TEST_F(ConnectionTest, RefusesAServerOfAnotherSystemUser) {
    ConnectionSettings settings = test::server_settings();
    settings.requirepeer = "nobody";
    EXPECT_NE(refusal(settings).detail.find("requirepeer specifies \"nobody\""), std::string::npos);
}

TEST_F(ConnectionTest, KnowsTheServerByTheTimeItWasStarted) {
    ConnectionSettings settings = test::server_settings();
    Client client(settings);
    settings.expected_instance = client.value(
        "SELECT to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD HH24:MI:SS.US\"+00\"')");
    Client again(settings);
    EXPECT_EQ(again.value("SELECT 1"), "1");

    settings.expected_instance = "2000-01-01 00:00:00+00";
    const Report report = refusal(settings);
    EXPECT_EQ(report.sqlstate, "08001");
    EXPECT_EQ(report.message, "database \"postgres\" was found on another server");
    EXPECT_EQ(report.detail, "The server asked for was started at 2000-01-01 00:00:00+00.");
}

TEST_F(ConnectionTest, RefusesASessionOfAnotherRole) {
    FakeServer server({test::let_in("mallory")}, FakeServer::AtTheEnd::say_nothing);
    const Report report = refusal_by(server, settings_for(server));
    EXPECT_EQ(report.message, "session has another session authorization than asked for");
    EXPECT_EQ(report.detail, "Asked for \"owner\", got \"mallory\".");
}

TEST_F(ConnectionTest, GivesUpAtTheDeadlineOnAServerThatSaysNothing) {
    const FakeServer server({}, FakeServer::AtTheEnd::say_nothing);
    const TimePoint start = Clock::now();
    const Report report = refusal(settings_for(server), start + 50ms);
    EXPECT_GE(Clock::now() - start, 50ms);
    EXPECT_LT(Clock::now() - start, 5s);
    EXPECT_EQ(report.sqlstate, "08001");
    EXPECT_EQ(report.message, "could not connect to database \"mad_results_1\"");
    EXPECT_EQ(report.detail, "The server did not answer in time.");
}

TEST_F(ConnectionTest, GivesUpAtTheDeadlineOnAServerThatLetsInAndSaysNoMore) {
    FakeServer server({test::let_in("owner")}, FakeServer::AtTheEnd::say_nothing);
    ConnectionSettings settings = settings_for(server);
    settings.expected_instance = "2000-01-01 00:00:00+00";
    Client client;
    client.host.before_wait = [&] { server.serve(); };
    const Report report = failure_of([&] { client.open(settings, client.host.now() + 300ms); });
    EXPECT_EQ(report.detail, "The server did not answer in time.");
    EXPECT_EQ(client.host.sockets, 0);
}

TEST_F(ConnectionTest, CanBeCancelledWhileItConnects) {
    const FakeServer server({}, FakeServer::AtTheEnd::say_nothing);
    Client client;
    client.host.before_wait = [&] {
        if (client.host.waits == 2) throw test::Cancelled();
    };
    const std::size_t descriptors = test::count_descriptors();
    EXPECT_THROW(client.open(settings_for(server)), test::Cancelled);
    EXPECT_EQ(client.host.sockets, 0);
    EXPECT_EQ(test::count_descriptors(), descriptors);
}

TEST_F(ConnectionTest, TellsOfAServerThatHangsUp) {
    FakeServer server({}, FakeServer::AtTheEnd::hang_up);
    EXPECT_NE(refusal_by(server, settings_for(server))
                  .detail.find("server closed the connection unexpectedly"),
              std::string::npos);
}

TEST_F(ConnectionTest, TellsOfAServerThatTalksNonsense) {
    FakeServer server({"HTTP/1.1 400 Bad Request\r\n\r\n"}, FakeServer::AtTheEnd::hang_up);
    EXPECT_EQ(refusal_by(server, settings_for(server)).sqlstate, "08001");
}

TEST_F(ConnectionTest, SaysThatThePasswordIsMissing) {
    FakeServer server({test::ask_for_password()}, FakeServer::AtTheEnd::hang_up);
    const Report report = refusal_by(server, settings_for(server));
    EXPECT_NE(report.detail.find("no password supplied"), std::string::npos);
    EXPECT_EQ(report.hint,
              "Check that the database exists and that role \"owner\" may connect to it; the "
              "server asks for a password.");
}

TEST_F(ConnectionTest, TellsNobodyThePassword) {
    FakeServer server(
        {test::ask_for_password(),
         test::message('E', std::string("SFATAL\0VFATAL\0C28P01\0Mno entry\0", 31) + '\0')},
        FakeServer::AtTheEnd::hang_up);
    ConnectionSettings settings = settings_for(server);
    settings.administrator_options = "password=s3cret";
    const Report report = refusal_by(server, settings);
    ASSERT_EQ(server.heard.size(), 2U);
    EXPECT_NE(server.heard[1].find("s3cret"), std::string::npos);
    EXPECT_NE(report.detail.find("no entry"), std::string::npos);
    EXPECT_EQ((report.message + report.detail + report.hint + report.context).find("s3cret"),
              std::string::npos);
}

TEST_F(ConnectionTest, OpensNoMoreSocketsThanTheHostAllows) {
    Client client;
    client.host.socket_limit = 0;
    const std::size_t descriptors = test::count_descriptors();
    EXPECT_EQ(failure_of([&] { client.open(test::server_settings()); }).message,
              "too many sockets");
    EXPECT_EQ(test::count_descriptors(), descriptors);
    EXPECT_EQ(client.host.waits, 0);
}

TEST_F(ConnectionTest, ReservesNothingForOptionsThatAreRefused) {
    ConnectionSettings settings = test::server_settings();
    settings.administrator_options = "user=mallory";
    EXPECT_EQ(refusal(settings).sqlstate, "22023");
}

TEST_F(ConnectionTest, MakesSettingsThatSurviveAReset) {
    ConnectionSettings settings = test::server_settings();
    const std::string odd = "a 'b' \"c\" \\ \t -c work_mem=1 ä";
    settings.session_settings = {{"search_path", "\"my schema\", public"},
                                 {"mad_migrate.odd", odd},
                                 {"mad_migrate.empty", ""},
                                 {"statement_timeout", "12345ms"}};
    Client client(settings);
    for (const std::string before : {"", "RESET ALL; ", "SET search_path = x; RESET ALL; "}) {
        EXPECT_EQ(client.value(before + "SHOW mad_migrate.odd"), odd);
        EXPECT_EQ(client.value(before + "SHOW mad_migrate.empty"), "");
        EXPECT_EQ(client.value(before + "SHOW statement_timeout"), "12345ms");
    }
    EXPECT_EQ(client.alone("SHOW search_path"), "\"my schema\", public");
    EXPECT_EQ(client.value("SHOW search_path"), "pg_catalog, pg_temp");
}

}  // namespace
}  // namespace mad::remote
