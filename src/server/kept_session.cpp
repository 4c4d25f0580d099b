// KeptSession: a session beside the caller's transaction, left open for the caller's next call
// where calls follow one another.
#include "server/kept_session.hpp"

#include "server/loopback.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

/// Less than DROP DATABASE waits for sessions that are about to end.
constexpr auto idle_limit = 3s;

/// What DISCARD ALL does, except that plans stay: also what hooks of a run left in it goes, and the
/// limit is back.
constexpr std::string_view clean_up =
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *; "
    "SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

}  // namespace

constinit KeptSession::Open* KeptSession::kept_ = nullptr;
constinit TimePoint KeptSession::last_end_{};

KeptSession::KeptSession(std::string user, std::string database, remote::SessionSettings session)
    : follows_another_(Clock::now() - last_end_ < idle_limit) {
    session.emplace_back("idle_session_timeout", mad::format("{}ms", idle_limit / 1ms));
    remote::ConnectionSettings settings = loopback_settings(user, database, session);
    open_ = take(settings);
    if (open_) return;
    open_ = std::make_unique<Open>();
    open_->settings = std::move(settings);
    open_->executor = reactor().complete(
        connect_loopback(reactor(), std::move(user), std::move(database), std::move(session)));
    lift_limit(*open_);
}

KeptSession::~KeptSession() {
    last_end_ = Clock::now();
    if (!is_clean_) return;
    const std::unique_ptr<Open> former(std::exchange(kept_, open_.release()));
}

void KeptSession::keep() {
    if (!follows_another_) return;
    try {
        reactor().complete(executor().run(std::string(clean_up)));
        is_clean_ = true;
    } catch (const Failure&) {
        // What it was for is done; a lost one is not kept.
    }
}

std::unique_ptr<KeptSession::Open> KeptSession::take(const remote::ConnectionSettings& settings) {
    std::unique_ptr<Open> open(std::exchange(kept_, nullptr));
    if (!open || open->settings != settings) return nullptr;
    try {
        lift_limit(*open);
    } catch (const Failure&) {
        return nullptr;  // it is gone
    }
    return open;
}

void KeptSession::lift_limit(Open& open) {
    open.reactor.complete(open.executor->run("SET idle_session_timeout = 0"));
}

}  // namespace mad::pg
