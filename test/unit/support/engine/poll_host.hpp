// A Host for tests: poll(2), the steady clock, and everything said kept to be looked at.
#pragma once

#include <functional>
#include <vector>

#include "engine/host.hpp"

namespace mad::test {

class PollHost final : public Host {
 public:
    PollHost();
    ~PollHost() override;

    Readiness wait(std::span<const Interest> interests, Deadline deadline) override;
    void say(const Notice& notice) override;
    TimePoint now() override { return Clock::now(); }
    void reserve_socket() override;
    void release_socket() noexcept override { --sockets; }

    std::vector<Notice> said;
    int sockets = 0;                    // reserved and not released
    int waits = 0;                      // calls of wait()
    int socket_limit = 1000;            // one more is refused
    std::function<void()> before_wait;  // may throw, as a cancelled caller's host does
};

}  // namespace mad::test
