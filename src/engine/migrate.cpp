// Migrating one database: written once, straight down, for any Executor.
#include "engine/migrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/failure.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/index_build.hpp"
#include "engine/kit.hpp"
#include "engine/script_failure.hpp"

namespace mad {

namespace {

using namespace std::chrono_literals;

/// One database on its way.
struct Journey : Migrations {
    Executor& database;
    const std::string& database_name;
};

Failure locked_failure(const Journey& journey, std::string holder) {
    return Failure(
        Code::locked,
        fmt::format("branch \"{}\" of database \"{}\" is being migrated by another session",
                    journey.order.branch, journey.database_name),
        std::move(holder),
        "Wait for it and run the call again, or raise mad_migrate.lock_timeout.");
}

/// Polls from outside: a session that waits inside the server holds a snapshot, for which CREATE
/// INDEX CONCURRENTLY of the lock's holder would wait in turn.
Task<Inspection> lock(const Journey& journey) {
    Host& host = journey.reactor.host();
    const TimePoint deadline = host.now() + journey.order.lock_patience;
    for (auto pause = 10ms;; pause = std::min(pause * 2, 250ms)) {
        Inspection seen = co_await lock_and_inspect(journey.database, journey.order.branch,
                                                    journey.order.kit_sql);
        if (seen.locked) co_return seen;
        if (host.now() >= deadline) {
            std::string holder =
                co_await describe_lock_holder(journey.database, journey.order.branch);
            throw locked_failure(journey, std::move(holder));
        }
        Reactor::Wait wait = journey.reactor.sleep_until(std::min(host.now() + pause, deadline));
        co_await wait;
    }
}

/// For a HINT.
std::string call_text(Direction direction, const std::string& branch, const std::string& target) {
    return fmt::format("CALL mad_migrate.run_{}({}, {})", name_of(direction), quote_literal(branch),
                       quote_literal(target));
}

void refuse_outside_a_transaction(const Journey& journey, const std::vector<Step>& plan) {
    if (journey.database.owns_transactions()) return;
    for (const Step& step : plan) {
        if (step.direction == Direction::stamp) return;
        const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
        if (script.transactional) continue;
        throw Failure(
            Code::active_transaction,
            fmt::format("revision \"{}\" cannot run inside a transaction block", step.revision),
            describe_untransactional(script),
            fmt::format("Use {} outside a transaction block.",
                        call_text(step.direction, journey.order.branch, journey.order.target)));
    }
}

void refuse_without_script(const UnfinishedStep& unfinished, const Journey& journey) {
    if (journey.graph.find(unfinished.revision)) return;
    throw Failure(
        Code::partial_step,
        fmt::format("revision \"{}\" is half-way through its {} in database \"{}\", and its "
                    "script is gone",
                    unfinished.revision, name_of(unfinished.direction), journey.database_name),
        fmt::format("Statements done: {}.", unfinished.statements_done),
        "Add its script again and finish it, or mend the database by hand and say where it stands "
        "with mad_migrate.stamp.");
}

/// An unfinished step must be finished before anything else, by what the plan begins with.
void refuse_other_than_unfinished(const UnfinishedStep& unfinished, const std::vector<Step>& plan,
                                  const Journey& journey) {
    refuse_without_script(unfinished, journey);
    const bool goes_on = !plan.empty() && plan[0].revision == unfinished.revision &&
                         plan[0].direction == unfinished.direction;
    if (!goes_on) {
        const bool downwards = unfinished.direction == Direction::downgrade;
        throw Failure(
            Code::partial_step,
            fmt::format("revision \"{}\" is half-way through its {} in database \"{}\"",
                        unfinished.revision, name_of(unfinished.direction), journey.database_name),
            fmt::format("Statements done: {}.", unfinished.statements_done),
            fmt::format("Finish it with {}, or mend the database by hand and say where it stands "
                        "with mad_migrate.stamp.",
                        call_text(unfinished.direction, journey.order.branch,
                                  unfinished.revision + (downwards ? "-1" : ""))));
    }
    const RunnableScript& script =
        journey.scripts.script(unfinished.revision, unfinished.direction);
    if (unfinished.statements_done > 0 && script.checksum != unfinished.checksum) {
        throw Failure(
            Code::partial_step,
            fmt::format("script of revision \"{}\" was edited while it is half-way through "
                        "its {} in database \"{}\"",
                        unfinished.revision, name_of(unfinished.direction), journey.database_name),
            fmt::format("Statements of its earlier text that are done: {}.",
                        unfinished.statements_done),
            "Put the earlier text back, or mend the database by hand and say where it stands "
            "with mad_migrate.stamp.");
    }
}

Task<void> run_transactional(const Journey& journey, const Step& step) {
    const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
    const bool publish = journey.database.owns_transactions();
    try {
        co_await journey.database.transact(
            script.body, record_step_sql(journey.order.branch, step, script.checksum,
                                         journey.order.run, publish));
    } catch (const Failure& failure) {
        throw located(failure, script);
    }
}

/// A statement that can share a transaction with the record of it is done exactly once; of one that
/// cannot, the intent is recorded first, so that a crash in between is known of.
Task<void> run_statement(const Journey& journey, const RunnableScript& script, std::int64_t step_id,
                         std::size_t index) {
    const Statement& statement = script.statements[index];
    const std::string done = record_statement_sql(step_id, index + 1, true);
    if (!statement.transactional) {
        co_await journey.database.transact("", record_statement_sql(step_id, index + 1, false));
    }
    try {
        if (statement.transactional) {
            co_await journey.database.transact(statement.text, done);
        } else {
            co_await journey.database.run(statement.text);
        }
    } catch (const Failure& failure) {
        throw located_at(failure, script, index);
    }
    if (!statement.transactional) co_await journey.database.transact("", done);
}

Task<void> run_outside_transaction(const Journey& journey, const Step& step,
                                   const std::optional<UnfinishedStep>& unfinished) {
    const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
    std::size_t done = 0;
    std::int64_t step_id = 0;
    if (unfinished) {
        done = unfinished->statements_done;
        step_id = unfinished->id;
    } else {
        const Rows rows = co_await journey.database.transact(
            "", begin_partial_step_sql(journey.order.branch, step, script.checksum,
                                       script.statements.size(), journey.order.run));
        step_id = std::stoll(rows.at(0).at(0).value());
    }
    for (; done < script.statements.size(); ++done) {
        co_await run_statement(journey, script, step_id, done);
    }
    co_await journey.database.transact("", finish_partial_step_sql(step_id, step.rows));
}

/// Of the statement that an earlier call did not get done.
Task<void> clear_its_leavings(const Journey& journey, const UnfinishedStep& unfinished) {
    const RunnableScript& script =
        journey.scripts.script(unfinished.revision, unfinished.direction);
    if (unfinished.statements_done == script.statements.size()) co_return;
    co_await drop_invalid_index(journey.database, script.statements[unfinished.statements_done]);
}

Task<void> run_by_kind(const Journey& journey, const Step& step,
                       const std::optional<UnfinishedStep>& unfinished) {
    if (step.direction == Direction::stamp) {
        co_await journey.database.transact(
            "", record_step_sql(journey.order.branch, step, "", journey.order.run,
                                journey.database.owns_transactions()));
    } else if (journey.scripts.script(step.revision, step.direction).transactional) {
        co_await run_transactional(journey, step);
    } else {
        co_await run_outside_transaction(journey, step, unfinished);
    }
}

Task<void> run_step(const Journey& journey, const Step& step,
                    const std::optional<UnfinishedStep>& unfinished) {
    try {
        co_await run_by_kind(journey, step, unfinished);
    } catch (const Failure& failure) {
        throw located_in(failure, {journey.order.branch, step, journey.database_name});
    }
}

std::vector<Step> plan_for(const Journey& journey, const Heads& heads) {
    if (journey.order.direction == Direction::stamp) {
        return plan_stamp(journey.graph, heads, journey.order.target, journey.order.purge);
    }
    std::vector<Step> plan =
        make_plan(journey.graph, heads, journey.order.direction, journey.order.target);
    journey.scripts.prepare(plan);
    return plan;
}

/// The version setting is written with each step where steps are transactions, and once at the end
/// where they share the caller's: a row updated again and again in one transaction grows slow.
Task<void> settle(const Journey& journey, const Inspection& seen, const MigrationResult& result) {
    if (journey.order.direction == Direction::stamp && seen.unfinished) {
        co_await journey.database.transact("", forget_unfinished_sql(journey.order.branch));
    }
    const std::vector<std::string> heads(result.after.begin(), result.after.end());
    const bool published = journey.database.owns_transactions() &&
                           (result.steps > 0 || seen.published == join(heads, ","));
    if (!published) co_await journey.database.transact("", publish_heads_sql(journey.order.branch));
}

bool can_be_rehearsed(const Journey& journey, const Step& step) {
    return step.direction == Direction::stamp ||
           journey.scripts.script(step.revision, step.direction).transactional;
}

/// Up to the first step that could not be rolled back.
Task<void> rehearse(const Journey& journey, const std::vector<Step>& plan,
                    MigrationResult& result) {
    co_await journey.database.begin_rehearsal();
    for (const Step& step : plan) {
        if (!can_be_rehearsed(journey, step)) break;
        co_await run_step(journey, step, std::nullopt);
        apply(result.after, step.rows);
        ++result.steps;
    }
    co_await journey.database.end_rehearsal();
}

Task<void> run_plan(const Journey& journey, const std::vector<Step>& plan,
                    std::optional<UnfinishedStep> unfinished, MigrationResult& result) {
    for (const Step& step : plan) {
        if (journey.witness != nullptr) journey.witness->before_step(journey.database_name, step);
        co_await run_step(journey, step, unfinished);
        unfinished.reset();
        apply(result.after, step.rows);
        ++result.steps;
        if (journey.witness != nullptr) journey.witness->after_step(journey.database_name, step);
    }
}

/// What an earlier call left: to be gone on with, or forgotten where nothing of it was done.
Task<std::optional<UnfinishedStep>> take_up(const Journey& journey, const UnfinishedStep& step,
                                            const std::vector<Step>& plan) {
    if (journey.order.direction != Direction::stamp) co_await clear_its_leavings(journey, step);
    if (step.statements_done > 0 || plan.empty()) co_return step;
    // Its script may have been edited, so its record would no longer tell the truth.
    co_await journey.database.transact("", forget_unfinished_sql(journey.order.branch));
    co_return std::nullopt;
}

Task<void> run(const Journey& journey, const std::vector<Step>& plan, const Inspection& seen,
               MigrationResult& result) {
    std::optional<UnfinishedStep> unfinished;
    if (seen.unfinished) unfinished = co_await take_up(journey, *seen.unfinished, plan);
    std::optional<Failure> failed;
    try {
        co_await run_plan(journey, plan, unfinished, result);
    } catch (const Failure& failure) {
        failed = failure;
    }
    if (!failed) {
        co_await settle(journey, seen, result);
        co_return;
    }
    // The steps before it are the caller's to keep, who may take the failure for an answer.
    if (result.steps > 0 && !journey.database.owns_transactions()) {
        co_await journey.database.transact("", publish_heads_sql(journey.order.branch));
    }
    throw Failure(*std::move(failed));
}

}  // namespace

Task<void> migrate(const Migrations& migrations, Executor& database, std::string database_name,
                   MigrationResult& result) {
    const Journey journey{migrations, database, database_name};
    const Inspection seen = co_await lock(journey);
    result = {seen.heads, seen.heads, 0, true};
    const std::vector<Step> plan = plan_for(journey, seen.heads);
    if (journey.order.direction != Direction::stamp && seen.unfinished) {
        refuse_other_than_unfinished(*seen.unfinished, plan, journey);
    }
    if (journey.order.rehearse) {
        co_await rehearse(journey, plan, result);
        co_return;
    }
    refuse_outside_a_transaction(journey, plan);
    co_await run(journey, plan, seen, result);
}

}  // namespace mad
