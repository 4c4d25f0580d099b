// What the tests of the remote layer have in common: the server to talk to, and who looks at it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "remote/connection.hpp"
#include "support/core/failure_of.hpp"
#include "support/engine/fake_host.hpp"
#include "support/engine/poll_host.hpp"

namespace mad::test {

/// Where the server is; a test that is not told fails.
std::string told(const std::string& what);
remote::ConnectionSettings server_settings(std::string_view database = "postgres");

std::size_t count_descriptors();

/// A session with a host and a reactor of its own, so that it can look while others wait.
class Client {
 public:
    using Pointer = std::unique_ptr<remote::Connection>;

    Client();
    explicit Client(const remote::ConnectionSettings& settings);
    ~Client();

    void open(const remote::ConnectionSettings& settings, Deadline deadline = {});
    Rows run(std::string_view sql);
    Rows transact(std::string_view script, std::string_view record);
    std::string value(std::string_view sql);
    /// A user's statement, that is.
    std::string alone(std::string_view sql);
    bool is_true(const std::string& condition);
    std::string process();
    Report failure(std::string_view sql);

    /// False when it does not become so in time.
    bool becomes_true(const std::string& condition,
                      std::chrono::milliseconds patience = std::chrono::seconds(20));
    void await(const std::string& condition);

    PollHost host;
    Reactor reactor{host};
    Pointer connection;
};

std::string sleeps(const std::string& process);
std::string is_gone(const std::string& process);

/// A test with one session, and another one to look at it.
class RemoteTest : public testing::Test {
 protected:
    RemoteTest();
    ~RemoteTest() override;

    remote::ConnectionSettings settings_;
    Client observer_;
    Client client_;
};

}  // namespace mad::test
