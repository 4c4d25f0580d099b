// The backend as the engine's Host; its wait() is the only place where a backend sleeps.
#include "server/host.hpp"

#include <algorithm>

#include "server/compat.hpp"

namespace mad::pg {

namespace {

class WaitSet {
 public:
    explicit WaitSet(std::size_t sockets) : size_(static_cast<int>(sockets) + 2) {
        call([&] {
            // A catalog snapshot left behind would make CREATE INDEX CONCURRENTLY in this database
            // wait for us while we wait for it.
            InvalidateCatalogSnapshot();
            set_ = create_wait_event_set(size_);
        });
        add(WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
        add(WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    }
    WaitSet(const WaitSet&) = delete;
    WaitSet& operator=(const WaitSet&) = delete;
    ~WaitSet() { FreeWaitEventSet(set_); }

    /// `ready` is where wait() says what came true.
    void add_socket(const Interest& interest, Events& ready) {
        std::uint32_t events = 0;
        if (has(interest.events, Events::readable)) events |= WL_SOCKET_READABLE;
        if (has(interest.events, Events::writable)) events |= WL_SOCKET_WRITEABLE;
        add(events, interest.socket, nullptr, &ready);
    }

    /// False when nothing came within the time.
    bool wait(long milliseconds) {
        std::vector<WaitEvent> occurred(static_cast<std::size_t>(size_));
        WaitEvent* const events = occurred.data();
        const int count = call(
            [&] { return WaitEventSetWait(set_, milliseconds, events, size_, PG_WAIT_EXTENSION); });
        bool any = false;
        for (int i = 0; i < count; ++i) {
            const WaitEvent& event = occurred[static_cast<std::size_t>(i)];
            if ((event.events & WL_LATCH_SET) != 0) {
                ResetLatch(MyLatch);
            } else if (event.user_data != nullptr) {
                *static_cast<Events*>(event.user_data) = happened(event);
                any = true;
            }
        }
        return any;
    }

 private:
    static Events happened(const WaitEvent& event) {
        Events events = Events::none;
        if ((event.events & WL_SOCKET_READABLE) != 0) events = events | Events::readable;
        if ((event.events & WL_SOCKET_WRITEABLE) != 0) events = events | Events::writable;
        return events;
    }

    void add(std::uint32_t events, int socket, Latch* latch, Events* ready) {
        call([&] { AddWaitEventToSet(set_, events, socket, latch, ready); });
    }

    const int size_;
    WaitEventSet* set_ = nullptr;
};

constexpr long one_hour = 3'600'000;

long milliseconds_until(Deadline deadline, TimePoint now) {
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now).count();
    return std::clamp<long>(left, 0, one_hour);
}

int server_level(Notice::Level level) noexcept {
    switch (level) {
        case Notice::Level::debug:
            return DEBUG1;
        case Notice::Level::info:
            return INFO;
        case Notice::Level::notice:
            return NOTICE;
        case Notice::Level::warning:
            return WARNING;
    }
    return NOTICE;
}

}  // namespace

Readiness ServerHost::wait(std::span<const Interest> interests, Deadline deadline) {
    Readiness ready(interests.size(), Events::none);
    WaitSet set(interests.size());
    for (std::size_t i = 0; i < interests.size(); ++i) set.add_socket(interests[i], ready[i]);
    for (;;) {
        check_for_interrupts();
        const TimePoint before = now();
        if (set.wait(milliseconds_until(deadline, before))) break;
        if (deadline && now() >= *deadline) break;
    }
    check_for_interrupts();
    return ready;
}

Readiness ProcedureHost::wait(std::span<const Interest> interests, Deadline deadline) {
    call([] {
        if (ActiveSnapshotSet()) SPI_commit();
    });
    return ServerHost::wait(interests, deadline);
}

void ServerHost::say(const Notice& notice) {
    const int level = server_level(notice.level);
    const char* const message = notice.message.c_str();
    const char* const detail = notice.detail.empty() ? nullptr : notice.detail.c_str();
    const char* const hint = notice.hint.empty() ? nullptr : notice.hint.c_str();
    call([&] {
        ereport(level, (errmsg_internal("%s", message),
                        detail != nullptr ? errdetail_internal("%s", detail) : 0,
                        hint != nullptr ? errhint("%s", hint) : 0));
    });
}

void sleep_until_woken(Deadline deadline) {
    WaitSet set(0);
    check_for_interrupts();
    set.wait(deadline ? milliseconds_until(deadline, Clock::now()) : one_hour);
    check_for_interrupts();
}

void ServerHost::reserve_socket() {
    const bool reserved = call([] { return AcquireExternalFD(); });
    if (!reserved) {
        throw Failure(Code::connection_failed, "too many open connections in this session",
                      "Each connection to a database takes a file descriptor of the server.",
                      "Use fewer jobs, or raise max_files_per_process.");
    }
}

void ServerHost::release_socket() noexcept {
    ReleaseExternalFD();
}

}  // namespace mad::pg
