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

std::string version_table_sql(const std::string& branch) {
    return "mad_migrate." + quote_identifier(version_table(branch));
}

constexpr std::string_view untrusted_message = "bookkeeping in this database cannot be trusted";
constexpr std::string_view untrusted_detail =
    "Not a table, not owned by the connected role or a superuser, or with triggers, rules or row "
    "security: ";
constexpr std::string_view untrusted_hint =
    "Have a superuser look at schema mad_migrate there and drop it, and say where the database "
    "stands with mad_migrate.stamp(...); after a trigger or rule was dropped, vacuum its table.";

/// Names what in the schema belongs to neither the connected role nor a superuser, or would run
/// somebody's code when written to; NULL when there is nothing of the kind.
///
/// Each new session plans it with empty caches, which is most of what looking at a database costs:
/// hence no joins, no order, no view of roles, and pg_class's word for triggers and rules, which
/// stays behind until the next vacuum when they are dropped. Who has the privileges of the
/// bootstrap superuser (role 10) is a superuser, or can become one.
std::string untrusted_sql(const std::string& branch) {
    return mad::format(R"(
nullif(pg_catalog.array_to_string(ARRAY(
    SELECT suspect.what
      FROM (SELECT 'schema mad_migrate' AS what, n.nspowner AS owner, false AS hooked
              FROM pg_catalog.pg_namespace n WHERE n.nspname = 'mad_migrate'
            UNION ALL
            SELECT 'table ' || c.relname, c.relowner,
                   c.relkind <> 'r' OR c.relrowsecurity OR c.relhastriggers OR c.relhasrules
              FROM pg_catalog.pg_class c
             WHERE c.oid IN (pg_catalog.to_regclass('mad_migrate.history'), pg_catalog.to_regclass({0}))
            UNION ALL
            SELECT 'function ' || p.proname, p.proowner, false
              FROM pg_catalog.pg_proc p
             WHERE p.pronamespace = pg_catalog.to_regnamespace('mad_migrate')) suspect
     WHERE suspect.hooked
        OR NOT (pg_catalog.pg_get_userbyid(suspect.owner) = current_user
                OR pg_catalog.pg_has_role(suspect.owner, 10, 'USAGE'))), ', '), ''))",
                       quote_literal(version_table_sql(branch)));
}

/// Asked in one statement with the judgement, and so of the same schema: one that was not there
/// when it was judged may be anybody's a moment later.
constexpr std::string_view schema_is_there =
    "EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'mad_migrate')";

/// The judgement, whether the version table is there, and whether the history is.
std::string judgement_sql(const std::string& branch) {
    return mad::format(
        "{}, {} AND pg_catalog.to_regclass({}) IS NOT NULL, {} AND "
        "pg_catalog.to_regclass('mad_migrate.history') IS NOT NULL",
        untrusted_sql(branch), schema_is_there, quote_literal(version_table_sql(branch)),
        schema_is_there);
}

/// plpgsql that stops where the schema cannot be trusted, or has gone since it was looked for.
std::string raise_untrusted_sql(const std::string& branch) {
    return mad::format(R"(
    SELECT {}, {} INTO untrusted, is_there;
    IF untrusted IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = {}, MESSAGE = {}, DETAIL = {} || untrusted || '.', HINT = {};
    END IF;
    IF NOT is_there THEN
        RAISE EXCEPTION 'schema mad_migrate was dropped by another session' USING ERRCODE = 'MM017',
            HINT = 'Run the call again.';
    END IF;)",
                       untrusted_sql(branch), schema_is_there,
                       quote_literal(sqlstate(Code::untrusted_database)),
                       quote_literal(untrusted_message), quote_literal(untrusted_detail),
                       quote_literal(untrusted_hint));
}

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

/// Of judgement_sql's columns, from `first` on.
Presence presence_of(const Row& row, std::size_t first) {
    const Cell& untrusted = row.at(first);
    if (!untrusted) return {row.at(first + 1) == "t", row.at(first + 2) == "t"};
    throw Failure(Code::untrusted_database, std::string(untrusted_message),
                  mad::format("{}{}.", untrusted_detail, *untrusted), std::string(untrusted_hint));
}

/// The lock and the judgement come before anything that names what is in the schema: its rows must
/// be read by a snapshot younger than the lock, and reading a view runs it.
Task<std::optional<Inspection>> look(Executor& database, const std::string& branch) {
    const Rows first = co_await database.run(mad::format(
        "SELECT {}, {}", lock_sql(branch, database.owns_transactions()), judgement_sql(branch)));
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

Task<Presence> judge(Executor& database, const std::string& branch) {
    const Rows rows = co_await database.run("SELECT " + judgement_sql(branch));
    co_return presence_of(rows.at(0), 0);
}

Task<Heads> read_heads(Executor& database, const std::string& branch) {
    const Presence there = co_await judge(database, branch);
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
