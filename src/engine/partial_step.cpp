// Steps whose statements are committed one by one: run, resumed where they stopped, or refused.
#include "engine/partial_step.hpp"

#include <utility>

#include "core/format.hpp"
#include "core/position.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/index_build.hpp"
#include "engine/script_failure.hpp"

namespace mad {

namespace {

std::string half_way(const Journey& journey, const UnfinishedStep& unfinished) {
    return mad::format("revision \"{}\" is half-way through its {} in database \"{}\"",
                       unfinished.revision, name_of(unfinished.direction), journey.database_name);
}

std::string count_done(const UnfinishedStep& unfinished) {
    return mad::format("Statements done: {}.", unfinished.statements_done);
}

constexpr std::string_view mend_by_hand =
    "mend the database by hand and say where it stands with mad_migrate.stamp.";

void refuse_without_script(const Journey& journey, const UnfinishedStep& unfinished) {
    if (journey.graph.find(unfinished.revision)) return;
    throw Failure(Code::partial_step, half_way(journey, unfinished) + ", and its script is gone",
                  count_done(unfinished),
                  mad::format("Add its script again and finish it, or {}", mend_by_hand));
}

void refuse_other_plan(const Journey& journey, const UnfinishedStep& unfinished,
                       const std::vector<Step>& plan) {
    const bool goes_on = !plan.empty() && plan[0].revision == unfinished.revision &&
                         plan[0].direction == unfinished.direction;
    if (goes_on) return;
    throw Failure(Code::partial_step, half_way(journey, unfinished), count_done(unfinished),
                  mad::format("Finish it with {}, or {}",
                              finish_call(journey.order.branch, unfinished.direction,
                                          unfinished.revision, journey.database_name),
                              mend_by_hand));
}

void refuse_edited(const Journey& journey, const UnfinishedStep& unfinished) {
    const RunnableScript& script =
        journey.scripts.script(unfinished.revision, unfinished.direction);
    if (unfinished.statements_done == 0 || script.checksum == unfinished.checksum) return;
    throw Failure(
        Code::partial_step,
        mad::format("script of revision \"{}\" was edited while it is half-way through "
                    "its {} in database \"{}\"",
                    unfinished.revision, name_of(unfinished.direction), journey.database_name),
        mad::format("Statements of its earlier text that are done: {}.",
                    unfinished.statements_done),
        mad::format("Put the earlier text back, or {}", mend_by_hand));
}

std::string describe_statement(const RunnableScript& script, std::size_t index) {
    const Statement& statement = script.statements[index];
    return mad::format("Statement {} of {}, line {} of script \"{}\": {}", index + 1,
                       script.statements.size(), statement.line, script.filename,
                       first_line(statement.text));
}

/// A crash came between the statement and the record of it.
void refuse_unknown_outcome(const Journey& journey, const RunnableScript& script,
                            std::size_t index) {
    throw Failure(
        Code::partial_step,
        mad::format("it is not known whether a statement of revision \"{}\" was completed in "
                    "database \"{}\"",
                    script.revision, journey.database_name),
        describe_statement(script, index),
        mad::format("Look into that database, then say SELECT mad_migrate.resolve({}, {}, 'done') "
                    "or 'retry', and run the call again.",
                    quote_literal(journey.order.branch), quote_literal(journey.database_name)));
}

/// Of the statement that an earlier call did not get done. True where it did get it done.
Task<bool> look_after(const Journey& journey, const UnfinishedStep& unfinished) {
    const RunnableScript& script =
        journey.scripts.script(unfinished.revision, unfinished.direction);
    const std::size_t index = unfinished.statements_done;
    if (index == script.statements.size()) co_return false;
    const Statement& statement = script.statements[index];
    if (statement.builds) {
        const bool built = co_await clear_index_build(journey.database, *statement.builds);
        co_return built&& unfinished.outcome_unknown;
    }
    if (unfinished.outcome_unknown && !statement.repeatable) {
        refuse_unknown_outcome(journey, script, index);
    }
    co_return false;
}

bool came_from_the_statement(const Failure& failure) {
    // 57P0x: the server ended the session. 08xxx: the session is gone, and nobody knows.
    const std::string& code = failure.report().sqlstate;
    return !code.starts_with("57P") && !code.starts_with("08");
}

/// A statement that cannot share a transaction with the record of it: the intent is recorded first,
/// so that a crash in between is known of.
Task<void> run_on_its_own(const Journey& journey, const RunnableScript& script,
                          std::int64_t step_id, std::size_t index) {
    co_await journey.database.transact("", record_statement_sql(step_id, index + 1, false));
    std::optional<Failure> failed;
    try {
        co_await journey.database.run_alone(script.statements[index].text);
    } catch (const Failure& failure) {
        failed = located_at(failure, script, index);
    }
    if (failed && came_from_the_statement(*failed)) {
        co_await journey.database.transact("", forget_statement_sql(step_id));
    }
    if (failed) throw Failure(*std::move(failed));
    co_await journey.database.transact("", record_statement_sql(step_id, index + 1, true));
}

Task<void> run_statement(const Journey& journey, const RunnableScript& script, std::int64_t step_id,
                         std::size_t index) {
    const Statement& statement = script.statements[index];
    if (!statement.transactional) {
        co_await run_on_its_own(journey, script, step_id, index);
        co_return;
    }
    try {
        co_await journey.database.transact(statement.text,
                                           record_statement_sql(step_id, index + 1, true));
    } catch (const Failure& failure) {
        throw located_at(failure, script, index);
    }
}

/// A person may say of any statement that it is done, but an index can be looked at.
Task<void> refuse_unbuilt(const Journey& journey, const UnfinishedStep& unfinished) {
    const Step step{unfinished.revision, unfinished.direction, {}};
    journey.scripts.prepare({&step, 1});
    const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
    const std::size_t index = unfinished.statements_done;
    if (index >= script.statements.size() || !script.statements[index].builds) co_return;
    const IndexBuild& build = *script.statements[index].builds;
    const bool built = co_await is_built(journey.database, build);
    if (built) co_return;
    throw Failure(Code::partial_step,
                  mad::format("index \"{}\" is missing or INVALID in database \"{}\"", build.index,
                              journey.database_name),
                  describe_statement(script, index),
                  "Mend what made it fail and run the call again, which drops what is left of it "
                  "and builds it anew.");
}

Task<std::int64_t> begin(const Journey& journey, const Step& step, const RunnableScript& script) {
    const Rows rows = co_await journey.database.transact(
        "", begin_partial_step_sql(journey.order.branch, step, script.checksum,
                                   script.statements.size(), journey.order.run));
    co_return std::stoll(rows.at(0).at(0).value());
}

}  // namespace

std::string call_text(const Journey& journey, Direction direction, const std::string& target) {
    return mad::format("CALL mad_migrate.run_{}({}, {})", name_of(direction),
                       quote_literal(journey.order.branch), quote_literal(target));
}

std::string finish_call(const std::string& branch, Direction direction, const std::string& revision,
                        const std::string& database) {
    const std::string target = revision + (direction == Direction::downgrade ? "-1" : "");
    return mad::format("CALL mad_migrate.run_{}({}, {}, databases => ARRAY[{}])",
                       name_of(direction), quote_literal(branch), quote_literal(target),
                       quote_literal(database));
}

void refuse_other_than_unfinished(const Journey& journey, const UnfinishedStep& unfinished,
                                  const std::vector<Step>& plan) {
    refuse_without_script(journey, unfinished);
    refuse_other_plan(journey, unfinished, plan);
    refuse_edited(journey, unfinished);
}

Task<std::optional<UnfinishedStep>> take_up(const Journey& journey, UnfinishedStep unfinished,
                                            const std::vector<Step>& plan) {
    bool was_done = false;
    if (journey.order.direction != Direction::stamp) {
        was_done = co_await look_after(journey, unfinished);
    }
    if (was_done) {
        ++unfinished.statements_done;
        co_await journey.database.transact(
            "", record_statement_sql(unfinished.id, unfinished.statements_done, true));
    }
    if (unfinished.statements_done > 0 || plan.empty()) co_return unfinished;
    // Its script may have been edited, so its record would no longer tell the truth.
    co_await journey.database.transact("", forget_unfinished_sql(journey.order.branch));
    co_return std::nullopt;
}

Task<void> run_outside_transaction(const Journey& journey, const Step& step,
                                   const std::optional<UnfinishedStep>& unfinished,
                                   MigrationResult& result) {
    const RunnableScript& script = journey.scripts.script(step.revision, step.direction);
    // Some compilers mistake a co_await inside a conditional expression.
    std::int64_t step_id = 0;
    if (unfinished) {
        step_id = unfinished->id;
    } else {
        step_id = co_await begin(journey, step, script);
    }
    const std::size_t first = unfinished ? unfinished->statements_done : 0;
    for (std::size_t done = first; done < script.statements.size(); ++done) {
        result.standstill = mad::format("statement {} of {} of revision {}", done + 1,
                                        script.statements.size(), step.revision);
        if (journey.logbook != nullptr) {
            journey.logbook->note(journey.database_name, result);
            // That it is half-way must be known; how far, may be known a moment later.
            if (done == first) co_await journey.logbook->written();
        }
        co_await run_statement(journey, script, step_id, done);
    }
    co_await journey.database.transact("", finish_partial_step_sql(step_id, step.rows));
    result.standstill.clear();
}

Task<void> settle_unfinished(const Migrations& migrations, Executor& database,
                             std::string database_name, Settlement settlement) {
    const Journey journey{migrations, database, database_name};
    const std::string& branch = journey.order.branch;
    const Inspection seen = co_await lock_and_inspect(database, branch, journey.order.kit_sql);
    if (!seen.locked) {
        throw Failure(Code::locked,
                      mad::format("branch \"{}\" is being migrated by another session", branch), {},
                      "Wait for it and run the call again.");
    }
    if (!seen.unfinished) {
        throw Failure(Code::partial_step,
                      mad::format("no step of branch \"{}\" is half-way in that database", branch),
                      {}, "There is nothing to resolve.");
    }
    const UnfinishedStep& step = *seen.unfinished;
    refuse_without_script(journey, step);
    if (settlement == Settlement::done) co_await refuse_unbuilt(journey, step);
    // Some compilers destroy twice what a conditional expression in a coroutine has made.
    std::string outcome = forget_statement_sql(step.id);
    if (settlement == Settlement::done) {
        outcome = record_statement_sql(step.id, step.statements_done + 1, true);
    }
    co_await journey.database.transact("", outcome);
}

}  // namespace mad
