// The kit: what a database carries so that it can be migrated, and the SQL that speaks to it.
#include "engine/kit.hpp"

#include <charconv>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/naming.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"

namespace mad {

namespace {

std::string lock_key(const std::string& branch) {
    return mad::format("pg_catalog.hashtextextended({}, 0)",
                       quote_literal("mad_migrate:" + branch));
}

/// Of the kit itself, which branches share.
constexpr std::string_view kit_key = "pg_catalog.hashtextextended('mad_migrate', 0)";

std::string lock_sql(const std::string& branch, bool session_lock) {
    return mad::format("pg_catalog.{}({})",
                       session_lock ? "pg_try_advisory_lock" : "pg_try_advisory_xact_lock",
                       lock_key(branch));
}

/// No function of SQL for the comment: it would be inlined anew in each session.
std::string look_sql(const std::string& branch) {
    return mad::format(R"(SELECT (SELECT description FROM pg_catalog.pg_description
         WHERE objoid = 'mad_migrate'::pg_catalog.regnamespace
           AND classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND objsubid = 0),
       (SELECT pg_catalog.string_agg(version_num, ',') FROM {version_table}),
       pg_catalog.current_setting({setting}, true),
       pg_catalog.has_parameter_privilege({setting}, 'SET'),
       unfinished.id, unfinished.revision, unfinished.direction, unfinished.checksum,
       unfinished.statements_done, unfinished.statement_started
  FROM (VALUES (1)) one
  LEFT JOIN mad_migrate.history unfinished
    ON unfinished.branch = {branch} AND unfinished.finished_at IS NULL)",
                       fmt::arg("version_table", version_table_sql(branch)),
                       fmt::arg("setting", quote_literal(revision_setting(branch))),
                       fmt::arg("branch", quote_literal(branch)));
}

template <typename Number>
Number number_of(const Cell& cell) {
    Number number = 0;
    if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
    return number;
}

void refuse_other_kit(const Cell& comment) {
    const std::string expected = mad::format("mad_migrate kit {}", kit_version);
    if (comment && comment->substr(0, comment->find(':')) == expected) return;
    throw Failure(Code::kit_mismatch, "this database carries another version of the kit",
                  mad::format("Schema mad_migrate is commented \"{}\", expected was \"{}\".",
                              comment.value_or(""), expected),
                  "Bring the extension in the control database to the version the kit came from.");
}

Inspection inspection_of(const Row& row) {
    refuse_other_kit(row[0]);
    Inspection seen;
    seen.locked = true;
    seen.heads = heads_of(row[1]);
    seen.published = row[2].value_or("");
    seen.may_publish = row[3] == "t";
    if (row[4]) {
        seen.unfinished = UnfinishedStep{number_of<std::int64_t>(row[4]),      row[5].value_or(""),
                                         direction_named(row[6].value_or("")), row[7].value_or(""),
                                         number_of<std::size_t>(row[8]),       row[9].has_value()};
    }
    return seen;
}

std::string number_or_null(RunNumber run) {
    return run ? std::to_string(*run) : "NULL";
}

/// The lock and the judgement come before anything that names what is in the schema: its rows must
/// be read by a snapshot younger than the lock, and reading a view runs it.
Task<std::optional<Inspection>> look(Executor& database, const std::string& branch) {
    const Rows first = co_await run_judgement(
        database, mad::format("SELECT {}, {}", lock_sql(branch, database.owns_transactions()),
                              judgement_sql(branch)));
    const Presence there = presence_of(first.at(0), 1);
    if (first[0][0] != "t") co_return Inspection{};
    if (!there.versions || !there.history) co_return std::nullopt;
    const Rows rows = co_await database.run(look_sql(branch));
    co_return inspection_of(rows.at(0));
}

}  // namespace

Heads heads_of(const Cell& joined) {
    const std::vector<std::string> ids = split(joined.value_or(""), ',');
    return {ids.begin(), ids.end()};
}

std::string prepare_sql(const std::string& branch, const std::string& kit_sql) {
    const std::string body = mad::format(
        R"(
DECLARE
    untrusted pg_catalog.text;
    is_there pg_catalog.bool;
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock({branch_key})
       OR NOT pg_catalog.pg_try_advisory_xact_lock({kit_key}) THEN
        RAISE EXCEPTION 'this database is being prepared or migrated by another session' USING ERRCODE = 'MM017',
            HINT = 'Wait for it and run the call again.';
    END IF;
    IF pg_catalog.to_regnamespace('mad_migrate') IS NULL THEN
        CREATE SCHEMA mad_migrate;
    END IF;
    {refuse_untrusted}
    IF pg_catalog.to_regclass('mad_migrate.history') IS NULL THEN
        EXECUTE {kit};
    END IF;
    PERFORM mad_migrate.create_version_table({branch});
END)",
        fmt::arg("branch_key", lock_key(branch)), fmt::arg("kit_key", kit_key),
        fmt::arg("refuse_untrusted", raise_untrusted_sql(branch)),
        fmt::arg("kit", quote_literal(kit_sql)), fmt::arg("branch", quote_literal(branch)));
    return "DO " + quote_literal(body);
}

namespace {

/// False while another session is at it, which is waited for from outside.
Task<bool> prepare(Executor& database, const std::string& branch, const std::string& kit_sql) {
    try {
        co_await database.transact("", prepare_sql(branch, kit_sql));
    } catch (const Failure& failure) {
        if (!failure.is(Code::locked)) throw;
        co_return false;
    }
    co_return true;
}

}  // namespace

Task<Inspection> lock_and_inspect(Executor& database, const std::string& branch,
                                  const std::string& kit_sql) {
    std::optional<Inspection> seen = co_await look(database, branch);
    if (!seen) {
        if (!co_await prepare(database, branch, kit_sql)) co_return Inspection{};
        seen = co_await look(database, branch);
    }
    if (!seen) {
        throw Failure(Code::version_conflict,
                      mad::format("version table of branch \"{}\" disappeared", branch), {},
                      "Run the call again.");
    }
    co_return *std::move(seen);
}

Task<std::string> describe_lock_holder(Executor& database, const std::string& branch) {
    const Rows rows = co_await database.run(mad::format(
        R"(SELECT pg_catalog.format('It is held by process %s (role %s, application "%s") since %s; its statement: %s',
                          a.pid, a.usename, a.application_name, a.xact_start::timestamptz(0),
                          pg_catalog.left(a.query, 200))
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                      WHERE d.datname = pg_catalog.current_database())
   AND (l.classid::pg_catalog.int8 << 32) | l.objid::pg_catalog.int8 IN ({}, {})
 ORDER BY a.xact_start LIMIT 1)",
        lock_key(branch), kit_key));
    co_return rows.empty() ? "It was released a moment ago." : rows[0][0].value_or("");
}

Task<Heads> read_heads(Executor& database, const std::string& branch) {
    const Presence there = co_await judge(database, branch);
    co_return co_await read_heads(database, branch, there);
}

Task<Heads> read_heads(Executor& database, const std::string& branch, Presence there) {
    if (!there.versions) co_return Heads{};
    const Rows rows = co_await database.run(mad::format(
        "SELECT pg_catalog.string_agg(version_num, ',') FROM {}", version_table_sql(branch)));
    co_return heads_of(rows.at(0).at(0));
}

std::string record_step_sql(const std::string& branch, const Step& step,
                            const std::string& checksum, RunNumber run, bool publish) {
    return mad::format(
        "SELECT mad_migrate.record_step({}, {}, {}, {}, {}, {}, "
        "pg_catalog.transaction_timestamp(), "
        "{}, {})",
        quote_literal(branch), quote_literal(step.revision), quote_literal(name_of(step.direction)),
        checksum.empty() ? "NULL" : quote_literal(checksum), quote_array(step.rows.deletes),
        quote_array(step.rows.inserts), number_or_null(run), publish);
}

std::string change_heads_sql(const std::string& branch, const RowChange& rows) {
    return mad::format("SELECT mad_migrate.change_heads({}, {}, {})", quote_literal(branch),
                       quote_array(rows.deletes), quote_array(rows.inserts));
}

std::string publish_heads_sql(const std::string& branch) {
    return mad::format("SELECT mad_migrate.publish_heads({})", quote_literal(branch));
}

std::string forget_unfinished_sql(const std::string& branch) {
    return mad::format("DELETE FROM mad_migrate.history WHERE branch = {} AND finished_at IS NULL",
                       quote_literal(branch));
}

std::string begin_partial_step_sql(const std::string& branch, const Step& step,
                                   const std::string& checksum, std::size_t statements,
                                   RunNumber run) {
    return mad::format("SELECT mad_migrate.begin_partial_step({}, {}, {}, {}, {}, {})",
                       quote_literal(branch), quote_literal(step.revision),
                       quote_literal(name_of(step.direction)), quote_literal(checksum), statements,
                       number_or_null(run));
}

std::string record_statement_sql(std::int64_t step_id, std::size_t statement, bool finished) {
    return mad::format("SELECT mad_migrate.record_statement({}, {}, {})", step_id, statement,
                       finished);
}

std::string forget_statement_sql(std::int64_t step_id) {
    return mad::format(
        "UPDATE mad_migrate.history SET statement_started = NULL WHERE id = {} AND finished_at IS "
        "NULL",
        step_id);
}

std::string finish_partial_step_sql(std::int64_t step_id, const RowChange& rows) {
    return mad::format("SELECT mad_migrate.finish_partial_step({}, {}, {}, true)", step_id,
                       quote_array(rows.deletes), quote_array(rows.inserts));
}

}  // namespace mad
