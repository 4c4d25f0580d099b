// How jobs are taken from the queue, done and recorded.
#include "engine/queue.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/format.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/pool.hpp"

namespace mad {

namespace {

using namespace std::chrono_literals;

/// In this order: an organization waits for its database, nobody for a spare one.
std::vector<std::string> kinds_of(Lane lane) {
    if (lane == Lane::upgrades) return {"upgrade"};
    return {"provision", "drop", "refill"};
}

/// After the first attempt a second; twice as long after each further, up to five minutes.
constexpr std::string_view next_attempt =
    "clock_timestamp() + make_interval(secs => least(power(2, attempts - 1), 300))";

/// Done jobs are kept for a while, to be looked at.
constexpr std::string_view forget_format = R"(
DELETE FROM mad_migrate.job
 WHERE state = 'done' AND kind = ANY ({}) AND finished_at < clock_timestamp() - interval '7 days')";

constexpr std::string_view take_back_format = R"(
UPDATE mad_migrate.job
   SET state = CASE WHEN attempts < {} THEN 'queued' ELSE 'dead' END,
       due_at = {}, finished_at = CASE WHEN attempts < {} THEN NULL ELSE clock_timestamp() END,
       sqlstate = '57P01', message = 'the worker ended before the job was done', detail = NULL
 WHERE state = 'running' AND kind = ANY ({}))";

/// Several wishes to have a branch's pool refilled are one piece of work.
constexpr std::string_view take_format = R"(
WITH first AS MATERIALIZED (
    SELECT job, kind, branch FROM mad_migrate.job j
     WHERE state = 'queued' AND due_at <= clock_timestamp() AND kind = ANY ({0}){1}
     ORDER BY array_position({0}, kind), due_at, job
     LIMIT 1 FOR UPDATE SKIP LOCKED),
taken AS MATERIALIZED (
    SELECT j.job FROM mad_migrate.job j JOIN first f
        ON j.job = f.job OR (f.kind = 'refill' AND j.kind = 'refill' AND j.branch = f.branch)
     WHERE j.state = 'queued'
       FOR UPDATE OF j SKIP LOCKED)
UPDATE mad_migrate.job j
   SET state = 'running', attempts = attempts + 1, started_at = statement_timestamp(), finished_at = NULL
  FROM taken t WHERE j.job = t.job
RETURNING j.job, j.kind, j.branch, j.organization, j.database, j.environment)";

constexpr std::string_view without_own_upgrades = R"(
       AND NOT EXISTS (SELECT FROM mad_migrate.branch b
                        WHERE b.branch = j.branch AND b.template IS NULL AND j.kind = 'upgrade'
                          AND coalesce(b.database, current_database()) = current_database()))";

constexpr std::string_view succeeded_format = R"(
UPDATE mad_migrate.job
   SET state = 'done', finished_at = clock_timestamp(), sqlstate = NULL, message = NULL, detail = NULL
 WHERE job IN ({}))";

constexpr std::string_view failed_format = R"(
UPDATE mad_migrate.job
   SET state = CASE WHEN attempts < {} THEN 'queued' ELSE 'dead' END,
       due_at = {}, finished_at = CASE WHEN attempts < {} THEN NULL ELSE clock_timestamp() END,
       sqlstate = {}, message = {}, detail = {}
 WHERE job IN ({}) RETURNING state)";

constexpr std::string_view next_due_format = R"(
SELECT ceil(extract(epoch FROM min(due_at) - clock_timestamp()) * 1000)::bigint
  FROM mad_migrate.job j WHERE state = 'queued' AND kind = ANY ({}){})";

/// One piece of work: a job, or several that are done together.
struct Work {
    std::vector<std::string> numbers;
    std::string kind;
    std::string branch;
    Cell organization;
    Cell database;
    Cell environment;

    std::string describe() const;
};

std::string Work::describe() const {
    if (organization) {
        return mad::format("{} of organization \"{}\" of branch \"{}\"", kind, *organization,
                           branch);
    }
    if (database) return mad::format("{} of database \"{}\"", kind, *database);
    return mad::format("{} of branch \"{}\"", kind, branch);
}

std::optional<Work> work_of(const Rows& rows) {
    if (rows.empty()) return std::nullopt;
    const Row& first = rows.front();
    Work work{{}, first.at(1).value(), first.at(2).value(), first.at(3), first.at(4), first.at(5)};
    for (const Row& row : rows) work.numbers.push_back(row.at(0).value());
    return work;
}

std::string literal_or_null(std::string_view text) {
    return text.empty() ? "NULL" : quote_literal(text);
}

class Drain {
 public:
    Drain(Executor& control, Host& host, const QueueOrder& order)
        : control_(control),
          host_(host),
          order_(order),
          kinds_(quote_array(kinds_of(order.lane))),
          unless_(order.holds_snapshot ? without_own_upgrades : std::string_view{}) {}

    Task<Drained> operator()() {
        co_await control_.run(
            mad::format(take_back_format, order_.attempts, next_attempt, order_.attempts, kinds_));
        co_await control_.run(mad::format(forget_format, kinds_));
        Drained drained;
        for (;;) {
            const std::optional<Work> work =
                work_of(co_await control_.run(mad::format(take_format, kinds_, unless_)));
            if (!work) {
                drained.next = co_await next_due();
                co_return drained;
            }
            const bool done = co_await attend(*work);
            if (done) drained.done += work->numbers.size();
        }
    }

 private:
    Task<bool> attend(const Work& work) {
        std::optional<Failure> failed;
        try {
            co_await perform(work);
        } catch (const Failure& failure) {
            failed = failure;
        }
        if (failed) {
            co_await record(work, *failed);
        } else {
            co_await control_.run(mad::format(succeeded_format, join(work.numbers, ", ")));
        }
        co_return !failed;
    }

    Task<void> perform(const Work& work) {
        const std::string branch = quote_literal(work.branch);
        if (work.kind == "provision") {
            co_await control_.run(
                mad::format("SELECT mad_migrate.provision_queued({})", work.numbers.front()));
        } else if (work.kind == "refill") {
            co_await control_.run(mad::format("SELECT mad_migrate.fill_pool({})", branch));
        } else if (work.kind == "drop") {
            co_await drop_deprovisioned(control_, work.branch, work.database.value_or(""));
        } else {
            co_await upgrade(work);
        }
    }

    Task<void> upgrade(const Work& work) {
        co_await control_.run(mad::format("SELECT set_config('mad_migrate.environment', {}, false)",
                                          quote_literal(work.environment.value_or("development"))));
        co_await control_.run(
            mad::format("CALL mad_migrate.run_queued_upgrade({})", work.numbers.front()));
    }

    Task<void> record(const Work& work, const Failure& failure) {
        const Report& report = failure.report();
        const Rows rows = co_await control_.run(
            mad::format(failed_format, order_.attempts, next_attempt, order_.attempts,
                        quote_literal(report.sqlstate), quote_literal(report.message),
                        literal_or_null(report.detail), join(work.numbers, ", ")));
        const bool dead = !rows.empty() && rows.front().at(0) == "dead";
        host_.say(
            {Notice::Level::warning,
             mad::format("job {} ({}) failed{}: {} ({})", join(work.numbers, ", "), work.describe(),
                         dead ? " and is given up" : "", report.message, report.sqlstate),
             report.detail,
             dead ? mad::format("Mend the cause and run SELECT mad_migrate.retry({}).",
                                work.numbers.front())
                  : report.hint});
    }

    Task<std::optional<std::chrono::milliseconds>> next_due() {
        const Rows rows = co_await control_.run(mad::format(next_due_format, kinds_, unless_));
        const Cell& milliseconds = rows.at(0).at(0);
        std::optional<std::chrono::milliseconds> next;
        // One that is due and was not taken is locked by somebody: that takes a moment.
        if (milliseconds)
            next = std::max(100ms, std::chrono::milliseconds(std::stoll(*milliseconds)));
        co_return next;
    }

    Executor& control_;
    Host& host_;
    const QueueOrder& order_;
    const std::string kinds_;
    const std::string_view unless_;
};

}  // namespace

std::string_view name_of(Lane lane) noexcept {
    return lane == Lane::provisioning ? "provisioning" : "upgrades";
}

Task<Drained> drain(Executor& control, Host& host, QueueOrder order) {
    Drain all(control, host, order);
    co_return co_await all();
}

bool is_gone(const Failure& failure) noexcept {
    const std::string& code = failure.report().sqlstate;
    return code == "42P01" || code == "3F000" || code == "42883";
}

}  // namespace mad
