// Trust: whether what a database keeps of its migrations may be read, judged before any of it is.
#pragma once

#include <cstddef>
#include <string>

#include "engine/executor.hpp"

namespace mad {

/// What of a database's schema is there and may be read. What is not there must not be read: it
/// could be somebody else's a moment later.
struct Presence {
    bool versions = false;  // the branch's version table, which Alembic may have made
    bool history = false;   // and the rest of the kit
};

/// Columns of a query: the judgement, whether the version table is there, and whether the history
/// is. A statement of its own, before any that names what is in the schema.
std::string judgement_sql(const std::string& branch);
/// Runs a query with those columns; who may not look is told what to do about it.
Task<Rows> run_judgement(Executor& database, std::string sql);
/// Of those columns, from `first` on. Throws Failure(untrusted_database).
Presence presence_of(const Row& row, std::size_t first);
Task<Presence> judge(Executor& database, const std::string& branch);

/// plpgsql that stops where the schema cannot be trusted, or has gone since it was looked for; into
/// its variables untrusted and is_there.
std::string raise_untrusted_sql(const std::string& branch);

}  // namespace mad
