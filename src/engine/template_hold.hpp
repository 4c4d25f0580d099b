// The template's hold: it takes connections only while one session migrates it, and none while it
// is cloned.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"

namespace mad {

/// For the functions of advisory locks: who has it, alone or with others, has the template.
std::string template_lock_key(std::string_view branch);

/// Locks of a session in the control database. A gate comes before the lock itself: who migrates
/// waits behind it, so that clone after clone cannot keep them out. All is polled: a session that
/// waits inside the server holds a snapshot.
class TemplateHold {
 public:
    /// `control` is a session of its own in the control database, as the extension's owner.
    TemplateHold(Reactor& reactor, Executor& control, std::string branch, std::string database)
        : reactor_(reactor),
          control_(control),
          branch_(std::move(branch)),
          database_(std::move(database)) {}
    TemplateHold(const TemplateHold&) = delete;
    TemplateHold& operator=(const TemplateHold&) = delete;

    /// Alone: the template takes connections until close(). Throws Failure(locked) when others have
    /// it for longer than that.
    Task<void> open(std::chrono::milliseconds patience);
    /// Refuses connections, and ends those of whoever came while it was open.
    Task<void> close();

    /// With others who clone it too, until unshare().
    Task<void> share(std::chrono::milliseconds patience);
    Task<void> unshare();
    /// What is shared and yet takes connections: who died while it had the template left it so.
    /// Ends the share.
    Task<void> close_abandoned(std::chrono::milliseconds patience);

    bool is_open() const noexcept { return is_open_; }

 private:
    using Attempt = Task<bool> (TemplateHold::*)();

    Task<void> keep_trying(Attempt attempt, TimePoint deadline);
    Task<bool> try_gate();
    Task<bool> try_hold();
    Task<bool> try_share();
    Task<bool> ask(std::string condition);
    Task<void> accept_connections();
    Task<void> refuse_connections();
    Task<void> end_sessions();
    std::string sessions_sql(std::string_view what) const;
    std::string lock(std::string_view function, std::string_view name) const;

    Reactor& reactor_;
    Executor& control_;
    std::string branch_;
    std::string database_;
    bool is_open_ = false;
};

}  // namespace mad
