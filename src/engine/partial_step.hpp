// Steps whose statements are committed one by one: run, resumed where they stopped, or refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/journey.hpp"
#include "engine/kit.hpp"

namespace mad {

/// The call that runs such a step in the control database, for a HINT.
std::string call_text(const Journey& journey, Direction direction, const std::string& target);
/// The call that goes on with a step where it stopped, in that database and no other, for a HINT.
std::string finish_call(const std::string& branch, Direction direction, const std::string& revision,
                        const std::string& database);

/// An unfinished step must be finished before anything else, by what the plan begins with.
void refuse_other_than_unfinished(const Journey& journey, const UnfinishedStep& unfinished,
                                  const std::vector<Step>& plan);
/// What an earlier call left: to be gone on with, or forgotten where nothing of it was done. Throws
/// Failure(partial_step) where a person must say what became of a statement.
Task<std::optional<UnfinishedStep>> take_up(const Journey& journey, UnfinishedStep unfinished,
                                            const std::vector<Step>& plan);
/// Goes on with `unfinished`, or begins the step. Where it fails, `result` tells how far it came.
Task<void> run_outside_transaction(const Journey& journey, const Step& step,
                                   const std::optional<UnfinishedStep>& unfinished,
                                   MigrationResult& result);

enum class Settlement { done, retry };
/// What a person found out of the statement at which a step stands still. An index that is not
/// there is not believed to be done.
Task<void> settle_unfinished(const Migrations& migrations, Executor& database,
                             std::string database_name, Settlement settlement);

}  // namespace mad
