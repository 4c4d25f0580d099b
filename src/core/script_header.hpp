// The header of a script: the comment at its top that says which revision it is.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/script.hpp"
#include "core/script_text.hpp"

namespace mad {

/// The header's keys, in the order a new script has them.
namespace header_key {
inline constexpr std::string_view revision_id = "Revision ID";
inline constexpr std::string_view revises = "Revises";
inline constexpr std::string_view branch_labels = "Branch Labels";
inline constexpr std::string_view depends_on = "Depends On";
inline constexpr std::string_view create_date = "Create Date";
inline constexpr std::string_view needs = "Requires";
inline constexpr std::string_view transaction = "Transaction";
inline constexpr std::string_view irreversible = "Irreversible";

inline constexpr std::array all{revision_id, revises, branch_labels, depends_on,
                                create_date, needs,   transaction,   irreversible};
}  // namespace header_key

struct Header {
    Script script;        // without sections
    std::size_t end = 0;  // where in the text the comment ends
};

Header parse_header(const ScriptText& text);

}  // namespace mad
