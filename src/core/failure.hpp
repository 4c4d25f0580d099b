// The one kind of error the layers above the server throw: everything PostgreSQL shows of an error.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mad {

/// What went wrong, as a caller may want to tell it apart. Each has one SQLSTATE (see sqlstate()).
enum class Code {
    unknown_branch,    // MM001
    unknown_revision,  // MM002 also an unknown label, or a revision that is not on the given branch
    ambiguous_revision,  // MM003 a prefix with several meanings
    multiple_heads,      // MM004
    invalid_target,      // MM005 the text is no target, or no target for this command
    unreachable_target,  // MM006 a relative target that runs past the graph or forks on its way
    invalid_downgrade_target,  // MM007
    overlapping_revisions,     // MM008 one of two heads or targets is an ancestor of the other
    invalid_script,            // MM009
    invalid_identifier,        // MM010 revision id, label or branch name
    duplicate_revision,        // MM011 an id or label that is already taken
    missing_parent,            // MM012
    revision_cycle,            // MM013
    applied_script,        // MM014 a script that is applied somewhere was to be changed or removed
    duplicate_branch,      // MM015
    version_conflict,      // MM016 the version table did not hold what was planned from
    locked,                // MM017 another migration of this database and branch is running
    partial_step,          // MM018 a non-transactional step is unfinished
    untrusted_database,    // MM019 the kit in the database belongs to somebody else
    irreversible,          // MM020
    unmet_requirement,     // MM021
    unknown_database,      // MM022
    run_failed,            // MM023 some of several databases failed
    branch_in_use,         // MM024 a branch that still has databases was to be dropped
    kit_mismatch,          // MM025 the database carries a kit of another version
    copied_control,        // MM026 the control database is a copy of the one that has the databases
    deprovisioned,         // MM027 the organization's database was put aside
    unknown_organization,  // MM028 it has no database
    unmanaged_database,    // MM029 it has tables, but no version
    foreign_template,      // MM030 another control database keeps the branch's template
    duplicate_database,    // 42P04 a database of that name is not ours
    undefined_function,    // 42883
    object_in_use,         // 55006 sessions are connected
    active_transaction,    // 25001 a non-transactional script inside a transaction
    insufficient_privilege,  // 42501
    invalid_parameter,       // 22023
    invalid_encoding,        // 22021
    connection_failed,       // 08001
    protocol_violation,      // 08P01
    out_of_memory,           // 53200
    internal,                // XX000
};

std::string_view sqlstate(Code code) noexcept;

/// An error as PostgreSQL reports it. Empty texts are absent ones.
struct Report {
    std::string sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
    std::string context;
    /// File and line, "001_users.sql:12", where a statement of a script failed.
    std::string place;
    /// Of a batch of statements: how many had completed when this one failed.
    std::optional<std::size_t> completed_statements;
    /// Character (not byte) in the SQL text, counted from 1; 0 where the server named none.
    int position = 0;
};

class Failure final : public std::exception {
 public:
    explicit Failure(Report report) : report_(std::move(report)) {}
    Failure(Code code, std::string message, std::string detail = {}, std::string hint = {});

    const Report& report() const noexcept { return report_; }
    bool is(Code code) const noexcept { return report_.sqlstate == sqlstate(code); }
    const char* what() const noexcept override { return report_.message.c_str(); }

 private:
    Report report_;
};

}  // namespace mad
