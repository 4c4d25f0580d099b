// The message that runs a script, and how what the server says of it is counted in the script.
#include "remote/script_message.hpp"

#include <gtest/gtest.h>

namespace mad::remote {
namespace {

constexpr std::string_view reset = "SET SESSION AUTHORIZATION DEFAULT; RESET ALL; ";
constexpr std::string_view own_path = "SET search_path = pg_catalog, pg_temp; ";
constexpr std::string_view begin =
    "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE; ";

std::string text_of(std::string_view script, std::string_view record) {
    return ScriptMessage(script, record).text();
}

Report failure_at(std::size_t completed, int position) {
    return {.sqlstate = "42601",
            .message = "syntax error",
            .detail = {},
            .hint = {},
            .context = {},
            .place = {},
            .completed_statements = completed,
            .position = position};
}

/// The server's position of the first character of `part`, all before it being ASCII.
int position_of(std::string_view part, const std::string& text) {
    return static_cast<int>(text.find(part)) + 1;
}

TEST(ScriptMessage, PutsTheScriptBetweenSavepointsAndTheRecordBehindThem) {
    EXPECT_EQ(text_of("SELECT 1", "SELECT 2"),
              std::string(reset).append(begin) +
                  "SAVEPOINT mad_migrate_script;\nSELECT 1\n;\nRELEASE SAVEPOINT "
                  "mad_migrate_script; " +
                  std::string(reset).append(own_path) + "SELECT 2\n;\nCOMMIT");
}

TEST(ScriptMessage, SharesATransactionThatIsOpen) {
    const ScriptMessage own("first; second", "r");
    const ScriptMessage shared("first; second", "r", ScriptMessage::Transaction::already_open);
    std::string expected = own.text();
    expected.replace(expected.find(begin), begin.size(), "SAVEPOINT mad_migrate_step; ");
    expected.replace(expected.find("COMMIT"), 6, "RELEASE SAVEPOINT mad_migrate_step");
    EXPECT_EQ(shared.text(), expected);
    const Report report = shared.in_script(failure_at(5, position_of("second", shared.text())));
    EXPECT_EQ(report.completed_statements, 1U);
    EXPECT_EQ(report.position, 8);
}

TEST(ScriptMessage, LeavesOutWhatIsEmpty) {
    const std::string opening = std::string(reset).append(begin).append(own_path);
    EXPECT_EQ(text_of("", "SELECT 2"), opening + "SELECT 2\n;\nCOMMIT");
    EXPECT_EQ(text_of("", ""), opening + "COMMIT");
    EXPECT_EQ(text_of("SELECT 1", "").find("\n;\nCOMMIT"), std::string::npos);
}

TEST(ScriptMessage, CountsStatementsInTheScriptAlone) {
    const ScriptMessage message("a; b", "r");
    const auto counted = [&](std::size_t completed) {
        return message.in_script(failure_at(completed, 0)).completed_statements.value();
    };
    EXPECT_EQ(counted(4), 0U);  // RESET twice, BEGIN, SAVEPOINT
    EXPECT_EQ(counted(5), 1U);
    EXPECT_EQ(counted(6), 2U);
    EXPECT_EQ(counted(2), 0U);
    EXPECT_EQ(ScriptMessage("", "r").in_script(failure_at(4, 0)).completed_statements, 1U);
    Report unknown = failure_at(0, 0);
    unknown.completed_statements.reset();
    EXPECT_EQ(message.in_script(unknown).completed_statements, 0U);
}

TEST(ScriptMessage, CountsPositionsInTheScriptAlone) {
    const ScriptMessage message("first;\nsecond", "third");
    const auto counted = [&](int position) {
        return message.in_script(failure_at(5, position)).position;
    };
    EXPECT_EQ(counted(position_of("first", message.text())), 1);
    EXPECT_EQ(counted(position_of("second", message.text())), 8);
    EXPECT_EQ(counted(position_of("second", message.text()) + 5), 13);
    EXPECT_EQ(counted(position_of("second", message.text()) + 6), 0) << "behind the script";
    EXPECT_EQ(counted(position_of("third", message.text())), 0);
    EXPECT_EQ(counted(position_of("SAVEPOINT", message.text())), 0);
    EXPECT_EQ(counted(0), 0);
}

TEST(ScriptMessage, CountsCharactersAsTheServerDoes) {
    const ScriptMessage message("äöü€𝄞x", "r");
    const int first = position_of("äöü", message.text());
    EXPECT_EQ(message.in_script(failure_at(4, first + 5)).position, 6);
    EXPECT_EQ(message.in_script(failure_at(4, first + 6)).position, 0);
}

TEST(ScriptMessage, TellsWhenTheScriptEndedItsTransaction) {
    const ScriptMessage message("COMMIT", "r");
    Report released = failure_at(5, 0);
    released.sqlstate = "25P01";
    released.message = "RELEASE SAVEPOINT can only be used in transaction blocks";
    Report gone = released;
    gone.sqlstate = "3B001";
    gone.message = "savepoint \"mad_migrate_script\" does not exist";
    for (const Report& report : {released, gone}) {
        const Report told = message.in_script(report);
        EXPECT_EQ(told.message, "script ended the transaction that it runs in");
        EXPECT_EQ(told.detail, "The server said: " + report.message + ".");
        EXPECT_EQ(told.sqlstate, report.sqlstate);
    }
    Report own = gone;
    own.message = "savepoint \"mine\" does not exist";
    EXPECT_EQ(message.in_script(own).message, own.message);
}

}  // namespace
}  // namespace mad::remote
