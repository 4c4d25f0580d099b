// How the databases of a fleet are opened, and what is kept of them.
#include "support/engine/fleet.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace mad::test {
namespace {

/// A session of a database, counted while it is open.
class CountedSession final : public Executor {
 public:
    CountedSession(ScriptedExecutor& database, int process, std::size_t& open)
        : database_(database), process_(process), open_(open) {
        ++open_;
    }
    ~CountedSession() override { --open_; }
    Task<Rows> run(std::string sql) override { return database_.run(std::move(sql)); }
    Task<Rows> run_alone(std::string statement) override {
        return database_.run_alone(std::move(statement));
    }
    Task<Rows> transact(std::string script, std::string record) override {
        return database_.transact(std::move(script), std::move(record));
    }
    bool owns_transactions() const noexcept override { return database_.owns_transactions(); }
    int process_id() const noexcept override { return process_; }

 private:
    ScriptedExecutor& database_;
    int process_;
    std::size_t& open_;
};

}  // namespace

FleetTest::FleetTest() = default;
FleetTest::~FleetTest() = default;

void FleetTest::fail(const std::string& database, std::size_t call, std::string_view sqlstate) {
    Report report;
    report.sqlstate = sqlstate;
    report.message = "broke " + database;
    troubles_[database].push_back({call, Failure(std::move(report))});
}

void FleetTest::fail_no_more() {
    troubles_.clear();
}

Task<std::unique_ptr<Executor>> FleetTest::open(std::string database) {
    using std::chrono::milliseconds;
    opened_.push_back(database);
    opened_at_.push_back(host_.now());
    Reactor::Wait wait = reactor_.sleep_until(host_.now() + milliseconds(1));
    co_await wait;
    if (unreachable_.contains(database)) {
        throw Failure(Code::connection_failed, "cannot connect to " + database);
    }
    auto scripted = std::make_unique<ScriptedExecutor>(owns_transactions_);
    look_gives(*scripted, {sight({.heads = next_heads(database)})});
    for (const auto& [text, given] : answers_) scripted->when(text, {given});
    const auto pause = pauses_.find(database);
    scripted->suspend(reactor_, pause == pauses_.end() ? milliseconds(1) : pause->second);
    if (std::deque<Trouble>& troubles = troubles_[database]; !troubles.empty()) {
        const Trouble trouble = std::move(troubles.front());
        troubles.pop_front();
        if (trouble.call == 0) throw Failure(trouble.failure);
        // To look is two calls.
        scripted->fail_at(trouble.call + (trouble.call > 1 ? 1 : 0), trouble.failure);
    }
    databases_.push_back(std::move(scripted));
    auto session = std::make_unique<CountedSession>(
        *databases_.back(), 100 + std::stoi("0" + database.substr(1)), sessions_);
    most_sessions_ = std::max(most_sessions_, sessions_);
    co_return session;
}

const std::vector<DatabaseOutcome>& FleetTest::migrate(const Names& databases, std::size_t jobs,
                                                       Ledger* ledger) {
    fleet_order_.jobs = jobs;
    run_one_after_the_other({databases}, ledger);
    return outcomes_;
}

void FleetTest::run_one_after_the_other(const std::vector<Names>& parts, Ledger* ledger) {
    outcomes_.clear();
    opened_.clear();
    opened_at_.clear();
    const Migrations migrations{reactor_, graph_, scripts_, order_};
    Fleet fleet(
        migrations, fleet_order_, [this](const std::string& name) { return open(name); },
        [this](const DatabaseOutcome& outcome) { take(outcome); }, ledger);
    for (const Names& part : parts) fleet.run(part);
    failures_ = fleet.failures();
    stopped_ = fleet.stopped();
}

Names FleetTest::databases(std::size_t count) {
    Names names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("d" + std::to_string(i));
    return names;
}

Names FleetTest::finished() const {
    Names names;
    for (const DatabaseOutcome& outcome : outcomes_) names.push_back(outcome.database);
    return names;
}

const DatabaseOutcome& FleetTest::outcome(const std::string& database) const {
    const auto found = std::ranges::find(outcomes_, database, &DatabaseOutcome::database);
    if (found == outcomes_.end()) throw std::runtime_error("nothing was told of " + database);
    return *found;
}

void FleetTest::take(const DatabaseOutcome& outcome) {
    outcomes_.push_back(outcome);
    sessions_when_finished_.push_back(sessions_);
    if (when_finished_) when_finished_(outcome);
}

std::string FleetTest::next_heads(const std::string& database) {
    std::deque<std::string>& heads = heads_[database];
    if (heads.empty()) return "002";
    std::string next = std::move(heads.front());
    heads.pop_front();
    return next;
}

}  // namespace mad::test
