// The server's own parser, asked where statements begin and which of them cannot run in a
// transaction.
#pragma once

#include <string>
#include <vector>

#include "engine/script_source.hpp"

namespace mad::pg {

/// The statements of one section's body. Throws Failure(invalid_script) with the script's line for
/// a syntax error, a psql meta-command, transaction control, COPY to or from the client, DISCARD
/// ALL.
std::vector<Statement> parse_statements(const std::string& body, int first_line,
                                        const std::string& filename);

}  // namespace mad::pg
