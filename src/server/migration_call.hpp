// What calls that reach a branch's databases ask for and have in common.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/catalog.hpp"

namespace mad::pg {

struct MigrationCall {
    std::string branch;
    Direction direction = Direction::upgrade;
    std::string target;
    std::optional<std::vector<std::string>> databases;
    std::optional<int> jobs;
    std::optional<int> max_failures;
    bool dry_run = false;
    bool purge = false;
    bool report_failures = false;  // on_error => 'report'
    /// A procedure: the control database too is reached by a session.
    bool leaves_transaction = false;
    /// Of a call that somebody else asked for: the number that its run was promised, and who.
    std::optional<std::int64_t> run;
    std::optional<std::string> started_by;
};

/// Sessions of our own would fail later, each in its own words.
void refuse_on_standby(std::string_view function);
/// There too, and in a READ ONLY transaction, which sessions of our own would know nothing of.
void refuse_read_only(std::string_view function);
/// Reads `on_error`. Throws Failure(invalid_parameter).
bool reports_failures(const std::string& on_error);

/// Creates the branch's version table, and the kit, where they are missing.
void ensure_version(const std::string& branch,
                    const std::optional<std::vector<std::string>>& databases);
/// The version rows, read from each database itself; those of a template or a spare clone, which
/// take no connections, from the shared catalog.
std::vector<std::pair<std::string, Heads>> current_heads(
    const std::string& branch, const std::optional<std::vector<std::string>>& databases);

/// Says what became of the statement at which a step stands still: 'done' or 'retry'.
void resolve_unfinished(const std::string& branch, const std::string& database,
                        const std::string& outcome);

/// The SQL of the kit, as it was installed with the module.
std::string kit_sql();

}  // namespace mad::pg
