// Migrating one database: written once, straight down, for any Executor.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"
#include "engine/executor.hpp"
#include "engine/logbook.hpp"
#include "engine/reactor.hpp"
#include "engine/script_source.hpp"
#include "engine/witness.hpp"

namespace mad {

/// What one call asks of every database it concerns.
struct MigrationOrder {
    std::string branch;
    Direction direction = Direction::upgrade;
    std::string target;
    bool purge = false;     // of a stamp: forget what the version table holds
    bool rehearse = false;  // run all that can be rolled back, and roll it back
    /// How long the lock of a database is asked for again while another session has it.
    std::chrono::milliseconds lock_patience{2000};
    std::string kit_sql;
    std::optional<std::int64_t> run;  // number in the ledger
};

struct MigrationResult {
    Heads before;
    Heads after;
    std::size_t steps = 0;
    bool known = false;  // the database was looked at
    /// Where a step that is committed statement by statement stopped; empty: none did.
    std::string standstill = {};
    /// The revision before which a rehearsal ended, for it cannot be rolled back; empty: none.
    std::string unrehearsed = {};
};

/// What all databases of a call have in common; must outlive the tasks that refer to it.
struct Migrations {
    Reactor& reactor;
    const RevisionGraph& graph;
    ScriptSource& scripts;
    const MigrationOrder& order;
    Witness* witness = nullptr;
    Logbook* logbook = nullptr;
};

/// Locks the database for this branch, plans from what it finds there, and runs the plan. Throws
/// Failure; `result` then tells how far it came: where the database owns its transactions, the
/// steps it counts are committed.
Task<void> migrate(const Migrations& migrations, Executor& database, std::string database_name,
                   MigrationResult& result);

}  // namespace mad
