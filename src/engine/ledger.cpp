// Ledger: the durable record of a run, written over a session of its own while the run goes.
#include "engine/ledger.hpp"

#include <utility>

#include "core/format.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"

namespace mad {

namespace {

/// The run is alive while its ledger's session holds this lock: however the caller ends, the
/// session ends too.
constexpr std::string_view begin_format = R"(
WITH begun AS (
    INSERT INTO mad_migrate.run_entry AS entry
           (branch, direction, target, environment, started_by, jobs, dry_run, databases, run)
           OVERRIDING SYSTEM VALUE
    VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})
    ON CONFLICT (run) DO UPDATE
       SET status = NULL, finished_at = NULL, jobs = EXCLUDED.jobs, databases = EXCLUDED.databases
    RETURNING run)
SELECT run, mad_migrate.hold_run(run) FROM begun)";

constexpr std::string_view write_format = R"(
INSERT INTO mad_migrate.run_database_entry AS entry
       (run, database, status, started_at, finished_at, attempts, from_revisions, to_revisions, steps, standstill,
        sqlstate, message, detail, hint, context)
VALUES {}
ON CONFLICT (run, database) DO UPDATE
   SET status = EXCLUDED.status, finished_at = EXCLUDED.finished_at, attempts = EXCLUDED.attempts,
       from_revisions = EXCLUDED.from_revisions, to_revisions = EXCLUDED.to_revisions, steps = EXCLUDED.steps,
       standstill = EXCLUDED.standstill,
       sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message, detail = EXCLUDED.detail,
       hint = EXCLUDED.hint, context = EXCLUDED.context)";

constexpr std::string_view blockers_format = R"(
SELECT waiting.pid,
       pg_catalog.string_agg(
           pg_catalog.format('process %s (role "%s", application "%s") since %s, its statement: %s',
                             holder.pid, holder.usename, holder.application_name,
                             coalesce(holder.xact_start, holder.backend_start)::pg_catalog.timestamptz(0),
                             pg_catalog.left(holder.query, 200)), '; ')
  FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.int4[]) waiting (pid)
 CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(waiting.pid)) blocker (pid)
  JOIN pg_catalog.pg_stat_activity holder ON holder.pid = blocker.pid
 GROUP BY waiting.pid)";

/// Of a database whose turn is not over.
constexpr std::string_view running = "running";

std::string text_or_null(std::string_view text) {
    return text.empty() ? "NULL" : quote_literal(text);
}

std::string number_or_default(const std::optional<std::int64_t>& number) {
    return number ? std::to_string(*number) : "DEFAULT";
}

std::string heads_or_null(const MigrationResult& result, const Heads& heads) {
    if (!result.known) return "NULL";
    return quote_array(std::vector<std::string>(heads.begin(), heads.end()));
}

std::string row_of(std::int64_t run, const DatabaseOutcome& outcome, std::string_view status) {
    const Report none;
    const Report& report = outcome.failure ? outcome.failure->report() : none;
    return mad::format(
        "({}, {}, {}, pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => {}), "
        "{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        run, quote_literal(outcome.database), quote_literal(status),
        std::chrono::duration<double>(outcome.duration).count(),
        status == running ? "NULL" : "pg_catalog.clock_timestamp()", outcome.attempts,
        heads_or_null(outcome.result, outcome.result.before),
        heads_or_null(outcome.result, outcome.result.after), outcome.result.steps,
        text_or_null(outcome.result.standstill), text_or_null(report.sqlstate),
        text_or_null(report.message), text_or_null(report.detail), text_or_null(report.hint),
        text_or_null(report.context));
}

/// Another session sees only what is committed.
Task<Rows> run_visible(Executor& session, std::string sql) {
    try {
        co_return co_await session.run(std::move(sql));
    } catch (const Failure& failure) {
        const std::string& code = failure.report().sqlstate;
        if (code != "42P01" && code != "3F000" && code != "42883") throw;
        throw Failure(Code::active_transaction,
                      "the ledger of runs cannot be seen by other sessions",
                      failure.report().message + ".",
                      "COMMIT the transaction that created the extension, and run the call again.");
    }
}

}  // namespace

std::string_view status_of(const DatabaseOutcome& outcome, Direction direction) {
    if (outcome.skipped) return "skipped";
    if (outcome.failure) return outcome.result.standstill.empty() ? "failed" : "partial";
    if (outcome.result.steps == 0) {
        return outcome.result.unrehearsed.empty() ? "up to date" : "not rehearsed";
    }
    if (outcome.rehearsed) return "rehearsed";
    switch (direction) {
        case Direction::upgrade:
            return "upgraded";
        case Direction::downgrade:
            return "downgraded";
        case Direction::stamp:
            return "stamped";
    }
    return {};
}

Task<void> Ledger::begin(std::size_t databases) {
    const Rows rows = co_await run_visible(
        session_, mad::format(begin_format, quote_literal(run_.branch),
                              quote_literal(name_of(run_.direction)), quote_literal(run_.target),
                              quote_literal(run_.environment), quote_literal(run_.started_by),
                              run_.jobs, run_.dry_run, databases, number_or_default(run_.number)));
    number_ = std::stoll(rows.at(0).at(0).value());
}

void Ledger::starts(const std::string& database) {
    stands(database, {});
}

void Ledger::stands(const std::string& database, const MigrationResult& so_far) {
    DatabaseOutcome outcome{.database = database, .result = so_far, .failure = {}};
    outcome.attempts = 1;
    news_.insert_or_assign(database, row_of(number_, outcome, running));
}

void Ledger::finishes(const DatabaseOutcome& outcome) {
    news_.insert_or_assign(outcome.database,
                           row_of(number_, outcome, status_of(outcome, run_.direction)));
}

/// Statements that tell of all there is.
std::vector<std::string> Ledger::take_news() {
    std::vector<std::string> statements;
    const std::vector<Event> events = std::exchange(events_, {});
    if (!events.empty()) statements.push_back(notify_sql(run_, number_, events));
    std::vector<std::string> rows;
    for (auto& [database, row] : std::exchange(news_, {})) rows.push_back(std::move(row));
    if (!rows.empty()) statements.push_back(mad::format(write_format, join(rows, ",\n")));
    return statements;
}

Task<void> Ledger::write() {
    const std::vector<std::string> statements = take_news();
    if (!statements.empty()) co_await session_.run(join(statements, ";\n"));
}

Task<void> Ledger::end(std::string_view status, std::size_t databases) {
    std::vector<std::string> statements = take_news();
    statements.push_back(
        mad::format("UPDATE mad_migrate.run_entry SET status = {}, databases = {}, finished_at = "
                    "pg_catalog.clock_timestamp() WHERE run = {}",
                    quote_literal(status), databases, number_));
    co_await session_.run(join(statements, ";\n"));
}

Task<std::map<int, std::string>> Ledger::blockers_of(std::vector<int> processes) {
    std::vector<std::string> numbers;
    numbers.reserve(processes.size());
    for (const int process : processes) numbers.push_back(std::to_string(process));
    const Rows rows = co_await session_.run(mad::format(blockers_format, join(numbers, ", ")));
    std::map<int, std::string> blockers;
    for (const Row& row : rows) {
        blockers.emplace(std::stoi(row.at(0).value()), row.at(1).value_or(""));
    }
    co_return blockers;
}

}  // namespace mad
