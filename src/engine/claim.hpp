// Claiming a spare clone for an organization, in the transaction that the executor is in.
#pragma once

#include <optional>
#include <string>

#include "engine/executor.hpp"

namespace mad {

struct Organization {
    std::string branch;
    std::string id;
    std::string database;  // the name it has, or is to have
};

/// What stands in an organization's way, or is there already.
struct Occupancy {
    std::optional<std::string> database;  // the organization's own
    bool deprovisioned = false;
    bool name_taken = false;  // by a database that is none of ours
};

Task<Occupancy> look_up(Executor& control, const Organization& organization);

/// Takes a clone that has the template's version and gives it the organization's name; false where
/// the pool has none. Waits for nobody: what others are claiming is passed over.
Task<bool> claim(Executor& control, const Organization& organization);

/// Shared by transactions in which an organization's database appears, until their end; alone by
/// who has moved the template and waits until all that looked at the old one can be seen.
std::string arrivals_lock_key(const std::string& branch);

/// One for each transaction and branch.
std::string queue_refill_sql(const std::string& branch);

}  // namespace mad
