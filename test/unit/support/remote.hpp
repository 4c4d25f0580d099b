// What the tests of the remote layer have in common: the server to talk to, and who looks at it.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/quote.hpp"
#include "remote/connection.hpp"
#include "support/failure_of.hpp"
#include "support/fake_host.hpp"
#include "support/poll_host.hpp"

namespace mad::test {

/// Where the server is; a test that is not told fails.
inline std::string told(const std::string& what) {
    const char* const value = std::getenv(("MAD_TEST_CONNINFO_" + what).c_str());
    if (value == nullptr) throw std::runtime_error("MAD_TEST_CONNINFO_" + what + " is not set");
    return value;
}

inline remote::ConnectionSettings server_settings(std::string database = "postgres") {
    remote::ConnectionSettings settings;
    settings.host = told("HOST");
    settings.port = told("PORT");
    settings.user = told("USER");
    settings.database = std::move(database);
    return settings;
}

inline std::size_t count_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// A session with a host and a reactor of its own, so that it can look while others wait.
class Client {
 public:
    using Pointer = std::unique_ptr<remote::Connection>;

    Client() = default;
    explicit Client(const remote::ConnectionSettings& settings) { open(settings); }

    void open(const remote::ConnectionSettings& settings, Deadline deadline = {}) {
        connection = reactor.complete(remote::connect(reactor, settings, deadline));
    }
    Rows run(const std::string& sql) { return reactor.complete(connection->run(sql)); }
    Rows transact(const std::string& script, const std::string& record) {
        return reactor.complete(connection->transact(script, record));
    }
    std::string value(const std::string& sql) { return run(sql).at(0).at(0).value_or("NULL"); }
    /// A user's statement, that is.
    std::string alone(const std::string& sql) {
        return reactor.complete(connection->run_alone(sql)).at(0).at(0).value_or("NULL");
    }
    bool is_true(const std::string& condition) { return value("SELECT " + condition) == "t"; }
    std::string process() { return value("SELECT pg_backend_pid()"); }
    Report failure(const std::string& sql) {
        return failure_of([&] { run(sql); });
    }

    /// False when it does not become so in time.
    bool becomes_true(const std::string& condition,
                      std::chrono::milliseconds patience = std::chrono::seconds(20)) {
        const TimePoint deadline = host.now() + patience;
        while (!is_true(condition)) {
            if (host.now() >= deadline) return false;
            run("SELECT pg_sleep(0.002)");
        }
        return true;
    }
    void await(const std::string& condition) {
        if (!becomes_true(condition)) throw std::runtime_error("never became true: " + condition);
    }

    PollHost host;
    Reactor reactor{host};
    Pointer connection;
};

inline std::string sleeps(const std::string& process) {
    return "EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + process +
           " AND wait_event = 'PgSleep')";
}
inline std::string is_gone(const std::string& process) {
    return "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + process + ")";
}

/// A test with one session, and another one to look at it.
class RemoteTest : public testing::Test {
 protected:
    remote::ConnectionSettings settings_ = server_settings();
    Client observer_{settings_};
    Client client_{settings_};
};

}  // namespace mad::test
