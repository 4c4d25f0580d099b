// Migrating one database: written once, straight down, for any Executor.
#include "engine/migrate.hpp"

#include <algorithm>
#include <utility>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/journey.hpp"
#include "engine/kit.hpp"
#include "engine/partial_step.hpp"
#include "engine/script_failure.hpp"
#include "engine/step_record.hpp"

namespace mad {

namespace {

using namespace std::chrono_literals;

Failure locked_failure(const Journey& journey, std::string holder) {
    return Failure(
        Code::locked,
        mad::format("branch \"{}\" of database \"{}\" is being migrated by another session",
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

void refuse_outside_a_transaction(const Journey& journey, const std::vector<Step>& plan) {
    if (journey.database.owns_transactions()) return;
    for (const Step& step : plan) {
        if (step.direction == Direction::stamp) return;
        const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
        if (script.transactional) continue;
        throw Failure(
            Code::active_transaction,
            mad::format("revision \"{}\" cannot run inside a transaction block", step.revision),
            describe_untransactional(script),
            mad::format("Use {} outside a transaction block.",
                        call_text(journey, step.direction, journey.order.target)));
    }
}

Task<void> run_transactional(const Journey& journey, const Step& step, const Heads& before) {
    const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
    try {
        co_await journey.database.transact(script.body,
                                           step_record_sql(journey, step, script.checksum, before));
    } catch (const Failure& failure) {
        throw located(failure, script);
    }
}

Task<void> run_by_kind(const Journey& journey, const Step& step,
                       const std::optional<UnfinishedStep>& unfinished, MigrationResult& result) {
    if (step.direction == Direction::stamp) {
        co_await journey.database.transact("", step_record_sql(journey, step, "", result.after));
    } else if (journey.scripts.script(step.revision, step.direction).transactional) {
        co_await run_transactional(journey, step, result.after);
    } else {
        co_await run_outside_transaction(journey, step, unfinished, result);
    }
}

Task<void> run_step(const Journey& journey, const Step& step,
                    const std::optional<UnfinishedStep>& unfinished, MigrationResult& result) {
    try {
        co_await run_by_kind(journey, step, unfinished, result);
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

void count(const Step& step, MigrationResult& result) {
    apply(result.after, step.rows);
    ++result.steps;
}

/// Up to the first step that could not be rolled back.
Task<void> rehearse(const Journey& journey, const std::vector<Step>& plan,
                    MigrationResult& result) {
    co_await journey.database.begin_rehearsal();
    for (const Step& step : plan) {
        if (!can_be_rehearsed(journey, step)) {
            result.unrehearsed = step.revision;
            break;
        }
        co_await run_step(journey, step, std::nullopt, result);
        count(step, result);
    }
    co_await journey.database.end_rehearsal();
}

Task<void> run_plan(const Journey& journey, const std::vector<Step>& plan,
                    std::optional<UnfinishedStep> unfinished, MigrationResult& result) {
    for (const Step& step : plan) {
        if (journey.witness != nullptr) journey.witness->before_step(journey.database_name, step);
        co_await run_step(journey, step, unfinished, result);
        unfinished.reset();
        count(step, result);
        if (journey.witness != nullptr) journey.witness->after_step(journey.database_name, step);
    }
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
        result.standstill.clear();
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
    Journey journey{migrations, database, database_name};
    const Inspection seen = co_await lock(journey);
    journey.may_publish = seen.may_publish;
    result = {seen.heads, seen.heads, 0, true};
    if (seen.unfinished) {
        result.standstill =
            mad::format("statement {} of revision {}", seen.unfinished->statements_done + 1,
                        seen.unfinished->revision);
    }
    const std::vector<Step> plan = plan_for(journey, seen.heads);
    if (journey.order.direction != Direction::stamp && seen.unfinished) {
        refuse_other_than_unfinished(journey, *seen.unfinished, plan);
    }
    if (journey.order.rehearse) {
        co_await rehearse(journey, plan, result);
        co_return;
    }
    refuse_outside_a_transaction(journey, plan);
    co_await run(journey, plan, seen, result);
}

}  // namespace mad
