// What a session is to be, and the libpq keywords that say so.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mad::remote {

using SessionSettings = std::vector<std::pair<std::string, std::string>>;

struct ConnectionSettings {
    std::string host;  // a socket's directory, or a name
    std::string port;
    std::string user;
    std::string database;
    std::string application_name;
    std::string client_encoding = "UTF8";
    std::string requirepeer;            // the server's OS user; empty: not checked
    std::string expected_instance;      // when that server was started; empty: not checked
    std::string administrator_options;  // a conninfo string; it may hold secrets
    /// Sent with the connection request, so that RESET ALL gives them back.
    SessionSettings session_settings;

    bool operator==(const ConnectionSettings&) const = default;
};

/// Everything libpq is told. Throws Failure(invalid_parameter) for administrator's options that are
/// no conninfo string or set what is not theirs; the text of the failure holds no part of them.
std::map<std::string, std::string> connection_parameters(const ConnectionSettings& settings);

/// The value of libpq's `options` that makes the settings.
std::string startup_options(const SessionSettings& settings);

}  // namespace mad::remote
