// What a dying backend still does: a FATAL runs no destructor, and remote statements would go on
// alone.
#include "server/exit_callback.hpp"

#include "remote/live.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

namespace {

void cancel_sessions(int, Datum) {
    remote::cancel_all_live();
}

}  // namespace

void cancel_sessions_at_exit() {
    static bool registered = false;
    if (registered) return;
    call([] { before_shmem_exit(cancel_sessions, Datum{}); });
    registered = true;
}

}  // namespace mad::pg
