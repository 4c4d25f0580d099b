// Hooks: functions of the user's, called with one jsonb as the branch's owner.
#pragma once

#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "engine/witness.hpp"
#include "server/catalog.hpp"

namespace mad::pg {

/// What a jsonb tells of an event besides its name; empty members are left out.
struct EventFacts {
    std::string database;
    std::string organization;
    std::string revision;
    std::string status;
    const Report* error = nullptr;
};

class Hooks final : public Witness {
 public:
    Hooks(const Branch& branch, RunDescription run);
    /// Of events that belong to no run.
    explicit Hooks(const Branch& branch);

    /// From now on events carry the run's number, and are notified by the ledger's session.
    void join(Ledger* ledger) noexcept { ledger_ = ledger; }

    /// Throws Failure where a hook refuses.
    void before(const std::string& event, const EventFacts& facts);
    /// A hook's error is a WARNING.
    void after(const std::string& event, const EventFacts& facts);

    void before_step(const std::string& database, const Step& step) override;
    void after_step(const std::string& database, const Step& step) override;

 private:
    std::string event_sql(const std::string& event, const EventFacts& facts) const;
    void notify(const std::string& event_sql) const;

    struct Hook {
        std::string event;
        std::string function;  // quoted
    };

    const Branch& branch_;
    RunDescription run_;
    Ledger* ledger_ = nullptr;
    std::vector<Hook> hooks_;
};

}  // namespace mad::pg
