// Deprovisioning: an organization's database is put aside in the caller's transaction, and back.
#pragma once

#include <optional>
#include <string>

#include "server/catalog.hpp"

namespace mad::pg {

struct Farewell {
    std::string grace = "7 days";  // an interval, after which the database is dropped
    bool force = false;            // end the sessions that are connected to it
};

/// Gives the time from which on it may be dropped, as a timestamptz; none where its database was
/// still to be made, and now is not. Throws Failure.
std::optional<std::string> deprovision(const Branch& branch, const std::string& id,
                                       const Farewell& farewell);
/// The same; an organization that has no database, or none any more, is no error.
void deprovision_if_there(const Branch& branch, const std::string& id, const Farewell& farewell);
/// Gives its name.
std::string restore(const Branch& branch, const std::string& id);

}  // namespace mad::pg
