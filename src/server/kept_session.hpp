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
    /// Closes it where an exception passes: a statement may be under way.
    ~KeptSession();

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

    static constinit Open* kept_;
    static constinit TimePoint last_end_;

    const bool follows_another_;
    const int exceptions_ = std::uncaught_exceptions();
    std::unique_ptr<Open> open_;
};

}  // namespace mad::pg
