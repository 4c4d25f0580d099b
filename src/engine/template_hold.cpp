// The template's hold: it takes connections only while one session migrates it, and none while it
// is cloned.
#include "engine/template_hold.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/quote.hpp"

namespace mad {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view gate = "template gate";
constexpr std::string_view hold = "template";

std::string lock_key(std::string_view name, std::string_view branch) {
    return mad::format("pg_catalog.hashtextextended({}, 0)",
                       quote_literal(mad::format("mad_migrate:{}:{}", name, branch)));
}

}  // namespace

std::string template_lock_key(std::string_view branch) {
    return lock_key(hold, branch);
}

std::string TemplateHold::lock(std::string_view function, std::string_view name) const {
    return mad::format("pg_catalog.{}({})", function, lock_key(name, branch_));
}

Task<void> TemplateHold::open(std::chrono::milliseconds patience) {
    const TimePoint deadline = reactor_.host().now() + patience;
    co_await keep_trying(&TemplateHold::try_gate, deadline);
    std::optional<Failure> failed;
    try {
        co_await keep_trying(&TemplateHold::try_hold, deadline);
    } catch (const Failure& failure) {
        failed = failure;
    }
    co_await control_.run("SELECT " + lock("pg_advisory_unlock", gate));
    if (failed) throw Failure(*std::move(failed));
    co_await accept_connections();
    is_open_ = true;
}

/// What it waits for may be the very transaction that waits for it.
Task<void> TemplateHold::accept_connections() {
    std::optional<Failure> failed;
    try {
        co_await control_.run(
            mad::format("ALTER DATABASE {} ALLOW_CONNECTIONS true", quote_identifier(database_)));
    } catch (const Failure& failure) {
        failed = failure;
    }
    if (!failed) co_return;
    co_await control_.run("SELECT " + lock("pg_advisory_unlock", hold));
    if (failed->report().sqlstate != "55P03") throw Failure(*std::move(failed));
    throw Failure(Code::locked,
                  mad::format("template \"{}\" of branch \"{}\" is being changed by a transaction "
                              "that is not committed",
                              database_, branch_),
                  "It may be the one that made this call.",
                  "End it and run the call again, or raise mad_migrate.lock_timeout.");
}

Task<void> TemplateHold::close() {
    is_open_ = false;
    co_await refuse_connections();
    co_await control_.run("SELECT " + lock("pg_advisory_unlock", hold));
}

Task<void> TemplateHold::share(std::chrono::milliseconds patience) {
    co_await keep_trying(&TemplateHold::try_share, reactor_.host().now() + patience);
}

Task<void> TemplateHold::unshare() {
    co_await control_.run("SELECT " + lock("pg_advisory_unlock_shared", hold));
}

Task<void> TemplateHold::close_abandoned(std::chrono::milliseconds patience) {
    co_await unshare();
    co_await keep_trying(&TemplateHold::try_hold, reactor_.host().now() + patience);
    co_await close();
}

Task<void> TemplateHold::keep_trying(Attempt attempt, TimePoint deadline) {
    for (auto pause = 5ms;; pause = std::min(pause * 2, 50ms)) {
        const bool done = co_await (this->*attempt)();
        if (done) co_return;
        const TimePoint now = reactor_.host().now();
        if (now >= deadline) {
            throw Failure(
                Code::locked,
                mad::format("template \"{}\" of branch \"{}\" is being migrated or cloned by "
                            "another session",
                            database_, branch_),
                {}, "Wait for it and run the call again, or raise mad_migrate.lock_timeout.");
        }
        Reactor::Wait wait = reactor_.sleep_until(std::min(now + pause, deadline));
        co_await wait;
    }
}

Task<bool> TemplateHold::try_gate() {
    return ask(lock("pg_try_advisory_lock", gate));
}

Task<bool> TemplateHold::try_hold() {
    return ask(lock("pg_try_advisory_lock", hold));
}

/// CASE, for it alone has an order.
Task<bool> TemplateHold::try_share() {
    return ask(mad::format(
        "CASE WHEN {} THEN {} AND {} ELSE false END", lock("pg_try_advisory_lock_shared", gate),
        lock("pg_advisory_unlock_shared", gate), lock("pg_try_advisory_lock_shared", hold)));
}

Task<bool> TemplateHold::ask(std::string condition) {
    const Rows rows = co_await control_.run("SELECT " + condition);
    co_return rows.at(0).at(0) == "t";
}

Task<void> TemplateHold::refuse_connections() {
    co_await control_.run(
        mad::format("ALTER DATABASE {} ALLOW_CONNECTIONS false", quote_identifier(database_)));
    // Who has just left, our own session among them, is still to be seen for a moment.
    for (auto pause = 2ms; pause < 100ms; pause *= 2) {
        const Rows sessions = co_await control_.run(sessions_sql("pid"));
        if (sessions.empty()) co_return;
        Reactor::Wait wait = reactor_.sleep_until(reactor_.host().now() + pause);
        co_await wait;
    }
    co_await end_sessions();
}

/// A session that ends by itself meanwhile is worth no WARNING.
Task<void> TemplateHold::end_sessions() {
    co_await control_.run("SET LOCAL client_min_messages = error; " +
                          sessions_sql("pg_catalog.pg_terminate_backend(pid)"));
}

std::string TemplateHold::sessions_sql(std::string_view what) const {
    return mad::format(
        "SELECT {} FROM pg_catalog.pg_stat_activity WHERE datname = {} AND backend_type = 'client "
        "backend'",
        what, quote_literal(database_));
}

}  // namespace mad
