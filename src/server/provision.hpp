// Provisioning: an organization's database, claimed in the caller's transaction.
#pragma once

#include <optional>
#include <string>

#include "server/catalog.hpp"

namespace mad::pg {

/// The name of the organization's database, which it has or now gets. Where the pool is empty, a
/// clone is made for it first.
std::string provision(const Branch& branch, const std::string& id);
/// The same, but where the pool is empty nothing is waited for: a job is queued. None then.
std::optional<std::string> provision_or_queue(const Branch& branch, const std::string& id);

/// What a running job asks for; none where the organization was taken away meanwhile.
std::optional<std::string> provision_queued(std::int64_t job);

}  // namespace mad::pg
