// Claiming a spare clone for an organization, in the caller's transaction.
#pragma once

#include <optional>
#include <string>

namespace mad::pg {

struct Organization {
    std::string branch;
    std::string id;
    std::string database;  // the name it has, or is to have
};

/// What stands in an organization's way, or is there already.
struct Occupancy {
    std::optional<std::string> database;  // the organization's own
    bool deprovisioned = false;
    bool gone = false;        // registered, but dropped or renamed behind our back
    bool name_taken = false;  // by a database that is none of ours
};

Occupancy look_up(const Organization& organization);

/// Takes a clone that has the template's version and gives it the organization's name; false where
/// the pool has none. Waits for nobody: what others are claiming is passed over.
bool claim(const Organization& organization);

/// One for each transaction and branch.
void queue_refill(const std::string& branch);

/// A lock shared by transactions in which an organization's database appears, until their end; had
/// alone by who has moved the template and waits until all that looked at the old one can be seen.
std::string arrivals_lock(const std::string& branch);
/// Queues an upgrade of a database that is no clone of what the template now is.
void note_arrival(const std::string& branch, const std::string& database);

}  // namespace mad::pg
