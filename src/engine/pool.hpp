// The pool: spare clones of a branch's template, under names of their own, waiting to be claimed.
#pragma once

#include <cstddef>
#include <string>

#include "engine/clone.hpp"

namespace mad {

struct FillReport {
    std::size_t cloned = 0;
    std::size_t dropped = 0;
};

enum class Surplus { keep, drop };

/// Drops what is half-made or of another version than the template, and clones until `size` spare
/// clones are ready.
Task<FillReport> fill_pool(PoolSession session, std::size_t size, Surplus surplus);

/// Drops a deprovisioned database whose time has come; nothing where it was restored meanwhile or
/// is gone already.
Task<void> drop_deprovisioned(Executor& control, std::string branch, std::string database);

}  // namespace mad
