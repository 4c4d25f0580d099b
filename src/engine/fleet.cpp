// Migrating many databases, some at a time; one's failure is its own.
#include "engine/fleet.hpp"

namespace mad {

namespace {

Task<void> migrate_one(const Migrations& migrations, const OpenSession& open,
                       DatabaseOutcome& outcome, const Finished& finished) {
    const TimePoint start = migrations.reactor.host().now();
    try {
        const std::unique_ptr<Executor> session = co_await open(outcome.database);
        co_await migrate(migrations, *session, outcome.database, outcome.result);
    } catch (const Failure& failure) {
        outcome.failure = failure;
    }
    outcome.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        migrations.reactor.host().now() - start);
    finished(outcome);
}

}  // namespace

std::vector<DatabaseOutcome> migrate_all(const Migrations& migrations,
                                         const std::vector<std::string>& databases,
                                         const OpenSession& open, std::size_t jobs,
                                         const Finished& finished) {
    std::vector<DatabaseOutcome> outcomes(databases.size());
    for (std::size_t i = 0; i < databases.size(); ++i) outcomes[i].database = databases[i];
    if (outcomes.empty()) return outcomes;

    migrations.reactor.complete(migrate_one(migrations, open, outcomes[0], finished));
    std::size_t next = 1;
    migrations.reactor.complete_all(
        [&]() -> std::optional<Task<void>> {
            if (next == outcomes.size()) return std::nullopt;
            return migrate_one(migrations, open, outcomes[next++], finished);
        },
        jobs);
    return outcomes;
}

}  // namespace mad
