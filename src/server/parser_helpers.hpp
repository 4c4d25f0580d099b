// What a statement that calls the kit's helpers asks of the way a script is run.
#pragma once

#include <optional>
#include <string>

#include "server/prelude.hpp"

namespace mad::pg {

/// A procedure of the kit: it commits, and called again it goes on where it stopped.
bool calls_kit_procedure(const ::Node* statement);

/// The value that a statement adds to an enum type, by ALTER TYPE or the helper. Until that is
/// committed the server lets nobody use it.
std::optional<std::string> added_enum_value(::Node* statement);

}  // namespace mad::pg
