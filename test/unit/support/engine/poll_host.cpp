// How a test waits in poll(2).
#include "support/engine/poll_host.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/failure.hpp"

namespace mad::test {

namespace {

short poll_events(Events events) {
    int mask = 0;
    if (has(events, Events::readable)) mask |= POLLIN;
    if (has(events, Events::writable)) mask |= POLLOUT;
    return static_cast<short>(mask);
}

/// An error on a socket is reported as whatever was asked for: the next call on it tells.
Events events_of(const pollfd& polled, Events asked) {
    if ((polled.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return asked;
    Events events = Events::none;
    if ((polled.revents & POLLIN) != 0) events = events | Events::readable;
    if ((polled.revents & POLLOUT) != 0) events = events | Events::writable;
    return events;
}

int milliseconds_until(Deadline deadline) {
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

}  // namespace

PollHost::PollHost() = default;
PollHost::~PollHost() = default;

Readiness PollHost::wait(std::span<const Interest> interests, Deadline deadline) {
    ++waits;
    if (before_wait) before_wait();
    std::vector<pollfd> polled;
    for (const Interest& interest : interests) {
        polled.push_back({interest.socket, poll_events(interest.events), 0});
    }
    if (poll(polled.data(), polled.size(), milliseconds_until(deadline)) < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "poll");
    }
    Readiness readiness;
    for (std::size_t i = 0; i < interests.size(); ++i) {
        readiness.push_back(events_of(polled[i], interests[i].events));
    }
    return readiness;
}

void PollHost::say(const Notice& notice) {
    said.push_back(notice);
}

void PollHost::reserve_socket() {
    if (sockets >= socket_limit) throw Failure(Code::connection_failed, "too many sockets");
    ++sockets;
}

}  // namespace mad::test
