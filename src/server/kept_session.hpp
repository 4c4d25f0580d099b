// KeptSession: a session beside the caller's transaction, left open for the caller's next call
// where calls follow one another.
#pragma once

#include <memory>
#include <string>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"
#include "remote/conninfo.hpp"
#include "server/host.hpp"

namespace mad::pg {

/// A new session costs a good part of what a clone costs: a process, its caches, its first plans.
/// Who calls once leaves none behind; the server ends one that no further call comes for.
class KeptSession {
 public:
    /// The one that the last call left, where it is still there and like the one asked for.
    KeptSession(std::string user, std::string database, remote::SessionSettings session);
    KeptSession(const KeptSession&) = delete;
    KeptSession& operator=(const KeptSession&) = delete;
    /// Closes it, unless it is kept.
    ~KeptSession();

    /// Where all is done, and calls follow one another: leaves it to the next.
    void keep();

    Reactor& reactor() noexcept { return open_->reactor; }
    Executor& executor() noexcept { return *open_->executor; }

 private:
    struct Open {
        ServerHost host;
        Reactor reactor{host};
        remote::ConnectionSettings settings;
        std::unique_ptr<Executor> executor;
    };

    static std::unique_ptr<Open> take(const remote::ConnectionSettings& settings);
    /// While it is in use it may be idle for longer: its caller has other things to do as well.
    static void lift_limit(Open& open);

    static constinit Open* kept_;
    static constinit TimePoint last_end_;

    const bool follows_another_;
    std::unique_ptr<Open> open_;
    bool is_clean_ = false;
};

}  // namespace mad::pg
