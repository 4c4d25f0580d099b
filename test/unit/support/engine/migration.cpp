// What a scripted database tells, and how it is moved.
#include "support/engine/migration.hpp"

#include <utility>

#include "support/core/graphs.hpp"

namespace mad::test {
namespace {

Rows rows_of(const Seen& seen) {
    Row row{seen.kit, seen.heads, seen.published, seen.may_publish ? "t" : "f"};
    if (seen.unfinished) {
        const UnfinishedStep& step = *seen.unfinished;
        row.insert(row.end(),
                   {std::to_string(step.id), step.revision, std::string(name_of(step.direction)),
                    step.checksum, std::to_string(step.statements_done),
                    step.outcome_unknown ? Cell("2026-01-01") : Cell()});
    }
    row.resize(10);
    return {row};
}

std::string brief_call(std::string call) {
    if (call.find(lock_mark) != std::string::npos) return "lock";
    if (call.find(look_mark) != std::string::npos) return "look";
    if (call.find("create_version_table") != std::string::npos) return "install";
    for (const std::string_view noise :
         {"SELECT mad_migrate.", "pg_catalog.transaction_timestamp(), NULL, ", "ARRAY",
          "::pg_catalog.text[]", "DELETE FROM mad_migrate."}) {
        for (std::size_t at = call.find(noise); at != std::string::npos; at = call.find(noise)) {
            call.erase(at, noise.size());
        }
    }
    return call;
}

}  // namespace

Sight::Sight(const Seen& seen) : locked(seen.locked), look(rows(rows_of(seen))) {}
Sight::Sight(Answer answer) : look(std::move(answer)) {}
Sight::Sight(const Sight& other) = default;
Sight::~Sight() = default;

Sight Sight::nothing() {
    Sight seen(rows({}));
    seen.installed = false;
    return seen;
}

Sight sight(const Seen& seen) {
    return seen;
}

void look_gives(ScriptedExecutor& database, std::initializer_list<Sight> sights) {
    std::vector<Answer> locks;
    std::vector<Answer> looks;
    for (const Sight& seen : sights) {
        const char* const installed = seen.installed ? "t" : "f";
        locks.push_back(rows({{seen.locked ? "t" : "f", Cell(), installed, installed}}));
        if (seen.locked && seen.installed) looks.push_back(seen.look);
    }
    database.when(lock_mark, locks);
    database.when(look_mark, looks);
}

Calls brief(const Calls& calls) {
    Calls brief_calls;
    for (const std::string& call : calls) brief_calls.push_back(brief_call(call));
    return brief_calls;
}

Attempt::Attempt(const Seen& seen, bool owns_transactions)
    : Attempt({sight(seen)}, owns_transactions) {}

Attempt::Attempt(std::initializer_list<Sight> sights, bool owns_transactions)
    : database(owns_transactions) {
    look_gives(database, sights);
    database.when("begin_partial_step", {rows({{"42"}})});
}

Attempt::~Attempt() = default;

Calls Attempt::calls() const {
    return brief(database.asked);
}

MigrationTest::MigrationTest() : graph_(chain({"001", "002", "003"})) {
    for (const std::string id : {"001", "002", "003"}) {
        scripts_.put(id, Direction::upgrade, {within("CREATE TABLE t" + id + " ()")});
        scripts_.put(id, Direction::downgrade, {within("DROP TABLE t" + id)});
    }
    order_.branch = "results";
    order_.target = "head";
    order_.kit_sql = "CREATE kit";
}

MigrationTest::~MigrationTest() = default;

void MigrationTest::order(Direction direction, std::string_view target) {
    order_.direction = direction;
    order_.target = target;
}

void MigrationTest::migrate(Attempt& attempt) {
    const Migrations migrations{attempt.reactor, graph_, scripts_, order_};
    attempt.reactor.complete(
        mad::migrate(migrations, attempt.database, "mad_results_1", attempt.result));
}

}  // namespace mad::test
