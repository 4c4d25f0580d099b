// Hooks: functions of the user's, called with one jsonb as the branch's owner.
#pragma once

#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "engine/witness.hpp"
#include "server/catalog.hpp"

namespace mad::pg {

class Hooks final : public Witness {
 public:
    Hooks(const Branch& branch, RunDescription run);
    /// Of events that belong to no run.
    explicit Hooks(const Branch& branch);

    /// From now on events carry the run's number, and listeners hear of them from the ledger's
    /// session at once; else with the caller's commit.
    void join(Ledger* ledger) noexcept { ledger_ = ledger; }

    /// Throws Failure where a hook refuses.
    void before(Event event);
    /// A hook's error is a WARNING.
    void after(Event event);

    void before_step(const std::string& database, const Step& step) override;
    void after_step(const std::string& database, const Step& step) override;

 private:
    struct Hook {
        std::string event;
        std::string name;                     // with the type of its argument
        std::optional<std::string> function;  // quoted; nothing where it does not exist any more
    };

    using Failed = void (*)(const Failure& failure, const Event& event,
                            const std::string& function);
    void happen(Event event, Failed failed);
    void call_hook(const Hook& hook, const std::string& argument) const;

    const Branch& branch_;
    RunDescription run_;
    Ledger* ledger_ = nullptr;
    std::vector<Hook> hooks_;
};

}  // namespace mad::pg
