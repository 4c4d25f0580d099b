// One call of upgrade, downgrade or stamp: which databases, which sessions, what the caller is
// told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/fleet.hpp"
#include "server/catalog.hpp"

namespace mad::pg {

struct MigrationCall {
    std::string branch;
    Direction direction = Direction::upgrade;
    std::string target;
    std::optional<std::vector<std::string>> databases;
    std::optional<int> jobs;
    bool purge = false;
    bool report_failures = false;  // on_error => 'report'
    bool leaves_transaction =
        false;  // a procedure: the control database too is reached by a session
};

/// Throws Failure unless failures are to be reported.
std::vector<DatabaseOutcome> run_migration(const MigrationCall& call);

/// Reads `on_error`. Throws Failure(invalid_parameter).
bool reports_failures(const std::string& on_error);
/// "upgraded", "up to date", "failed", …
std::string status_of(const DatabaseOutcome& outcome, Direction direction);

/// Creates the branch's version table, and the kit, where they are missing.
void ensure_version(const std::string& branch,
                    const std::optional<std::vector<std::string>>& databases);
/// The version rows, read from each database itself.
std::vector<std::pair<std::string, Heads>> current_heads(
    const std::string& branch, const std::optional<std::vector<std::string>>& databases);

/// The SQL of the kit, as it was installed with the module.
std::string kit_sql();

}  // namespace mad::pg
