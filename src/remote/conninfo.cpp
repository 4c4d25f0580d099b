// Connection keywords: what must not depend on the server's own account, what the administrator
// adds, and what is ours alone.
#include "remote/conninfo.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/text.hpp"

namespace mad::remote {
namespace {

using Parameters = std::map<std::string, std::string>;

// A service file could set any of the others.
constexpr std::array<std::string_view, 8> reserved_keywords{
    "hostaddr",         "dbname",          "user",        "options",
    "application_name", "client_encoding", "replication", "service"};

/// libpq takes an empty value for "use the default", and its defaults are files in the home of the
/// account that the server runs under.
constexpr const char* no_file = "/dev/null/none";

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Parameters defaults() {
    return {{"gssencmode", "disable"}, {"passfile", no_file}, {"sslcert", no_file},
            {"sslcrl", no_file},       {"sslkey", no_file},   {"sslrootcert", no_file}};
}

/// libpq's own message would quote from the text, which may hold a password.
Options parse_options(const std::string& text) {
    char* message = nullptr;
    Options options(PQconninfoParse(text.c_str(), &message));
    PQfreemem(message);
    if (!options) {
        throw Failure(Code::invalid_parameter, "invalid connection options",
                      "They are not a list of keyword=value pairs with keywords of libpq.",
                      "Correct them; a value with spaces needs single quotes around it.");
    }
    return options;
}

void check_not_reserved(std::string_view keyword) {
    if (std::ranges::find(reserved_keywords, keyword) == reserved_keywords.end()) return;
    throw Failure(Code::invalid_parameter,
                  mad::format("connection option \"{}\" cannot be set", keyword),
                  mad::format("Set for each session: {}.", join(reserved_keywords, ", ")),
                  "Remove it from the connection options.");
}

void add_administrator_options(const std::string& text, Parameters& parameters) {
    const Options options = parse_options(text);
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        check_not_reserved(option->keyword);
        parameters[option->keyword] = option->val;
    }
}

/// Without them libpq would ask the server's environment, or take the name of its account.
void check_given(std::string_view keyword, const std::string& value) {
    if (!value.empty()) return;
    throw Failure(Code::invalid_parameter, mad::format("connection without a {}", keyword));
}

}  // namespace

std::string startup_options(const SessionSettings& settings) {
    std::string options;
    for (const auto& [name, value] : settings) {
        options += options.empty() ? "-c " : " -c ";
        options += name + '=';
        for (const char c : value) {
            if (c == '\\' || std::isspace(static_cast<unsigned char>(c)) != 0) options += '\\';
            options += c;
        }
    }
    return options;
}

std::map<std::string, std::string> connection_parameters(const ConnectionSettings& settings) {
    check_given("host", settings.host);
    check_given("user", settings.user);
    check_given("database", settings.database);

    Parameters parameters = defaults();
    add_administrator_options(settings.administrator_options, parameters);
    const auto set = [&](const char* keyword, const std::string& value) {
        if (!value.empty()) parameters[keyword] = value;
    };
    set("host", settings.host);
    set("port", settings.port);
    set("user", settings.user);
    set("dbname", settings.database);
    set("application_name", settings.application_name);
    set("client_encoding", settings.client_encoding);
    set("requirepeer", settings.requirepeer);
    set("options", startup_options(settings.session_settings));
    return parameters;
}

}  // namespace mad::remote
