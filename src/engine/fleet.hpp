// Migrating many databases, some at a time; one's failure is its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/failure.hpp"
#include "engine/migrate.hpp"

namespace mad {

struct DatabaseOutcome {
    std::string database;
    MigrationResult result;
    std::optional<Failure> failure;
    std::chrono::microseconds duration{0};
};

/// Opens a session in a database, by name.
using OpenSession = std::function<Task<std::unique_ptr<Executor>>(const std::string& database)>;
using Finished = std::function<void(const DatabaseOutcome&)>;

/// The first database (a template, where there is one) alone, then the others, at most `jobs` at a
/// time. A Failure is contained in its database; anything else ends the whole.
std::vector<DatabaseOutcome> migrate_all(const Migrations& migrations,
                                         const std::vector<std::string>& databases,
                                         const OpenSession& open, std::size_t jobs,
                                         const Finished& finished);

}  // namespace mad
