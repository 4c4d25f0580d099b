// Adopting a database that was not made here: it is registered as an organization's.
#pragma once

#include <string>

#include "server/catalog.hpp"

namespace mad::pg {

/// Registers a database that the branch's pattern fits, and gives its organization.
std::string adopt(const Branch& branch, const std::string& database);

}  // namespace mad::pg
