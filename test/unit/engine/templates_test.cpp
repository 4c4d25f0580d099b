// A branch's template is created once, and described.
#include "engine/templates.hpp"

#include <gtest/gtest.h>

#include "support/core/failure_of.hpp"
#include "support/engine/scripted_executor.hpp"

namespace mad {
namespace {

using Calls = std::vector<std::string>;

void ensure(test::ScriptedExecutor& beside) {
    beside.when("current_database()", {test::rows({{"database \"mad\" (16384)"}})});
    Task<void> task = ensure_template(beside, "mad \"results\"", "it's");
    task.start();
    task.take();
}

TEST(Templates, CreatesAndDescribesTheDatabase) {
    test::ScriptedExecutor beside;
    ensure(beside);
    EXPECT_EQ(
        beside.asked,
        (Calls{"CREATE DATABASE \"mad \"\"results\"\"\" TEMPLATE template0 ENCODING 'UTF8' "
               "ALLOW_CONNECTIONS false",
               "SELECT pg_catalog.format('database \"%s\" (%s)', datname, oid) FROM "
               "pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
               "COMMENT ON DATABASE \"mad \"\"results\"\"\" IS 'Template of branch \"it''s\", "
               "kept by mad_migrate in database \"mad\" (16384)'"}));
}

TEST(Templates, LeavesADatabaseThatExists) {
    test::ScriptedExecutor beside;
    beside.when("CREATE DATABASE", {test::failing("42P04")});
    ensure(beside);
    EXPECT_EQ(beside.asked.size(), 1U);
}

TEST(Templates, PassesOtherFailuresOn) {
    for (const std::string failing_call : {"CREATE DATABASE", "COMMENT"}) {
        test::ScriptedExecutor beside;
        beside.when(failing_call, {test::failing("42501")});
        EXPECT_EQ(test::failure_of([&] { ensure(beside); }).sqlstate, "42501");
    }
}

void refuse(test::ScriptedExecutor& control) {
    Task<void> task = refuse_foreign_template(control, "app_template", "app");
    task.start();
    task.take();
}

TEST(Templates, RefusesOneThatAnotherControlDatabaseKeeps) {
    test::ScriptedExecutor control;
    control.when("mad_migrate.foreign_keeper('app_template')",
                 {test::rows({{Cell()}}), test::rows({{"staging"}})});
    refuse(control);
    const Report report = test::failure_of([&] { refuse(control); });
    EXPECT_EQ(report.sqlstate, "MM030");
    EXPECT_EQ(
        report.message,
        "template \"app_template\" of branch \"app\" is kept by control database \"staging\"");
}

}  // namespace
}  // namespace mad
