// Getting at a branch's databases: the template that is created on first need, those that are gone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/template_hold.hpp"
#include "server/sessions.hpp"

namespace mad::pg {

/// Creates the template if it is among them and absent, and marks it as present.
void ensure_template_present(Reactor& reactor, const Sessions& sessions, const Branch& branch,
                             std::vector<Database>& databases);

/// Opens sessions in a branch's databases. The template takes connections only while it is held.
class BranchAccess {
 public:
    BranchAccess(Reactor& reactor, const Sessions& sessions, const Branch& branch)
        : reactor_(reactor), sessions_(sessions), branch_(branch) {}
    BranchAccess(const BranchAccess&) = delete;
    BranchAccess& operator=(const BranchAccess&) = delete;

    /// Throws Failure(unknown_database) for one that is absent. The template is held from here on.
    Task<std::unique_ptr<Executor>> open(const Database& database);
    /// When no session in the template is left. Spare clones of what it was before are replaced.
    void release_template();

 private:
    Task<void> hold_template(const std::string& database);

    Reactor& reactor_;
    const Sessions& sessions_;
    const Branch& branch_;
    std::unique_ptr<Executor> control_;  // has the hold's lock
    std::optional<TemplateHold> hold_;
    Database held_;
};

}  // namespace mad::pg
