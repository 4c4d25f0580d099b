// A Host for tests: poll(2), the steady clock, and everything said kept to be looked at.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <system_error>
#include <vector>

#include "core/failure.hpp"
#include "engine/host.hpp"

namespace mad::test {

class PollHost final : public Host {
 public:
    Readiness wait(std::span<const Interest> interests, Deadline deadline) override;
    void say(const Notice& notice) override { said.push_back(notice); }
    TimePoint now() override { return Clock::now(); }
    void reserve_socket() override;
    void release_socket() noexcept override { --sockets; }

    std::vector<Notice> said;
    int sockets = 0;                    // reserved and not released
    int waits = 0;                      // calls of wait()
    int socket_limit = 1000;            // one more is refused
    std::function<void()> before_wait;  // may throw, as a cancelled caller's host does
};

namespace detail {

inline short poll_events(Events events) {
    int mask = 0;
    if (has(events, Events::readable)) mask |= POLLIN;
    if (has(events, Events::writable)) mask |= POLLOUT;
    return static_cast<short>(mask);
}

/// An error on a socket is reported as whatever was asked for: the next call on it tells.
inline Events events_of(const pollfd& polled, Events asked) {
    if ((polled.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return asked;
    Events events = Events::none;
    if ((polled.revents & POLLIN) != 0) events = events | Events::readable;
    if ((polled.revents & POLLOUT) != 0) events = events | Events::writable;
    return events;
}

inline int milliseconds_until(Deadline deadline) {
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

}  // namespace detail

inline Readiness PollHost::wait(std::span<const Interest> interests, Deadline deadline) {
    ++waits;
    if (before_wait) before_wait();
    std::vector<pollfd> polled;
    for (const Interest& interest : interests) {
        polled.push_back({interest.socket, detail::poll_events(interest.events), 0});
    }
    if (poll(polled.data(), polled.size(), detail::milliseconds_until(deadline)) < 0 &&
        errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "poll");
    }
    Readiness readiness;
    for (std::size_t i = 0; i < interests.size(); ++i) {
        readiness.push_back(detail::events_of(polled[i], interests[i].events));
    }
    return readiness;
}

inline void PollHost::reserve_socket() {
    if (sockets >= socket_limit) throw Failure(Code::connection_failed, "too many sockets");
    ++sockets;
}

}  // namespace mad::test
