// Cloning a branch's template: a spare clone is recorded before it is made.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"
#include "engine/template_catalog.hpp"

namespace mad {

enum class CloneStrategy { automatic, wal_log, file_copy };
/// "auto", "wal_log", "file_copy".
CloneStrategy clone_strategy_named(std::string_view name);

/// What cloning a branch's template takes. `control` is a session of its own in the control
/// database, as the extension's owner and outside a transaction: CREATE and DROP DATABASE are run
/// over it, and what it records stays whatever becomes of the caller.
struct PoolSession {
    Reactor& reactor;
    Executor& control;
    TemplateCatalog& catalog;
    std::string branch;
    std::string database_template;
    CloneStrategy strategy = CloneStrategy::automatic;
    /// How long the template is waited for while another session migrates it.
    std::chrono::milliseconds patience{30'000};
};

/// Makes one more spare clone, and the template first where there is none yet; gives its name.
Task<std::string> clone_template(PoolSession session);

/// An SQL condition that is true, and locks the clone, when nobody is at work at it any more.
/// `database` is an SQL expression of the clone's name.
std::string abandoned_clone_sql(std::string_view database);
/// Gives that lock back.
std::string release_clone_sql(std::string_view database);

}  // namespace mad
