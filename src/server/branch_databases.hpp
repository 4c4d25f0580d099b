// Getting at a branch's databases: the template that is created on first need, those that are gone.
#pragma once

#include <memory>
#include <vector>

#include "server/sessions.hpp"

namespace mad::pg {

/// Creates the template if it is among them and absent, and marks it as present.
void ensure_template_present(Reactor& reactor, const Sessions& sessions, const Branch& branch,
                             std::vector<Database>& databases);
/// Throws Failure(unknown_database) for one that is absent.
Task<std::unique_ptr<Executor>> open_present(const Sessions& sessions, const Branch& branch,
                                             const Database& database);

}  // namespace mad::pg
