// Sessions in a branch's databases: the caller's own transaction, or one over libpq.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"
#include "server/catalog.hpp"

namespace mad::pg {

class Sessions {
 public:
    /// `leaves_transaction`: reach the control database too over libpq.
    Sessions(Reactor& reactor, const Branch& branch, bool leaves_transaction);

    /// As the branch's owner.
    Task<std::unique_ptr<Executor>> open(const Database& database) const;
    /// In the control database, over libpq, as the branch's owner: for what no transaction may
    /// hold.
    Task<std::unique_ptr<Executor>> open_beside() const;
    /// In the control database, over libpq, as the extension's owner: what it commits stays,
    /// whatever becomes of the caller's transaction.
    Task<std::unique_ptr<Executor>> open_ledger() const;

 private:
    Reactor& reactor_;
    const Branch& branch_;
    bool leaves_transaction_;
};

}  // namespace mad::pg
