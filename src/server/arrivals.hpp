// Organizations' databases that appear while a run goes on.
#pragma once

#include <string>

#include "engine/host.hpp"

namespace mad::pg {

/// Until every transaction that took the template's old version for its new database has ended, so
/// that a look at the registry shows them all.
void wait_for_arrivals(Host& host, const std::string& branch);

}  // namespace mad::pg
