// Survey: what a database tells of a branch to somebody who only looks.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/plan.hpp"
#include "engine/executor.hpp"

namespace mad {

struct Survey {
    Heads heads;                                   // of the version table
    Heads published;                               // as the shared catalog has them
    std::map<std::string, std::string> checksums;  // of the scripts last upgraded with, by revision
    std::optional<std::string> standstill;         // a step that is half-way, in words
};

/// Changes nothing. Without a version table there are no heads. Throws
/// Failure(untrusted_database).
Task<Survey> survey(Executor& database, const std::string& branch);

/// A table that no migration made, in a database in which no branch has a version; none where all
/// is as a fresh database has it.
Task<std::optional<std::string>> find_unmanaged_table(Executor& database);

}  // namespace mad
