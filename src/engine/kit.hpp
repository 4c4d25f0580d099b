// The kit: what a database carries so that it can be migrated, and the SQL that speaks to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/plan.hpp"
#include "engine/executor.hpp"
#include "engine/trust.hpp"

namespace mad {

inline constexpr std::string_view kit_version = "1.0.0";

/// Of the ledger; none where there is no ledger.
using RunNumber = std::optional<std::int64_t>;

/// A non-transactional step that an earlier run began and did not finish.
struct UnfinishedStep {
    std::int64_t id = 0;
    std::string revision;
    Direction direction = Direction::upgrade;
    std::string checksum;
    std::size_t statements_done = 0;
    bool outcome_unknown = false;  // of the statement after those
};

/// What a database says of itself and one branch.
struct Inspection {
    bool locked = false;  // by us; where not, nothing below is read
    Heads heads;
    std::string published;     // mad_revision.<branch> as this session has it
    bool may_publish = false;  // set it, that is
    std::optional<UnfinishedStep> unfinished;
};

/// Of version rows that are joined with commas.
Heads heads_of(const Cell& joined);

/// Takes the lock of this database and branch if it is free, and reads what is there. Installs the
/// kit (`kit_sql`) where it is missing. Throws Failure(untrusted_database, kit_mismatch).
Task<Inspection> lock_and_inspect(Executor& database, const std::string& branch,
                                  const std::string& kit_sql);
/// Who holds the lock, as a sentence for DETAIL.
Task<std::string> describe_lock_holder(Executor& database, const std::string& branch);
/// The version rows, and nothing else: no lock, no kit installed. No version table is no rows.
Task<Heads> read_heads(Executor& database, const std::string& branch);
/// The same, of what has been judged.
Task<Heads> read_heads(Executor& database, const std::string& branch, Presence there);

/// SQL that installs the kit where it is missing, and the branch's version table.
std::string prepare_sql(const std::string& branch, const std::string& kit_sql);

/// SQL that records a finished step. `checksum` is empty for a stamp.
std::string record_step_sql(const std::string& branch, const Step& step,
                            const std::string& checksum, RunNumber run, bool publish);
/// SQL that changes the version rows, and fails where they are not what the step starts from.
std::string change_heads_sql(const std::string& branch, const RowChange& rows);
std::string publish_heads_sql(const std::string& branch);
std::string forget_unfinished_sql(const std::string& branch);

std::string begin_partial_step_sql(const std::string& branch, const Step& step,
                                   const std::string& checksum, std::size_t statements,
                                   RunNumber run);
/// `statement` counts from 1. Before it runs, and again after it did.
std::string record_statement_sql(std::int64_t step_id, std::size_t statement, bool finished);
/// It was begun and is known not to be done.
std::string forget_statement_sql(std::int64_t step_id);
std::string finish_partial_step_sql(std::int64_t step_id, const RowChange& rows);

}  // namespace mad
