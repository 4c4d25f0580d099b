// How workers come to be: one when a transaction that queued jobs commits, or with the server.
#include <array>

#include "server/host.hpp"
#include "server/identity.hpp"
#include "server/queue_lock.hpp"
#include "server/settings.hpp"
#include "server/worker.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

constexpr int seconds_after_a_crash = 10;
/// For room for a worker.
constexpr auto patience = 100ms;

static_assert(sizeof(WorkerOrder) <= BGW_EXTRALEN);
static_assert(std::is_trivially_copyable_v<WorkerOrder>);

BackgroundWorker describe_worker(const WorkerOrder& order) {
    BackgroundWorker worker = {};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = order.is_standing ? seconds_after_a_crash : BGW_NEVER_RESTART;
    const std::string name = mad::format("mad_migrate worker for {}", name_of(order.lane));
    strlcpy(worker.bgw_name, name.c_str(), BGW_MAXLEN);
    strlcpy(worker.bgw_type, worker_type, BGW_MAXLEN);
    strlcpy(worker.bgw_library_name, "mad_migrate", BGW_MAXLEN);
    strlcpy(worker.bgw_function_name, "mad_migrate_worker_main", BGW_MAXLEN);
    std::memcpy(worker.bgw_extra, &order, sizeof(order));
    return worker;
}

/// In a burst of commits many workers may be on their way; as soon as one has come it is left to
/// that one.
bool start_or_find_worker(Lane lane, Oid owner) {
    const QueueName queue{MyDatabaseId, lane};
    BackgroundWorker worker = describe_worker({lane, false, MyDatabaseId, owner});
    const TimePoint deadline = Clock::now() + patience;
    for (;;) {
        if (leave_to_next(queue)) return true;
        if (call([&] { return RegisterDynamicBackgroundWorker(&worker, nullptr); })) return true;
        if (Clock::now() >= deadline) return false;
        sleep_until_woken(Clock::now() + 2ms);
    }
}

void warn_of_no_worker() {
    call([] {
        ereport(
            WARNING,
            (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
             errmsg("could not start a worker for the queue"),
             errdetail("All of the server's background workers are busy. The jobs stay queued."),
             errhint("Run SELECT mad_migrate.work() after the commit, or raise "
                     "max_worker_processes.")));
    });
}

// Of the current transaction.
std::array<bool, 2> wanted_lanes;
Oid owner_at_that_time;

void start_wanted_workers() {
    for (const Lane lane : {Lane::provisioning, Lane::upgrades}) {
        if (!wanted_lanes[static_cast<std::size_t>(lane)]) continue;
        if (!start_or_find_worker(lane, owner_at_that_time)) warn_of_no_worker();
    }
}

extern "C" {
/// Before the commit an error is still an honest one: it aborts the transaction.
static void at_transaction_event(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT) enter([] { start_wanted_workers(); });
    wanted_lanes = {};
}
}

}  // namespace

void wake_worker_at_commit(Lane lane) {
    static bool registered = false;
    if (!settings::start_worker()) return;
    if (!registered) call([] { RegisterXactCallback(at_transaction_event, nullptr); });
    registered = true;
    owner_at_that_time = extension_owner();
    wanted_lanes[static_cast<std::size_t>(lane)] = true;
}

void register_standing_workers() {
    if (settings::control_database().empty()) return;
    for (const Lane lane : {Lane::provisioning, Lane::upgrades}) {
        BackgroundWorker worker = describe_worker({lane, true, InvalidOid, InvalidOid});
        call([&] { RegisterBackgroundWorker(&worker); });
    }
}

WorkerOrder order_of_this_worker() {
    WorkerOrder order;
    std::memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
    return order;
}

}  // namespace mad::pg
