// The template database from which a branch's databases are cloned.
#pragma once

#include <string>

#include "engine/executor.hpp"

namespace mad {

/// Creates it from template0 unless it exists. `beside` is a session in another database.
Task<void> ensure_template(Executor& beside, std::string name, std::string branch);

}  // namespace mad
