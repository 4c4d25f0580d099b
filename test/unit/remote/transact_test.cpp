// A script and its record: both or neither, whatever the script does to its session.
#include "remote/connection.hpp"

#include <gtest/gtest.h>

#include "support/remote/client.hpp"

namespace mad::remote {
namespace {

using test::Client;
using test::failure_of;

class TransactTest : public test::RemoteTest {
 protected:
    TransactTest() {
        client_.run("CREATE TEMP TABLE script (x int); CREATE TEMP TABLE record (x text)");
    }

    Report failure(const std::string& script, const std::string& record) {
        return failure_of([&] { client_.transact(script, record); });
    }
    /// Rows of the script's table and of the record's.
    std::string what_is_there() {
        return client_.value(
            "SELECT (SELECT count(*) FROM script) || ', ' || "
            "(SELECT count(*) FROM record)");
    }
    /// What the record sees of a setting after the script.
    std::string seen_by_record(const std::string& script, const std::string& expression) {
        return client_.transact(script, "SELECT " + expression).at(0).at(0).value_or("NULL");
    }

    static constexpr const char* insert_script = "INSERT INTO script VALUES (1)";
    static constexpr const char* insert_record = "INSERT INTO record VALUES ('r')";
};

TEST_F(TransactTest, RunsBothAndGivesTheRecordsRows) {
    EXPECT_EQ(client_.transact(insert_script, "INSERT INTO record VALUES ('r') RETURNING x, 7"),
              (Rows{{"r", "7"}}));
    EXPECT_EQ(what_is_there(), "1, 1");
    EXPECT_EQ(client_.transact("", "SELECT 1; SELECT 2"), (Rows{{"2"}}));
    client_.transact(insert_script, "");
    EXPECT_EQ(what_is_there(), "2, 1");
}

TEST_F(TransactTest, RunsNeitherWhenTheScriptFails) {
    const Report report =
        failure("INSERT INTO script VALUES (1);\n-- ä\nSELECT 'x' FROM nowhere", insert_record);
    EXPECT_EQ(report.sqlstate, "42P01");
    EXPECT_EQ(report.completed_statements, 1U);
    EXPECT_EQ(report.position, 53);
    EXPECT_EQ(what_is_there(), "0, 0");
}

TEST_F(TransactTest, RunsNeitherWhenTheRecordFails) {
    const Report report = failure("SELECT 1; INSERT INTO script VALUES (1)",
                                  "INSERT INTO record VALUES ('r'); SELECT nothing");
    EXPECT_EQ(report.sqlstate, "42703");
    EXPECT_GE(report.completed_statements.value(), 2U) << "the script was not what failed";
    EXPECT_EQ(report.position, 0);
    EXPECT_EQ(what_is_there(), "0, 0");
}

TEST_F(TransactTest, RunsNeitherWhenTheCommitFails) {
    client_.run(
        "CREATE TEMP TABLE parent (id int PRIMARY KEY); CREATE TEMP TABLE child (id int "
        "REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
    EXPECT_EQ(failure("INSERT INTO child VALUES (1)", insert_record).sqlstate, "23503");
    EXPECT_EQ(what_is_there(), "0, 0");
}

TEST_F(TransactTest, EndsEachPartWhateverItEndsWith) {
    for (const std::string end : {"", ";", " -- comment", "; -- comment", ";;", " /* comment */"}) {
        client_.transact(insert_script + end, insert_record + end);
    }
    EXPECT_EQ(what_is_there(), "6, 6");
}

TEST_F(TransactTest, FindsAScriptThatEndedItsTransaction) {
    for (const std::string end :
         {"COMMIT", "ROLLBACK", "COMMIT; BEGIN", "COMMIT; BEGIN; SAVEPOINT another"}) {
        const Report report = failure(std::string("SELECT 1; ") + end, insert_record);
        EXPECT_EQ(report.message, "script ended the transaction that it runs in") << end;
        EXPECT_EQ(report.hint,
                  "Remove BEGIN, COMMIT and ROLLBACK from it; what it committed remains.");
        EXPECT_EQ(what_is_there(), "0, 0");
        EXPECT_EQ(client_.value("SELECT 1"), "1") << "in no transaction";
    }
    failure("INSERT INTO script VALUES (1); COMMIT; INSERT INTO script VALUES (2)", insert_record);
    EXPECT_EQ(client_.run("SELECT x FROM script"), (Rows{{"1"}})) << "as the hint says";
}

TEST_F(TransactTest, LetsAScriptHaveSavepoints) {
    client_.transact(
        "SAVEPOINT a; INSERT INTO script VALUES (1); ROLLBACK TO a; SAVEPOINT b; "
        "INSERT INTO script VALUES (2)",
        insert_record);
    EXPECT_EQ(client_.run("SELECT x FROM script"), (Rows{{"2"}}));
}

TEST_F(TransactTest, KeepsTheScriptsSettingsFromTheRecord) {
    EXPECT_EQ(seen_by_record("SET search_path = nowhere", "current_setting('search_path')"),
              client_.value("SHOW search_path"));
    EXPECT_EQ(seen_by_record("SET LOCAL work_mem = '77MB'", "current_setting('work_mem')"),
              client_.value("SHOW work_mem"));
    EXPECT_EQ(seen_by_record("SET ROLE pg_monitor", "current_user::text"), test::told("USER"));
    EXPECT_EQ(seen_by_record("SET SESSION AUTHORIZATION pg_monitor", "session_user::text"),
              test::told("USER"));
    EXPECT_EQ(seen_by_record("SET client_encoding = 'LATIN1'", "'ä€'"), "ä€");
}

TEST_F(TransactTest, KeepsOneScriptsSettingsFromTheNext) {
    client_.run("SET search_path = nowhere; SET ROLE pg_monitor");
    client_.transact(
        "SELECT set_config('mad.here', current_setting('search_path') || ' ' || "
        "current_user, false); CREATE TEMP TABLE told AS SELECT "
        "current_setting('mad.here') AS where_and_who",
        "");
    EXPECT_EQ(client_.value("SELECT where_and_who FROM told"),
              "\"$user\", public " + test::told("USER"));
}

TEST_F(TransactTest, NeedsNoDefaultsThatAScriptCanSpoil) {
    client_.transact(
        "SET default_transaction_read_only = on; SET default_transaction_isolation = "
        "serializable",
        "");
    client_.run(
        "SET default_transaction_read_only = on; SET default_transaction_isolation = "
        "serializable");
    EXPECT_EQ(seen_by_record(insert_script, "current_setting('transaction_isolation')"),
              "read committed");
    EXPECT_EQ(what_is_there(), "1, 0");
}

TEST_F(TransactTest, KeepsNothingOfARehearsal) {
    Connection& connection = *client_.connection;
    client_.reactor.complete(connection.begin_rehearsal());
    client_.transact(insert_script, insert_record);
    EXPECT_EQ(client_.transact(insert_script, "INSERT INTO record VALUES ('r') RETURNING x"),
              (Rows{{"r"}}));
    EXPECT_EQ(what_is_there(), "2, 2") << "a step sees what the one before did";
    client_.reactor.complete(connection.end_rehearsal());
    EXPECT_EQ(what_is_there(), "0, 0");
    client_.transact(insert_script, insert_record);
    client_.run("ROLLBACK");
    EXPECT_EQ(what_is_there(), "1, 1") << "transactions are its own again";
}

TEST_F(TransactTest, EndsARehearsalWithTheFirstFailure) {
    client_.reactor.complete(client_.connection->begin_rehearsal());
    client_.transact(insert_script, insert_record);
    const Report report = failure("SELECT 1; SELECT nothing", insert_record);
    EXPECT_EQ(report.sqlstate, "42703");
    EXPECT_EQ(report.completed_statements, 1U);
    EXPECT_EQ(report.position, 18);
    EXPECT_EQ(what_is_there(), "0, 0");
    client_.transact(insert_script, insert_record);
    client_.run("ROLLBACK");
    EXPECT_EQ(what_is_there(), "1, 1") << "transactions are its own again";
}

TEST_F(TransactTest, KnowsItsProcess) {
    EXPECT_EQ(std::to_string(client_.connection->process_id()), client_.process());
}

TEST_F(TransactTest, TellsOfASessionThatEndedInTheScript) {
    const Report report =
        failure("SELECT 1; SELECT pg_terminate_backend(pg_backend_pid())", insert_record);
    EXPECT_EQ(report.sqlstate, "57P01");
    EXPECT_EQ(report.completed_statements, 1U);
}

}  // namespace
}  // namespace mad::remote
