// One run: upgrade, downgrade or stamp of a branch's databases, from the call to its end.
#pragma once

#include <functional>

#include "engine/ledger.hpp"
#include "server/migration_call.hpp"

namespace mad::pg {

using TakeOutcome = std::function<void(const DatabaseOutcome&)>;

/// Hands out each database's outcome as it comes. Throws Failure at the end when databases failed,
/// unless failures are to be reported.
void run_migration(const MigrationCall& call, const TakeOutcome& take);

}  // namespace mad::pg
