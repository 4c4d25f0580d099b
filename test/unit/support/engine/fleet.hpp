// A fleet of scripted databases, and all that is seen of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/fleet.hpp"
#include "support/engine/migration.hpp"

namespace mad::test {

using Names = std::vector<std::string>;

class FleetTest : public MigrationTest {
 protected:
    FleetTest();
    ~FleetTest() override;

    /// In the database's next attempt that nothing was said of yet: at this call of the session,
    /// from 1; 0: the session is not opened.
    void fail(const std::string& database, std::size_t call, std::string_view sqlstate);
    void fail_no_more();

    const std::vector<DatabaseOutcome>& migrate(const Names& databases, std::size_t jobs,
                                                Ledger* ledger = nullptr);
    void run_one_after_the_other(const std::vector<Names>& parts, Ledger* ledger = nullptr);

    static Names databases(std::size_t count);
    Names finished() const;
    const DatabaseOutcome& outcome(const std::string& database) const;

    FakeHost host_;
    Reactor reactor_{host_};
    FleetOrder fleet_order_;
    bool owns_transactions_ = true;
    std::set<std::string> unreachable_;
    std::map<std::string, std::deque<std::string>> heads_;  // attempt by attempt; "002" where none
    std::map<std::string, std::chrono::milliseconds> pauses_;
    std::map<std::string, Answer> answers_;  // of every database, to what holds the text
    std::function<void(const DatabaseOutcome&)> when_finished_;

    std::size_t sessions_ = 0;  // open now
    std::size_t most_sessions_ = 0;
    Names opened_;
    std::vector<TimePoint> opened_at_;
    std::vector<DatabaseOutcome> outcomes_;
    std::vector<std::size_t> sessions_when_finished_;
    std::size_t failures_ = 0;
    bool stopped_ = false;

 private:
    struct Trouble {
        std::size_t call = 0;
        Failure failure;
    };

    Task<std::unique_ptr<Executor>> open(std::string database);
    void take(const DatabaseOutcome& outcome);
    std::string next_heads(const std::string& database);

    std::map<std::string, std::deque<Trouble>> troubles_;
    std::vector<std::unique_ptr<ScriptedExecutor>> databases_;
};

}  // namespace mad::test
