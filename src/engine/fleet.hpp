// Migrating many databases, some at a time; one's failure is its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "engine/migrate.hpp"

namespace mad {

struct FleetOrder {
    std::size_t jobs = 8;
    std::optional<std::size_t> max_failures;  // that many stop the run
    /// A lock that stays taken: how often a database is tried again, behind all others.
    std::size_t attempts = 5;
    std::chrono::milliseconds pause{100};  // before the second attempt; doubled for each further
    /// How often it is asked who holds the locks that are waited for: more often than a wait ends.
    std::chrono::milliseconds between_looks{500};
};

/// Opens a session in a database, by name.
using OpenSession = std::function<Task<std::unique_ptr<Executor>>(const std::string& database)>;
/// Told of each database once its outcome is durable.
using Finished = std::function<void(const DatabaseOutcome&)>;

/// Workers take databases from one line; what finds a lock taken goes to the back of it. A Failure
/// is contained in its database; anything else ends the whole.
class Fleet final : private Logbook {
 public:
    /// Without a ledger nothing is recorded beside the databases themselves.
    Fleet(const Migrations& migrations, FleetOrder order, OpenSession open, Finished finished,
          Ledger* ledger);
    /// Until each of them is done, or was given up.
    void run(const std::vector<std::string>& databases);

    std::size_t failures() const noexcept { return failures_; }
    bool stopped() const noexcept;

 private:
    struct Entry {
        DatabaseOutcome outcome;
        TimePoint not_before;
    };

    void drive(std::size_t workers);
    Task<void> work();
    Task<void> attend(Entry entry);
    Task<void> migrate_in(const std::string& database, MigrationResult& result, bool& retryable);
    bool put_back(Entry& entry, bool retryable);
    void name_blocker(DatabaseOutcome& outcome) const;
    void note(const std::string& database, const MigrationResult& so_far) override;
    Task<void> written() override;
    void settle(DatabaseOutcome outcome);
    void report(const DatabaseOutcome& outcome);

    Task<void> keep_ledger();
    Task<void> write_news();
    Task<void> watch_for_blockers();

    Migrations migrations_;
    FleetOrder order_;
    OpenSession open_;
    Finished finished_;
    Ledger* ledger_;

    std::deque<Entry> line_;
    std::size_t working_ = 0;  // workers that have not ended
    std::size_t failures_ = 0;
    std::minstd_rand jitter_;

    std::vector<DatabaseOutcome> unwritten_;
    std::vector<Reactor::Signal*> awaited_;  // each by a database that goes on after the next write
    Reactor::Signal news_;
    Reactor::Signal ended_;                        // the last worker
    std::map<std::string, int> processes_;         // of sessions at work, by database
    std::map<std::string, std::string> blockers_;  // as they were last seen, by database
    TimePoint next_write_;
    TimePoint next_look_;
};

}  // namespace mad
