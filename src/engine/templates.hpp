// The template database from which a branch's databases are cloned.
#pragma once

#include <string>
#include <string_view>

#include "engine/executor.hpp"

namespace mad {

/// Creates it from template0 unless it exists. `beside` is a session in another database.
Task<void> ensure_template(Executor& beside, std::string name, std::string branch);
/// In the template, before it is cloned: has the next number of each sequence written to the WAL. A
/// clone is a copy of pages, which say that up to 32 numbers are logged, as they are for the
/// template only: after a crash the clone would give them once more.
Task<void> have_numbers_logged(Executor& database);
/// Throws Failure(foreign_template) where another control database keeps it: the two would not know
/// of each other's locks.
void refuse_foreign_keeper(const Cell& keeper, std::string_view name, std::string_view branch);
/// The same, asked in ours by the extension's owner.
Task<void> refuse_foreign_template(Executor& control, std::string name, std::string branch);

}  // namespace mad
