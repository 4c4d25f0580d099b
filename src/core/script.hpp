// The text of a script taken apart: header, upgrade and downgrade sections.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "core/revision.hpp"

namespace mad {

struct Section {
    Direction direction = Direction::upgrade;
    std::string environment;  // empty: any
    std::string body;         // without the marker line
    int first_line = 1;       // of `body`, in the script

    /// As its marker has it: "upgrade", "downgrade environment=production".
    std::string name() const;
};

/// `Requires: metadata@004_meta`
struct Requirement {
    std::string branch;
    std::string revision;
};

struct Script {
    Revision revision;
    std::string message;      // the header's first paragraph, on one line
    std::string create_date;  // as written; empty: none
    std::vector<Requirement> requirements;
    bool transactional = true;                // false: `Transaction: off`
    std::optional<std::string> irreversible;  // the reason, in place of a downgrade section
    std::vector<Section> sections;
};

/// Throws Failure(invalid_script, invalid_identifier, invalid_encoding); DETAIL names `filename`
/// and the line. Carriage returns before line feeds and a byte order mark are accepted and dropped.
Script parse_script(std::string_view text, std::string_view filename);

/// The section for a direction: the one bound to `environment`, else the plain one; nullptr: none.
const Section* find_section(const Script& script, Direction direction,
                            std::string_view environment);

/// The text of a new script; parse_script(write_script(s)) gives s again.
std::string write_script(const Script& script);

}  // namespace mad
