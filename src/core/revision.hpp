// A revision: one node of a branch's graph, as its script's header declares it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mad {

struct Revision {
    std::string id;
    std::vector<std::string> down_revisions;  // ids
    std::vector<std::string> depends_on;      // ids or labels, as declared
    std::vector<std::string> labels;

    friend bool operator==(const Revision&, const Revision&) = default;
};

/// Throws Failure(invalid_identifier) unless the text can be a revision id or a label: 1-255 bytes,
/// no
/// `@ - + : ,`, no white space or control character, none of the words head, heads, base, current.
/// `kind` ("revision", "label") names the thing in the message.
void check_identifier(std::string_view kind, std::string_view text);

}  // namespace mad
