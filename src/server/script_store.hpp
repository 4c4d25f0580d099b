// Scripts on their way into the catalog and out of it: each checked alone, then all judged as one
// graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/script.hpp"

namespace mad::pg {

struct IncomingScript {
    Script script;
    std::string filename;
    std::string text;
};

/// Parses the text, and every statement in it. Without a filename one is made of the header.
IncomingScript read_script(const std::string& text, const std::optional<std::string>& filename);

/// Those that cannot run in a transaction, by their names; every statement is parsed for it.
std::vector<std::string> sections_outside_transaction(const IncomingScript& incoming);

/// Adds the scripts as one set. The same text again changes nothing; another text for a revision
/// that is applied anywhere is refused. Returns the revisions added or changed.
std::vector<std::string> store_scripts(const std::string& branch,
                                       std::vector<IncomingScript> scripts);

/// Throws Failure where it is applied anywhere, or where another revision builds on it.
void remove_script(const std::string& branch, const std::string& revision);

}  // namespace mad::pg
