// What a failed CREATE INDEX CONCURRENTLY leaves behind.
#pragma once

#include "engine/executor.hpp"
#include "engine/script_source.hpp"

namespace mad {

/// Before the statement is run once more: drops the index of its name if it is INVALID. True where
/// it is valid, and so the statement was completed.
Task<bool> clear_index_build(Executor& database, const IndexBuild& build);
/// False where there is none of its name, or one that is INVALID.
Task<bool> is_built(Executor& database, const IndexBuild& build);

}  // namespace mad
