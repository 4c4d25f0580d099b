// A Host whose time moves only when somebody waits; no socket ever becomes ready.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "engine/host.hpp"

namespace mad::test {

/// What a cancelled caller's host throws: not a Failure, so nobody may contain it.
struct Cancelled {};

class FakeHost final : public Host {
 public:
    FakeHost();
    ~FakeHost() override;

    Readiness wait(std::span<const Interest> interests, Deadline deadline) override;
    void say(const Notice& notice) override;
    TimePoint now() override { return now_; }
    void reserve_socket() override { ++sockets; }
    void release_socket() noexcept override { --sockets; }

    std::size_t cancel_at = 0;  // the wait, counted from 1, that throws Cancelled
    std::size_t waits = 0;
    std::vector<std::chrono::milliseconds> waited;
    std::vector<Notice> said;
    int sockets = 0;  // reserved and not released

 private:
    TimePoint now_;
};

}  // namespace mad::test
