// Migrating many databases, some at a time; one's failure is its own.
#include "engine/fleet.hpp"

#include <algorithm>
#include <utility>

namespace mad {

namespace {

using namespace std::chrono_literals;

/// Less often than databases finish, so that each write tells of several.
constexpr auto between_writes = 20ms;

bool is_lock_trouble(const Failure& failure) {
    const std::string& code = failure.report().sqlstate;
    return code == "55P03" || code == "40P01" || failure.is(Code::locked);
}

}  // namespace

Fleet::Fleet(const Migrations& migrations, FleetOrder order, OpenSession open, Finished finished,
             Ledger* ledger)
    : migrations_(migrations),
      order_(order),
      open_(std::move(open)),
      finished_(std::move(finished)),
      ledger_(ledger),
      news_(migrations.reactor),
      ended_(migrations.reactor) {
    if (ledger_ != nullptr) migrations_.logbook = this;
}

bool Fleet::stopped() const noexcept {
    return order_.max_failures && failures_ >= *order_.max_failures;
}

void Fleet::run(const std::vector<std::string>& databases) {
    for (const std::string& database : databases) {
        Entry& entry = line_.emplace_back();
        entry.outcome.database = database;
        entry.outcome.rehearsed = migrations_.order.rehearse;
    }
    drive(std::min(order_.jobs, line_.size()));
}

/// Runs workers until the line is empty, and the keeper of the ledger until they are done.
void Fleet::drive(std::size_t workers) {
    if (line_.empty()) return;
    std::size_t begun = 0;
    working_ = workers;
    migrations_.reactor.complete_all(
        [&]() -> std::optional<Task<void>> {
            if (begun < workers) {
                ++begun;
                return work();
            }
            if (ledger_ == nullptr || begun > workers) return std::nullopt;
            ++begun;
            return keep_ledger();
        },
        workers + 1);
}

Task<void> Fleet::work() {
    while (!line_.empty()) {
        Entry entry = std::move(line_.front());
        line_.pop_front();
        co_await attend(std::move(entry));
    }
    --working_;
    news_.raise();
    if (working_ == 0) ended_.raise();
}

Task<void> Fleet::attend(Entry entry) {
    Host& host = migrations_.reactor.host();
    DatabaseOutcome& outcome = entry.outcome;
    if (stopped()) {
        outcome.skipped = !outcome.failure;  // else it was tried and waits for another attempt
        settle(std::move(outcome));
        co_return;
    }
    if (entry.not_before > host.now()) {
        Reactor::Wait wait = migrations_.reactor.sleep_until(entry.not_before);
        co_await wait;
    }
    if (++outcome.attempts == 1 && ledger_ != nullptr) {
        ledger_->starts(outcome.database);
        news_.raise();
    }
    const TimePoint start = host.now();
    outcome.failure.reset();
    bool retryable = false;
    try {
        co_await migrate_in(outcome.database, outcome.result, retryable);
    } catch (const Failure& failure) {
        outcome.failure = failure;
    }
    processes_.erase(outcome.database);
    outcome.duration += std::chrono::duration_cast<std::chrono::microseconds>(host.now() - start);
    if (put_back(entry, retryable)) co_return;
    name_blocker(outcome);
    settle(std::move(outcome));
}

/// Steps done in an earlier attempt count, except those that were rolled back.
Task<void> Fleet::migrate_in(const std::string& database, MigrationResult& result,
                             bool& retryable) {
    const std::unique_ptr<Executor> session = co_await open_(database);
    retryable = session->owns_transactions();
    processes_[database] = session->process_id();
    MigrationResult attempt;
    std::exception_ptr failure;
    try {
        co_await migrate(migrations_, *session, database, attempt);
    } catch (const Failure&) {
        failure = std::current_exception();
    }
    if (attempt.known) {
        if (result.steps > 0 && !migrations_.order.rehearse) {
            attempt.before = result.before;
            attempt.steps += result.steps;
        }
        result = std::move(attempt);
    }
    if (failure) std::rethrow_exception(failure);
}

/// With jitter, so that two runs do not meet again and again.
bool Fleet::put_back(Entry& entry, bool retryable) {
    if (!retryable || !entry.outcome.failure || !is_lock_trouble(*entry.outcome.failure)) {
        return false;
    }
    if (entry.outcome.attempts >= order_.attempts) return false;
    const auto pause = order_.pause * (1 << (entry.outcome.attempts - 1));
    std::uniform_real_distribution<double> factor(0.5, 1.5);
    entry.not_before = migrations_.reactor.host().now() +
                       std::chrono::duration_cast<Clock::duration>(pause * factor(jitter_));
    line_.push_back(std::move(entry));
    return true;
}

void Fleet::name_blocker(DatabaseOutcome& outcome) const {
    const auto blocker = blockers_.find(outcome.database);
    if (blocker == blockers_.end() || !outcome.failure) return;
    if (outcome.failure->report().sqlstate != "55P03") return;
    Report report = outcome.failure->report();
    report.detail = "The lock is held by " + blocker->second;
    report.hint = "End that session or wait for it, and run the call again.";
    outcome.failure = Failure(std::move(report));
}

void Fleet::note(const std::string& database, const MigrationResult& so_far) {
    ledger_->stands(database, so_far);
    news_.raise();
}

Task<void> Fleet::written() {
    Reactor::Signal written(migrations_.reactor);
    awaited_.push_back(&written);
    co_await written.wait({});
}

void Fleet::settle(DatabaseOutcome outcome) {
    if (outcome.failure) ++failures_;
    if (ledger_ == nullptr) {
        finished_(outcome);
        return;
    }
    ledger_->finishes(outcome);
    unwritten_.push_back(std::move(outcome));
    news_.raise();
}

Task<void> Fleet::keep_ledger() {
    next_look_ = migrations_.reactor.host().now() + order_.between_looks;
    while (working_ > 0 || ledger_->has_news()) {
        if (ledger_->has_news()) co_await write_news();
        if (working_ == 0) continue;
        co_await news_.wait(next_look_);
        if (migrations_.reactor.host().now() < next_look_) continue;
        co_await watch_for_blockers();
        next_look_ = migrations_.reactor.host().now() + order_.between_looks;
    }
}

/// What several databases finish until then goes with one write.
Task<void> Fleet::write_news() {
    if (working_ > 0 && migrations_.reactor.host().now() < next_write_) {
        co_await ended_.wait(next_write_);
    }
    const std::vector<DatabaseOutcome> outcomes = std::exchange(unwritten_, {});
    const std::vector<Reactor::Signal*> awaited = std::exchange(awaited_, {});
    co_await ledger_->write();
    for (Reactor::Signal* written : awaited) written->raise();
    next_write_ = migrations_.reactor.host().now() + between_writes;
    for (const DatabaseOutcome& outcome : outcomes) finished_(outcome);
}

Task<void> Fleet::watch_for_blockers() {
    std::vector<int> processes;
    processes.reserve(processes_.size());
    for (const auto& [database, process] : processes_) processes.push_back(process);
    if (processes.empty()) co_return;
    const std::map<int, std::string> blockers = co_await ledger_->blockers_of(std::move(processes));
    for (const auto& [database, process] : processes_) {
        const auto blocker = blockers.find(process);
        if (blocker != blockers.end()) blockers_[database] = blocker->second;
    }
}

}  // namespace mad
