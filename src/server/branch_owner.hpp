// Giving a branch to another role: its databases go with it, in the caller's transaction.
#pragma once

#include "server/catalog.hpp"

namespace mad::pg {

/// Those that belong to the branch's owner; the control database stays whose it is. Tells the
/// caller whose the objects inside them remain. Throws Failure(locked) while others are at work
/// with them.
void hand_over_databases(const Branch& branch, Oid new_owner);

}  // namespace mad::pg
