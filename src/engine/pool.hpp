// The pool: spare clones of a branch's template, under names of their own, waiting to be claimed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "engine/clone.hpp"

namespace mad {

struct FillReport {
    std::size_t cloned = 0;
    std::size_t dropped = 0;
};

enum class Surplus { keep, drop };

/// Drops what is half-made or of another version than the template, and what is more than `size`;
/// gives how many that were.
Task<std::size_t> trim_pool(PoolSession session, std::optional<std::size_t> size);

/// The same, and clones until `size` spare clones are ready.
Task<FillReport> fill_pool(PoolSession session, std::size_t size, Surplus surplus);

/// Queues a refill where spare clones have another version than the template.
std::string replace_stale_sql(const std::string& branch);

/// Drops a deprovisioned database whose time has come; nothing where it was restored meanwhile or
/// is gone already.
Task<void> drop_deprovisioned(Executor& control, std::string branch, std::string database);

}  // namespace mad
