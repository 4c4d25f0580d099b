// The pool: spare clones of a branch's template, under names of their own, waiting to be claimed.
#pragma once

#include <cstddef>
#include <string>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"

namespace mad {

enum class CloneStrategy { automatic, wal_log, file_copy };
/// "auto", "wal_log", "file_copy"; throws Failure(invalid_parameter).
CloneStrategy clone_strategy_named(std::string_view name);

/// What cloning a branch's template takes. `control` is a session of its own in the control
/// database, as the extension's owner and outside a transaction: CREATE and DROP DATABASE are run
/// over it, and what it records stays whatever becomes of the caller.
struct PoolSession {
    Reactor& reactor;
    Executor& control;
    std::string branch;
    CloneStrategy strategy = CloneStrategy::automatic;
};

/// Makes one more spare clone, and the template first where there is none yet; gives its name.
Task<std::string> clone_template(PoolSession session);

struct FillReport {
    std::size_t cloned = 0;
    std::size_t dropped = 0;  // half-made, stale, or too many
};

enum class Surplus { keep, drop };

/// Drops what is half-made or of another version than the template, and clones until `size` spare
/// clones are ready.
Task<FillReport> fill_pool(PoolSession session, std::size_t size, Surplus surplus);

/// Drops a deprovisioned database whose time has come; nothing where it was restored meanwhile or
/// is gone already.
Task<void> drop_deprovisioned(Executor& control, std::string branch, std::string database);

}  // namespace mad
