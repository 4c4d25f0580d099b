// Host: what surrounds the engine. A backend waits in its WaitEventSet, a test in poll(2).
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mad {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Deadline = std::optional<TimePoint>;  // nullopt: none

enum class Events : unsigned { none = 0, readable = 1, writable = 2 };
constexpr Events operator|(Events a, Events b) noexcept {
    return static_cast<Events>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(Events set, Events one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct Interest {
    int socket;
    Events events;
};

/// What came true, one for each interest in its order; all none when the deadline passed.
using Readiness = std::vector<Events>;

struct Notice {
    enum class Level { debug, info, notice, warning };
    Level level = Level::notice;
    std::string message;
    std::string detail;
    std::string hint;
};

class Host {
 public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;

    /// Returns when an interest is ready or the deadline has passed; throws when the caller was
    /// cancelled.
    virtual Readiness wait(std::span<const Interest> interests, Deadline deadline) = 0;
    virtual void say(const Notice& notice) = 0;
    virtual TimePoint now() = 0;

    /// A socket counts against the process's descriptors; throws Failure when there are too many.
    virtual void reserve_socket() = 0;
    virtual void release_socket() noexcept = 0;
};

}  // namespace mad
