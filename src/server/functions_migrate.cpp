// SQL entry points that move databases: upgrade, downgrade, stamp, ensure_version.
#include "server/arguments.hpp"
#include "server/compat.hpp"
#include "server/result_set.hpp"
#include "server/run.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

Cell interval_cell(std::chrono::microseconds duration) {
    return mad::format("{} microseconds", duration.count());
}

/// As psql would show it.
Cell error_cell(const DatabaseOutcome& outcome) {
    if (!outcome.failure) return std::nullopt;
    const Report& report = outcome.failure->report();
    std::string text = mad::format("{} ({})", report.message, report.sqlstate);
    if (!report.detail.empty()) text += "\nDETAIL:  " + report.detail;
    if (!report.hint.empty()) text += "\nHINT:  " + report.hint;
    if (!report.context.empty()) text += "\nCONTEXT:  " + report.context;
    return text;
}

void return_outcomes(FunctionCallInfo fcinfo, const MigrationCall& call) {
    ResultSet results(fcinfo);
    run_migration(call, [&](const DatabaseOutcome& outcome) {
        const MigrationResult& result = outcome.result;
        results.add({outcome.database, result.known ? array_cell(result.before) : Cell(),
                     result.known ? array_cell(result.after) : Cell(), std::to_string(result.steps),
                     std::string(status_of(outcome, call.direction)),
                     interval_cell(outcome.duration), error_cell(outcome)});
    });
}

void refuse_less_than_one(const std::optional<int>& value, const char* parameter) {
    if (!value || *value >= 1) return;
    throw Failure(Code::invalid_parameter,
                  mad::format("parameter \"{}\" must be at least 1", parameter));
}

/// The parameters that upgrade, downgrade and their procedures share, in this order.
MigrationCall read_call(const Arguments& arguments, Direction direction) {
    MigrationCall call;
    call.branch = arguments.text(0, "branch");
    call.direction = direction;
    call.target = arguments.text(1, "target");
    call.databases = arguments.optional_texts(2, "databases");
    call.jobs = arguments.optional_integer(3);
    call.report_failures = reports_failures(arguments.text(4, "on_error"));
    call.max_failures = arguments.optional_integer(5);
    call.dry_run = arguments.boolean(6, "dry_run");
    refuse_less_than_one(call.jobs, "jobs");
    refuse_less_than_one(call.max_failures, "max_failures");
    return call;
}

MigrationCall read_stamp(const Arguments& arguments) {
    MigrationCall call;
    call.branch = arguments.text(0, "branch");
    call.direction = Direction::stamp;
    call.target = arguments.text(1, "target");
    call.databases = arguments.optional_texts(2, "databases");
    call.purge = arguments.boolean(3, "purge");
    return call;
}

/// Leaves the caller's transaction, so that nothing waits for a snapshot or a lock of ours. The
/// procedure must have been called outside a transaction block.
class OwnTransaction {
 public:
    OwnTransaction(FunctionCallInfo fcinfo, const MigrationCall& call) {
        const auto* const context = fcinfo->context;
        if (context == nullptr || context->type != T_CallContext ||
            reinterpret_cast<const CallContext*>(context)->atomic) {
            throw Failure(Code::active_transaction,
                          mad::format("mad_migrate.run_{} cannot run inside a transaction block",
                                      name_of(call.direction)),
                          "It runs each script in a transaction of its own.",
                          "Call it outside BEGIN ... COMMIT, and not from a function.");
        }
        pg::call([] {
            SPI_connect_ext(SPI_OPT_NONATOMIC);
            SPI_commit();
        });
    }
    OwnTransaction(const OwnTransaction&) = delete;
    OwnTransaction& operator=(const OwnTransaction&) = delete;
    ~OwnTransaction() { SPI_finish(); }
};

/// What somebody left in the queue to be done.
MigrationCall queued_call(std::int64_t job) {
    const Rows rows = query(
        mad::format("SELECT branch, coalesce(target, 'head'), database, run, created_by FROM "
                    "mad_migrate.job WHERE job = {} AND kind = 'upgrade' AND state = 'running'",
                    job));
    if (rows.empty()) {
        throw Failure(Code::invalid_parameter, mad::format("there is no running upgrade {}", job));
    }
    const Row& row = rows.front();
    MigrationCall call;
    call.branch = row[0].value();
    call.target = row[1].value();
    if (row[2]) call.databases = {*row[2]};
    if (row[3]) call.run = std::stoll(*row[3]);
    call.started_by = row[4];
    return call;
}

void run_as_procedure(FunctionCallInfo fcinfo, MigrationCall call) {
    call.leaves_transaction = true;
    const OwnTransaction own(fcinfo, call);
    run_migration(call, [](const DatabaseOutcome&) {});
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_upgrade) {
    return_outcomes(fcinfo, read_call(Arguments(fcinfo), Direction::upgrade));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_downgrade) {
    return_outcomes(fcinfo, read_call(Arguments(fcinfo), Direction::downgrade));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_stamp) {
    return_outcomes(fcinfo, read_stamp(Arguments(fcinfo)));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_run_upgrade) {
    run_as_procedure(fcinfo, read_call(Arguments(fcinfo), Direction::upgrade));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_run_downgrade) {
    run_as_procedure(fcinfo, read_call(Arguments(fcinfo), Direction::downgrade));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_run_queued_upgrade) {
    run_as_procedure(fcinfo, queued_call(Arguments(fcinfo).big_integer(0, "job")));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_ensure_version) {
    const Arguments arguments(fcinfo);
    ensure_version(arguments.text(0, "branch"), arguments.optional_texts(1, "databases"));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_resolve) {
    const Arguments arguments(fcinfo);
    resolve_unfinished(arguments.text(0, "branch"), arguments.text(1, "database"),
                       arguments.text(2, "outcome"));
    return Datum{};
}
