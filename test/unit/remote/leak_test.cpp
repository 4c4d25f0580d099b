// Nothing that the server's own account or its starter has about them shapes a connection.
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "support/remote/client.hpp"
#include "support/remote/fake_server.hpp"

namespace mad::remote {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::FakeServer;

/// Variables as a test sets them, until its end.
class Variables {
 public:
    Variables() = default;
    Variables(const Variables&) = delete;
    Variables& operator=(const Variables&) = delete;
    ~Variables() {
        for (const auto& [name, value] : before_) {
            value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
        }
    }
    void set(const std::string& name, const std::string& value) {
        const char* const old = std::getenv(name.c_str());
        before_.try_emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
        setenv(name.c_str(), value.c_str(), 1);
    }

 private:
    std::map<std::string, std::optional<std::string>> before_;
};

/// All that this libpq knows, and what it reads without listing it.
std::vector<std::string> variables_of_libpq() {
    std::vector<std::string> names{"PGDATESTYLE", "PGTZ", "PGGEQO", "PGSYSCONFDIR"};
    PQconninfoOption* const options = PQconndefaults();
    for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
        if (option->envvar != nullptr) names.emplace_back(option->envvar);
    }
    PQconninfoFree(options);
    return names;
}

class LeakTest : public testing::Test {
 protected:
    ConnectionSettings settings_for(const FakeServer& server) const {
        ConnectionSettings settings;
        settings.host = server.host();
        settings.port = FakeServer::port();
        settings.user = "owner";
        settings.database = "mad_results_1";
        return settings;
    }
    /// What a server that asks for a password is told.
    static std::vector<std::string> heard_by_one_that_asks(const ConnectionSettings& settings,
                                                           FakeServer& server) {
        Client client;
        client.host.before_wait = [&] { server.serve(); };
        test::failure_of([&] { client.open(settings, client.host.now() + 20s); });
        return server.heard;
    }

    Variables variables_;
};

TEST_F(LeakTest, ConnectsWhateverTheEnvironmentSays) {
    const std::vector<std::string> names = variables_of_libpq();
    EXPECT_GT(names.size(), 20U);
    for (const std::string& name : names) variables_.set(name, "leaked");
    ConnectionSettings settings = test::server_settings();
    Client client(settings);
    EXPECT_EQ(client.value("SELECT count(*) FROM pg_settings WHERE setting = 'leaked' OR "
                           "reset_val = 'leaked'"),
              "0");
    for (const std::string& name : names) EXPECT_STREQ(std::getenv(name.c_str()), "leaked");
}

TEST_F(LeakTest, TakesNoSettingsFromTheEnvironment) {
    variables_.set("PGOPTIONS", "-c work_mem=77MB");
    variables_.set("PGTZ", "Asia/Tokyo");
    variables_.set("PGDATESTYLE", "German");
    variables_.set("PGGEQO", "off");
    variables_.set("PGCLIENTENCODING", "LATIN1");
    variables_.set("PGAPPNAME", "leaked");
    variables_.set("PGDATABASE", "template1");
    Client client(test::server_settings());
    EXPECT_EQ(client.value("SELECT count(*) FROM pg_settings WHERE source = 'client' AND name <> "
                           "'client_encoding'"),
              "0");
    EXPECT_EQ(client.value("SHOW client_encoding"), "UTF8");
    EXPECT_EQ(client.value("SELECT current_database()"), "postgres");
}

TEST_F(LeakTest, TakesNoPasswordFromTheEnvironment) {
    variables_.set("PGPASSWORD", "s3cret");
    FakeServer server({test::ask_for_password()}, FakeServer::AtTheEnd::hang_up);
    const auto heard = heard_by_one_that_asks(settings_for(server), server);
    ASSERT_EQ(heard.size(), 1U) << "only the request to connect";
    EXPECT_EQ(heard[0].find("s3cret"), std::string::npos);
}

TEST_F(LeakTest, TakesNoPasswordFromTheHomeOfTheAccount) {
    FakeServer server({test::ask_for_password()}, FakeServer::AtTheEnd::hang_up);
    const std::string file = server.host() + "/.pgpass";
    std::ofstream(file) << "*:*:*:*:s3cret\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    variables_.set("HOME", server.host());
    EXPECT_EQ(heard_by_one_that_asks(settings_for(server), server).size(), 1U);

    ConnectionSettings pointed_there = settings_for(server);
    pointed_there.administrator_options = "passfile=" + file;
    FakeServer other({test::ask_for_password()}, FakeServer::AtTheEnd::hang_up);
    pointed_there.host = other.host();
    const auto heard = heard_by_one_that_asks(pointed_there, other);
    ASSERT_EQ(heard.size(), 2U) << "the file is one that libpq would have taken";
    EXPECT_NE(heard[1].find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace mad::remote
