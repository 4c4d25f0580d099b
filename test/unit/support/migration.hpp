// What the tests of migrations have in common: three revisions in a row, and a database to move.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "engine/kit.hpp"
#include "engine/migrate.hpp"
#include "support/fake_host.hpp"
#include "support/script_shelf.hpp"
#include "support/scripted_executor.hpp"

namespace mad::test {

/// What a database tells when it is looked at.
struct Seen {
    bool locked = true;
    Cell kit = "mad_migrate kit 1.0.0: all of it";
    Cell heads = {};
    Cell published = {};
    bool may_publish = false;
    std::optional<UnfinishedStep> unfinished = {};
};

inline Rows rows_of(const Seen& seen) {
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

/// One attempt at the lock, and what is seen with it.
struct Sight {
    Sight(const Seen& seen) : locked(seen.locked), look(rows(rows_of(seen))) {}
    Sight(Answer answer) : look(std::move(answer)) {}
    /// Of a database without the kit.
    static Sight nothing() {
        Sight seen(rows({}));
        seen.installed = false;
        return seen;
    }

    bool locked = true;
    bool installed = true;
    Answer look;
};

inline Sight sight(const Seen& seen) {
    return seen;
}

/// The queries that take the lock, and those that look at a database, hold these.
inline constexpr std::string_view lock_mark = "SELECT pg_catalog.pg_try_advisory_";
inline constexpr std::string_view look_mark = "pg_catalog.pg_description";

inline void look_gives(ScriptedExecutor& database, const std::vector<Sight>& sights) {
    std::vector<Answer> locks;
    std::vector<Answer> looks;
    for (const Sight& seen : sights) {
        const std::string installed = seen.installed ? "t" : "f";
        locks.push_back(rows({{seen.locked ? "t" : "f", Cell(), installed, installed}}));
        if (seen.locked && seen.installed) looks.push_back(seen.look);
    }
    database.when(std::string(lock_mark), std::move(locks));
    database.when(std::string(look_mark), std::move(looks));
}

/// A call as a test wants to read it: our own SQL without what never differs.
inline std::string brief(std::string call) {
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

inline std::vector<std::string> brief(const std::vector<std::string>& calls) {
    std::vector<std::string> brief_calls;
    for (const std::string& call : calls) brief_calls.push_back(brief(call));
    return brief_calls;
}

/// One call in surroundings of its own.
struct Attempt {
    explicit Attempt(const Seen& seen, bool owns_transactions = true)
        : Attempt(std::vector{sight(seen)}, owns_transactions) {}
    explicit Attempt(const std::vector<Sight>& sights, bool owns_transactions = true)
        : database(owns_transactions) {
        look_gives(database, sights);
        database.when("begin_partial_step", {rows({{"42"}})});
    }
    std::vector<std::string> calls() const { return brief(database.asked); }

    FakeHost host;
    Reactor reactor{host};
    ScriptedExecutor database;
    MigrationResult result;
};

class MigrationTest : public testing::Test {
 protected:
    MigrationTest() {
        for (const std::string id : {"001", "002", "003"}) {
            scripts_.put(id, Direction::upgrade, {within("CREATE TABLE t" + id + " ()")});
            scripts_.put(id, Direction::downgrade, {within("DROP TABLE t" + id)});
        }
        order_.branch = "results";
        order_.target = "head";
        order_.kit_sql = "CREATE kit";
    }

    void order(Direction direction, std::string target) {
        order_.direction = direction;
        order_.target = std::move(target);
    }
    void migrate(Attempt& attempt) {
        const Migrations migrations{attempt.reactor, graph_, scripts_, order_};
        attempt.reactor.complete(
            mad::migrate(migrations, attempt.database, "mad_results_1", attempt.result));
    }

    RevisionGraph graph_{std::vector<Revision>{
        {.id = "001", .down_revisions = {}, .depends_on = {}, .labels = {}},
        {.id = "002", .down_revisions = {"001"}, .depends_on = {}, .labels = {}},
        {.id = "003", .down_revisions = {"002"}, .depends_on = {}, .labels = {}}}};
    ScriptShelf scripts_;
    MigrationOrder order_;
};

using Calls = std::vector<std::string>;

}  // namespace mad::test
