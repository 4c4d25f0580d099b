// Sessions over libpq in databases of this very server.
#pragma once

#include <memory>
#include <string>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"
#include "remote/conninfo.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

/// Need no database of the caller's: a process that is connected to none can open one too.
remote::ConnectionSettings loopback_settings(std::string user, std::string database,
                                             remote::SessionSettings session);
Task<std::unique_ptr<Executor>> connect_loopback(Reactor& reactor, std::string user,
                                                 std::string database,
                                                 remote::SessionSettings session);

/// What a session of our own needs, whatever it does; all of it survives RESET ALL.
remote::SessionSettings session_settings();

/// For a session that keeps our own tables.
remote::SessionSettings bookkeeping_settings();

}  // namespace mad::pg
