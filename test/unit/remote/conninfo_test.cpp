// What libpq is told of a connection, and what nobody may tell it.
#include "remote/conninfo.hpp"

#include <cstdlib>

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "support/core/failure_of.hpp"

namespace mad::remote {
namespace {

using test::failure_of;
using Parameters = std::map<std::string, std::string>;

ConnectionSettings complete_settings() {
    ConnectionSettings settings;
    settings.host = "/run/here";
    settings.port = "5433";
    settings.user = "owner";
    settings.database = "mad_results_1";
    return settings;
}

Report refusal(const std::string& administrator_options) {
    ConnectionSettings settings = complete_settings();
    settings.administrator_options = administrator_options;
    return failure_of([&] { connection_parameters(settings); });
}

std::string all_text(const Report& report) {
    return report.message + report.detail + report.hint + report.context;
}

TEST(Conninfo, SaysWhatIsWantedAndShutsOutTheHomeOfTheServersAccount) {
    const std::string none = "/dev/null/none";
    EXPECT_EQ(connection_parameters(complete_settings()), (Parameters{{"host", "/run/here"},
                                                                      {"port", "5433"},
                                                                      {"user", "owner"},
                                                                      {"dbname", "mad_results_1"},
                                                                      {"client_encoding", "UTF8"},
                                                                      {"gssencmode", "disable"},
                                                                      {"passfile", none},
                                                                      {"sslcert", none},
                                                                      {"sslcrl", none},
                                                                      {"sslkey", none},
                                                                      {"sslrootcert", none}}));
}

TEST(Conninfo, SaysWhatElseIsGiven) {
    ConnectionSettings settings = complete_settings();
    settings.application_name = "mad_migrate";
    settings.requirepeer = "postgres";
    settings.session_settings = {{"search_path", "public"}};
    const Parameters parameters = connection_parameters(settings);
    EXPECT_EQ(parameters.at("application_name"), "mad_migrate");
    EXPECT_EQ(parameters.at("requirepeer"), "postgres");
    EXPECT_EQ(parameters.at("options"), "-c search_path=public");
}

TEST(Conninfo, LetsTheAdministratorAddAndReplaceDefaults) {
    ConnectionSettings settings = complete_settings();
    settings.administrator_options = R"(password='it\'s' sslmode=verify-full sslrootcert=/etc/ca)";
    const Parameters parameters = connection_parameters(settings);
    EXPECT_EQ(parameters.at("password"), "it's");
    EXPECT_EQ(parameters.at("sslmode"), "verify-full");
    EXPECT_EQ(parameters.at("sslrootcert"), "/etc/ca");
}

TEST(Conninfo, LetsTheAdministratorLeadNobodyElsewhere) {
    ConnectionSettings settings = complete_settings();
    settings.requirepeer = "postgres";
    settings.administrator_options = "host=/tmp port=1 requirepeer=mallory";
    const Parameters parameters = connection_parameters(settings);
    EXPECT_EQ(parameters.at("host"), "/run/here");
    EXPECT_EQ(parameters.at("port"), "5433");
    EXPECT_EQ(parameters.at("requirepeer"), "postgres");
}

TEST(Conninfo, RefusesKeywordsOfOurOwnWithoutQuotingTheOptions) {
    for (const std::string keyword : {"hostaddr", "dbname", "user", "options", "application_name",
                                      "client_encoding", "replication", "service"}) {
        const Report report = refusal("password=secret " + keyword + "=s3cret");
        EXPECT_EQ(report.sqlstate, "22023");
        EXPECT_EQ(report.message, "connection option \"" + keyword + "\" cannot be set");
        EXPECT_EQ(all_text(report).find("cret"), std::string::npos) << all_text(report);
    }
}

TEST(Conninfo, RefusesWhatIsNoListOfOptionsWithoutQuotingIt) {
    for (const std::string options :
         {"password=s3cret nonsense", "s3cret", "s3cret=1", "password='s3cret", "= s3cret",
          "postgres://s3cret:s3cret@[::1/x"}) {
        const Report report = refusal(options);
        EXPECT_EQ(report.sqlstate, "22023") << options;
        EXPECT_EQ(all_text(report).find("s3cret"), std::string::npos) << all_text(report);
    }
}

TEST(Conninfo, RefusesToLeaveWhoAndWhereToTheEnvironment) {
    for (std::string ConnectionSettings::* const member :
         {&ConnectionSettings::host, &ConnectionSettings::user, &ConnectionSettings::database}) {
        ConnectionSettings settings = complete_settings();
        (settings.*member).clear();
        settings.administrator_options = "host=/tmp";
        EXPECT_EQ(failure_of([&] { connection_parameters(settings); }).sqlstate, "22023");
    }
}

TEST(Conninfo, EscapesSettingsAsTheServerReadsThem) {
    EXPECT_EQ(startup_options({}), "");
    EXPECT_EQ(startup_options({{"a", "1"}, {"b.c", ""}}), "-c a=1 -c b.c=");
    EXPECT_EQ(startup_options({{"a", "x y\tz\n\\"}}), "-c a=x\\ y\\\tz\\\n\\\\");
}

}  // namespace
}  // namespace mad::remote
