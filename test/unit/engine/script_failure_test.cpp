// Where in a script, and in what, an error is said to have happened.
#include "engine/script_failure.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "core/position.hpp"
#include "support/engine/script_shelf.hpp"

namespace mad {
namespace {

using test::outside;
using test::script_of;
using test::within;

/// Lines 5 to 9; the second statement has two of them.
RunnableScript script() {
    RunnableScript made =
        script_of("002", {within("SELECT 'ä'"), within("SELECT\n  oops"), within("SELECT 3")});
    made.statements[2].line = 8;
    return made;
}

Failure failure(std::optional<std::size_t> completed, int position, std::string context = {}) {
    return Failure(Report{.sqlstate = "42703",
                          .message = "no such column",
                          .detail = "detail",
                          .hint = "hint",
                          .context = std::move(context),
                          .place = {},
                          .completed_statements = completed,
                          .position = position});
}

std::string context_of(const Failure& told) {
    return told.report().context;
}

TEST(ScriptFailure, NamesTheStatementOfABatch) {
    EXPECT_EQ(context_of(located(failure(0, 0), script())),
              "statement 1 of 3, line 5 of script \"002.sql\": SELECT 'ä'");
    EXPECT_EQ(context_of(located(failure(1, 0), script())),
              "statement 2 of 3, line 6 of script \"002.sql\": SELECT ...");
    EXPECT_EQ(context_of(located(failure(2, 0), script())),
              "statement 3 of 3, line 8 of script \"002.sql\": SELECT 3");
}

TEST(ScriptFailure, FollowsTheServersPositionToItsLine) {
    const std::string& body = script().body;
    const int oops = count_characters(body.substr(0, body.find("oops"))) + 1;
    EXPECT_EQ(context_of(located(failure(1, oops), script())),
              "statement 2 of 3, line 7 of script \"002.sql\": SELECT ...");
    EXPECT_EQ(context_of(located(failure(0, 1), script())),
              "statement 1 of 3, line 5 of script \"002.sql\": SELECT 'ä'");
}

TEST(ScriptFailure, TellsTheLineShortlyToo) {
    EXPECT_EQ(located(failure(2, 0), script()).report().place, "002.sql:8");
    EXPECT_EQ(located(failure(3, 0), script()).report().place, "");
}

TEST(ScriptFailure, BlamesNoStatementWhereAllHadCompleted) {
    EXPECT_EQ(context_of(located(failure(3, 0, "above"), script())), "above");
    EXPECT_EQ(context_of(located(failure(std::nullopt, 0), script())), "");
}

TEST(ScriptFailure, NamesAStatementThatRanAlone) {
    EXPECT_EQ(context_of(located_at(failure(0, 0), script(), 2)),
              "statement 3 of 3, line 8 of script \"002.sql\": SELECT 3");
    EXPECT_EQ(context_of(located_at(failure(std::nullopt, 10), script(), 1)),
              "statement 2 of 3, line 7 of script \"002.sql\": SELECT ...");
    EXPECT_EQ(context_of(located_at(failure(1, 0), script(), 1)), "") << "the record failed";
}

TEST(ScriptFailure, PutsWhatItAddsBehindAllThatTheServerSaid) {
    const Report report = located(failure(0, 0, "deep\ndeeper"), script()).report();
    EXPECT_EQ(report.context,
              "deep\ndeeper\nstatement 1 of 3, line 5 of script \"002.sql\": SELECT 'ä'");
    EXPECT_EQ(report.sqlstate, "42703");
    EXPECT_EQ(report.message, "no such column");
    EXPECT_EQ(report.detail, "detail");
    EXPECT_EQ(report.hint, "hint");
}

TEST(ScriptFailure, NamesStepBranchAndDatabase) {
    const Step step{"002", Direction::downgrade, {}};
    const std::string branch = "results";
    const std::string database = "mad_results_1";
    EXPECT_EQ(context_of(located_in(failure(0, 0, "above"), {branch, step, database})),
              "above\ndowngrade of revision \"002\", branch \"results\", database "
              "\"mad_results_1\"");
}

TEST(ScriptFailure, SaysWhatKeepsAScriptOutOfATransaction) {
    EXPECT_EQ(describe_untransactional(
                  script_of("002", {within("SELECT 1"), outside("VACUUM\n  t"), outside("x")})),
              "Script \"002.sql\", line 6: VACUUM ...");
    EXPECT_EQ(describe_untransactional(script_of("002", {within("SELECT 1")})),
              "Script \"002.sql\" says \"Transaction: off\".");
    RunnableScript switched_off = script_of("002", {outside("SELECT 1")});
    switched_off.switched_off = true;
    EXPECT_EQ(describe_untransactional(switched_off),
              "Script \"002.sql\" says \"Transaction: off\".");
}

}  // namespace
}  // namespace mad
