// How a test talks to the server, and waits for what it has to see there.
#include "support/remote/client.hpp"

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>

namespace mad::test {

std::string told(const std::string& what) {
    const char* const value = std::getenv(("MAD_TEST_CONNINFO_" + what).c_str());
    if (value == nullptr) throw std::runtime_error("MAD_TEST_CONNINFO_" + what + " is not set");
    return value;
}

remote::ConnectionSettings server_settings(std::string_view database) {
    remote::ConnectionSettings settings;
    settings.host = told("HOST");
    settings.port = told("PORT");
    settings.user = told("USER");
    settings.database = database;
    return settings;
}

std::size_t count_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

Client::Client() = default;
Client::Client(const remote::ConnectionSettings& settings) {
    open(settings);
}
Client::~Client() = default;

void Client::open(const remote::ConnectionSettings& settings, Deadline deadline) {
    connection = reactor.complete(remote::connect(reactor, settings, deadline));
}

Rows Client::run(std::string_view sql) {
    return reactor.complete(connection->run(std::string(sql)));
}

Rows Client::transact(std::string_view script, std::string_view record) {
    return reactor.complete(connection->transact(std::string(script), std::string(record)));
}

std::string Client::value(std::string_view sql) {
    return run(sql).at(0).at(0).value_or("NULL");
}

std::string Client::alone(std::string_view sql) {
    return reactor.complete(connection->run_alone(std::string(sql))).at(0).at(0).value_or("NULL");
}

bool Client::is_true(const std::string& condition) {
    return value("SELECT " + condition) == "t";
}

std::string Client::process() {
    return value("SELECT pg_backend_pid()");
}

Report Client::failure(std::string_view sql) {
    return failure_of([&] { run(sql); });
}

bool Client::becomes_true(const std::string& condition, std::chrono::milliseconds patience) {
    const TimePoint deadline = host.now() + patience;
    while (!is_true(condition)) {
        if (host.now() >= deadline) return false;
        run("SELECT pg_sleep(0.002)");
    }
    return true;
}

void Client::await(const std::string& condition) {
    if (!becomes_true(condition)) throw std::runtime_error("never became true: " + condition);
}

std::string sleeps(const std::string& process) {
    return "EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + process +
           " AND wait_event = 'PgSleep')";
}

std::string is_gone(const std::string& process) {
    return "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + process + ")";
}

RemoteTest::RemoteTest() : settings_(server_settings()), observer_(settings_), client_(settings_) {}
RemoteTest::~RemoteTest() = default;

}  // namespace mad::test
