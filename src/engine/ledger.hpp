// Ledger: the durable record of a run, written over a session of its own while the run goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/failure.hpp"
#include "engine/event.hpp"
#include "engine/executor.hpp"
#include "engine/migrate.hpp"

namespace mad {

/// What became of one database in a run.
struct DatabaseOutcome {
    std::string database;
    MigrationResult result;
    std::optional<Failure> failure;
    bool skipped = false;    // the run was stopped before its turn
    bool rehearsed = false;  // all of it was rolled back
    std::size_t attempts = 0;
    std::chrono::microseconds duration{0};
};

/// "upgraded", "up to date", "failed", …
std::string_view status_of(const DatabaseOutcome& outcome, Direction direction);

class Ledger {
 public:
    /// The session must outlive the ledger; the run counts as alive while it lives.
    Ledger(Executor& session, RunDescription run) : session_(session), run_(std::move(run)) {}

    /// Gives the run its number.
    Task<void> begin(std::size_t databases);
    std::int64_t number() const noexcept { return number_; }

    void starts(const std::string& database);
    void stands(const std::string& database, const MigrationResult& so_far);
    void finishes(const DatabaseOutcome& outcome);
    /// Listeners are notified with the next write.
    void announce(Event event) { events_.push_back(std::move(event)); }
    bool has_news() const noexcept { return !news_.empty() || !events_.empty(); }
    /// One round trip for all news. When it is done they are on disk, and with them whatever the
    /// databases had committed before without waiting for the disk.
    Task<void> write();
    /// `databases` are more than at the beginning where some appeared meanwhile.
    Task<void> end(std::string_view status, std::size_t databases);

    /// For each of these processes that waits for a lock: who holds it.
    Task<std::map<int, std::string>> blockers_of(std::vector<int> processes);

 private:
    std::vector<std::string> take_news();

    Executor& session_;
    RunDescription run_;
    std::int64_t number_ = 0;
    std::vector<Event> events_;
    std::map<std::string, std::string> news_;  // the latest row of VALUES, by database
};

}  // namespace mad
