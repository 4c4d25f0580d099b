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
#include "support/engine/fake_host.hpp"
#include "support/engine/script_shelf.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad::test {

using Calls = std::vector<std::string>;

/// What a database tells when it is looked at.
struct Seen {
    bool locked = true;
    Cell kit = "mad_migrate kit 1.0.0: all of it";
    Cell heads = {};
    Cell published = {};
    bool may_publish = false;
    std::optional<UnfinishedStep> unfinished = {};
};

/// One attempt at the lock, and what is seen with it.
struct Sight {
    Sight(const Seen& seen);
    Sight(Answer answer);
    Sight(const Sight& other);
    Sight& operator=(const Sight& other) = delete;
    ~Sight();
    /// Of a database without the kit.
    static Sight nothing();

    bool locked = true;
    bool installed = true;
    Answer look;
};

Sight sight(const Seen& seen);

/// The queries that take the lock, and those that look at a database, hold these.
inline constexpr std::string_view lock_mark = "SELECT pg_catalog.pg_try_advisory_";
inline constexpr std::string_view look_mark = "pg_catalog.pg_description";

void look_gives(ScriptedExecutor& database, std::initializer_list<Sight> sights);

/// Calls as a test wants to read them: our own SQL without what never differs.
Calls brief(const Calls& calls);

/// One call in surroundings of its own.
struct Attempt {
    explicit Attempt(const Seen& seen, bool owns_transactions = true);
    explicit Attempt(std::initializer_list<Sight> sights, bool owns_transactions = true);
    ~Attempt();

    Calls calls() const;

    FakeHost host;
    Reactor reactor{host};
    ScriptedExecutor database;
    MigrationResult result;
};

class MigrationTest : public testing::Test {
 protected:
    MigrationTest();
    ~MigrationTest() override;

    void order(Direction direction, std::string_view target);
    void migrate(Attempt& attempt);

    RevisionGraph graph_;
    ScriptShelf scripts_;
    MigrationOrder order_;
};

}  // namespace mad::test
