// SQL entry points of the queue: work, retry, submit_upgrade and the trigger that wakes a worker.
#include "core/quote.hpp"
#include "core/triage.hpp"
#include "engine/queue.hpp"
#include "server/arguments.hpp"
#include "server/catalog.hpp"
#include "server/host.hpp"
#include "server/identity.hpp"
#include "server/loopback.hpp"
#include "server/migration_call.hpp"
#include "server/provision.hpp"
#include "server/queue_lock.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"
#include "server/worker.hpp"

namespace mad::pg {

namespace {

Lane lane_of(std::string_view kind) {
    return kind == "upgrade" ? Lane::upgrades : Lane::provisioning;
}

/// None where somebody else works on the lane.
std::size_t work_on(Reactor& reactor, Lane lane) {
    const std::optional<HeldPost> working = HeldPost::try_now({MyDatabaseId, lane}, Post::working);
    if (!working) return 0;
    const char* const name = call([] { return get_database_name(MyDatabaseId); });
    remote::SessionSettings session = bookkeeping_settings();
    // What jobs queue in their turn is done by whom the caller wants.
    session.emplace_back("mad_migrate.start_worker", settings::start_worker() ? "on" : "off");
    // A lock that the caller's own transaction holds would be waited for without end.
    session.emplace_back("lock_timeout", std::to_string(settings::lock_timeout().count()));
    const std::unique_ptr<Executor> control = reactor.complete(
        connect_loopback(reactor, role_name(extension_owner()), name, std::move(session)));
    QueueOrder order;
    order.lane = lane;
    order.attempts = settings::job_attempts();
    order.holds_snapshot = true;
    const Drained drained = reactor.complete(drain(*control, reactor.host(), order));
    // What is due later is a worker's, where there may be one.
    if (drained.next) wake_worker_at_commit(lane);
    return drained.done;
}

Failure unknown_job(const std::string& job) {
    return Failure(Code::invalid_parameter, mad::format("there is no job {}", job), {},
                   "See SELECT * FROM mad_migrate.jobs.");
}

Failure not_to_be_retried(const std::string& job, const std::string& state) {
    return Failure(Code::invalid_parameter, mad::format("job {} cannot be retried", job),
                   mad::format("It is {}{}.", state, state == "queued" ? ", and never failed" : ""),
                   "Retry what is dead, or queued again after a failure.");
}

/// An error now, not in the background.
void check_target(const std::string& branch, const std::string& target) {
    const RevisionGraph graph = load_graph(branch);
    const Triage triage(graph, Direction::upgrade, target);
}

// CALLED_AS_TRIGGER names a type Node, of which there are two here.
const TriggerData& firing_of(FunctionCallInfo fcinfo) {
    const auto* const context = fcinfo->context;
    if (context == nullptr || context->type != T_TriggerData) {
        throw Failure(Code::invalid_parameter, "wake_worker can only be called as a trigger");
    }
    return *reinterpret_cast<const TriggerData*>(context);
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_work) {
    (void)fcinfo;
    refuse_read_only("work");
    ServerHost host;
    Reactor reactor(host);
    const std::size_t done =
        work_on(reactor, Lane::provisioning) + work_on(reactor, Lane::upgrades);
    return Int64GetDatum(static_cast<std::int64_t>(done));
}

MAD_SQL_FUNCTION(mad_migrate_retry) {
    const std::string job = std::to_string(Arguments(fcinfo).big_integer(0, "job"));
    refuse_read_only("retry");
    const Rows found = query(mad::format(
        "SELECT state, kind, attempts FROM mad_migrate.job WHERE job = {} FOR UPDATE", job));
    if (found.empty()) throw unknown_job(job);
    const std::string state = found[0][0].value();
    const bool was_tried = found[0][2] != "0";
    if (state != "dead" && (state != "queued" || !was_tried)) throw not_to_be_retried(job, state);
    query(
        mad::format("UPDATE mad_migrate.job SET state = 'queued', attempts = 0, due_at = now(), "
                    "finished_at = NULL WHERE job = {}",
                    job));
    wake_worker_at_commit(lane_of(found[0][1].value()));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_submit_upgrade) {
    const Arguments arguments(fcinfo);
    const std::string branch = load_branch(arguments.text(0, "branch")).name;
    const std::string target = arguments.text(1, "target");
    refuse_read_only("submit_upgrade");
    check_target(branch, target);
    const Rows rows = query(mad::format(
        "INSERT INTO mad_migrate.job (kind, branch, target, run) VALUES ('upgrade', {}, {}, "
        "nextval(pg_get_serial_sequence('mad_migrate.run_entry', 'run'))) RETURNING run",
        quote_literal(branch), quote_literal(target)));
    return Int64GetDatum(std::stoll(rows[0][0].value()));
}

MAD_SQL_FUNCTION(mad_migrate_provision_queued) {
    const std::optional<std::string> database =
        provision_queued(Arguments(fcinfo).big_integer(0, "job"));
    if (database) return text_datum(*database);
    fcinfo->isnull = true;
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_wake_worker) {
    const TriggerData& firing = firing_of(fcinfo);
    const TupleDesc columns = firing.tg_relation->rd_att;
    const char* const kind = call(
        [&] { return SPI_getvalue(firing.tg_trigtuple, columns, SPI_fnumber(columns, "kind")); });
    wake_worker_at_commit(lane_of(kind));
    return PointerGetDatum(nullptr);
}
