// Trust: whether what a database keeps of its migrations may be read, judged before any of it is.
#include "engine/trust.hpp"

#include <optional>
#include <utility>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/naming.hpp"
#include "core/quote.hpp"

namespace mad {

namespace {

constexpr std::string_view untrusted_message = "bookkeeping in this database cannot be trusted";
constexpr std::string_view untrusted_detail =
    "Not a table, not owned by the connected role or a superuser, or with triggers, rules or row "
    "security: ";
constexpr std::string_view untrusted_hint =
    "Have a superuser look at schema mad_migrate there. A role that has it by right can own the "
    "branch (mad_migrate.alter_branch), or hand it over (ALTER ... OWNER TO). Else drop it, and "
    "say where the database stands with mad_migrate.stamp(...); after a trigger or rule was "
    "dropped, vacuum its table.";
constexpr std::string_view denied_detail =
    "Schema mad_migrate there, or what is in it, is another role's than the one connected.";

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
    SELECT suspect.what || ' of role ' || pg_catalog.pg_get_userbyid(suspect.owner)
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

}  // namespace

std::string judgement_sql(const std::string& branch) {
    return mad::format(
        "{}, {} AND pg_catalog.to_regclass({}) IS NOT NULL, {} AND "
        "pg_catalog.to_regclass('mad_migrate.history') IS NOT NULL",
        untrusted_sql(branch), schema_is_there, quote_literal(version_table_sql(branch)),
        schema_is_there);
}

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

Presence presence_of(const Row& row, std::size_t first) {
    const Cell& untrusted = row.at(first);
    if (!untrusted) return {row.at(first + 1) == "t", row.at(first + 2) == "t"};
    throw Failure(Code::untrusted_database, std::string(untrusted_message),
                  mad::format("{}{}.", untrusted_detail, *untrusted), std::string(untrusted_hint));
}

Task<Rows> run_judgement(Executor& database, std::string sql) {
    std::optional<Report> denied;
    try {
        co_return co_await database.run(std::move(sql));
    } catch (const Failure& failure) {
        if (!failure.is(Code::insufficient_privilege)) throw;
        denied = failure.report();
    }
    denied->detail = denied_detail;
    denied->hint = untrusted_hint;
    throw Failure(*std::move(denied));
}

Task<Presence> judge(Executor& database, const std::string& branch) {
    const Rows rows = co_await run_judgement(database, "SELECT " + judgement_sql(branch));
    co_return presence_of(rows.at(0), 0);
}

}  // namespace mad
