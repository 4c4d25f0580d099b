// What a dying backend still does: a FATAL runs no destructor, and remote statements would go on
// alone.
#pragma once

namespace mad::pg {

/// Registers, once in a backend's life, the cancel of the live sessions' statements at its exit.
void cancel_sessions_at_exit();

}  // namespace mad::pg
