// A branch's template is created once, and described.
#include "engine/templates.hpp"

#include <gtest/gtest.h>

#include "support/failure_of.hpp"
#include "support/scripted_executor.hpp"

namespace mad {
namespace {

using Calls = std::vector<std::string>;

void ensure(test::ScriptedExecutor& beside) {
    Task<void> task = ensure_template(beside, "mad \"results\"", "it's");
    task.start();
    task.take();
}

TEST(Templates, CreatesAndDescribesTheDatabase) {
    test::ScriptedExecutor beside;
    ensure(beside);
    EXPECT_EQ(beside.asked,
              (Calls{"CREATE DATABASE \"mad \"\"results\"\"\" TEMPLATE template0 ENCODING 'UTF8' "
                     "ALLOW_CONNECTIONS false",
                     "COMMENT ON DATABASE \"mad \"\"results\"\"\" IS "
                     "'Template of branch \"it''s\", kept by mad_migrate'"}));
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

}  // namespace
}  // namespace mad
