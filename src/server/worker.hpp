// The background worker: does the queue's jobs after the transactions that queued them.
#pragma once

#include "engine/queue.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

/// Has a worker look at this database's queue when the transaction has committed. Where none can be
/// started the caller is warned, and the jobs stay.
void wake_worker_at_commit(Lane lane);

/// While the module is preloaded: the workers that are there from the server's start on.
void register_standing_workers();

/// As pg_stat_activity shows it.
constexpr const char* worker_type = "mad_migrate worker";

/// What a worker is started with, in the space that the server has for it.
struct WorkerOrder {
    Lane lane;
    bool is_standing;  // for the database that a setting names, and for good
    Oid database;
    Oid owner;  // of the extension
};
WorkerOrder order_of_this_worker();

}  // namespace mad::pg
