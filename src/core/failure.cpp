// The SQLSTATE of each kind of failure.
#include "core/failure.hpp"

#include <array>
#include <utility>

namespace mad {
namespace {

struct Entry {
    Code code;
    std::string_view sqlstate;
};

constexpr std::array table{
    Entry{Code::unknown_branch, "MM001"},
    Entry{Code::unknown_revision, "MM002"},
    Entry{Code::ambiguous_revision, "MM003"},
    Entry{Code::multiple_heads, "MM004"},
    Entry{Code::invalid_target, "MM005"},
    Entry{Code::unreachable_target, "MM006"},
    Entry{Code::invalid_downgrade_target, "MM007"},
    Entry{Code::overlapping_revisions, "MM008"},
    Entry{Code::invalid_script, "MM009"},
    Entry{Code::invalid_identifier, "MM010"},
    Entry{Code::duplicate_revision, "MM011"},
    Entry{Code::missing_parent, "MM012"},
    Entry{Code::revision_cycle, "MM013"},
    Entry{Code::applied_script, "MM014"},
    Entry{Code::duplicate_branch, "MM015"},
    Entry{Code::version_conflict, "MM016"},
    Entry{Code::locked, "MM017"},
    Entry{Code::partial_step, "MM018"},
    Entry{Code::untrusted_database, "MM019"},
    Entry{Code::irreversible, "MM020"},
    Entry{Code::unmet_requirement, "MM021"},
    Entry{Code::unknown_database, "MM022"},
    Entry{Code::run_failed, "MM023"},
    Entry{Code::branch_in_use, "MM024"},
    Entry{Code::kit_mismatch, "MM025"},
    Entry{Code::copied_control, "MM026"},
    Entry{Code::deprovisioned, "MM027"},
    Entry{Code::unknown_organization, "MM028"},
    Entry{Code::unmanaged_database, "MM029"},
    Entry{Code::foreign_template, "MM030"},
    Entry{Code::duplicate_database, "42P04"},
    Entry{Code::undefined_function, "42883"},
    Entry{Code::object_in_use, "55006"},
    Entry{Code::active_transaction, "25001"},
    Entry{Code::insufficient_privilege, "42501"},
    Entry{Code::invalid_parameter, "22023"},
    Entry{Code::invalid_encoding, "22021"},
    Entry{Code::connection_failed, "08001"},
    Entry{Code::protocol_violation, "08P01"},
    Entry{Code::out_of_memory, "53200"},
    Entry{Code::internal, "XX000"},
};

constexpr std::size_t index_of(Code code) noexcept {
    return static_cast<std::size_t>(code);
}

constexpr bool follows_the_enum() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (index_of(table[i].code) != i) return false;
    }
    return table.size() == index_of(Code::internal) + 1;
}
static_assert(follows_the_enum(), "the table has one entry for each Code, in the enum's order");

}  // namespace

std::string_view sqlstate(Code code) noexcept {
    return table[index_of(code)].sqlstate;
}

Failure::Failure(Code code, std::string message, std::string detail, std::string hint)
    : report_{.sqlstate = std::string(mad::sqlstate(code)),
              .message = std::move(message),
              .detail = std::move(detail),
              .hint = std::move(hint),
              .context = {},
              .place = {},
              .completed_statements = {}} {}

}  // namespace mad
