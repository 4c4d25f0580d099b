// What a failed CREATE INDEX CONCURRENTLY leaves behind.
#pragma once

#include "engine/executor.hpp"
#include "engine/script_source.hpp"

namespace mad {

/// Makes room for the statement to be run once more: drops the INVALID index of its name.
Task<void> drop_invalid_index(Executor& database, const Statement& statement);

}  // namespace mad
