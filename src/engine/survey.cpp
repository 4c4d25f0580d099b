// Survey: what a database tells of a branch to somebody who only looks.
#include "engine/survey.hpp"

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/naming.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/kit.hpp"

namespace mad {

namespace {

/// The session's own value of the setting is as old as the session.
std::string published_sql(const std::string& branch) {
    return mad::format(
        R"(SELECT (SELECT pg_catalog.substr(s.setting, pg_catalog.strpos(s.setting, '=') + 1)
          FROM pg_catalog.pg_db_role_setting r
          JOIN pg_catalog.pg_database d ON d.oid = r.setdatabase
         CROSS JOIN pg_catalog.unnest(r.setconfig) s (setting)
         WHERE d.datname = pg_catalog.current_database() AND r.setrole = 0
           AND pg_catalog.split_part(s.setting, '=', 1) = {}))",
        quote_literal(revision_setting(branch)));
}

std::string standstill_sql(const std::string& branch) {
    return mad::format(
        R"(SELECT pg_catalog.format('%s of revision "%s" is half-way: statements done: %s of %s', h.direction,
                         h.revision, h.statements_done, h.statements)
  FROM mad_migrate.history h WHERE h.branch = {} AND h.finished_at IS NULL)",
        quote_literal(branch));
}

std::string checksums_sql(const std::string& branch) {
    return mad::format(
        R"(SELECT DISTINCT ON (h.revision) h.revision, h.checksum
  FROM mad_migrate.history h
 WHERE h.branch = {} AND h.finished_at IS NOT NULL AND h.direction <> 'downgrade'
 ORDER BY h.revision, h.id DESC)",
        quote_literal(branch));
}

Task<void> read_history(Executor& database, const std::string& branch, Survey& seen) {
    const Rows standstill = co_await database.run(standstill_sql(branch));
    if (!standstill.empty()) seen.standstill = standstill[0][0];
    for (const Row& row : co_await database.run(checksums_sql(branch))) {
        // A stamp has none, and ends what was known before.
        if (row[1]) seen.checksums.emplace(row[0].value(), *row[1]);
    }
}

}  // namespace

Task<Survey> survey(Executor& database, const std::string& branch) {
    Survey seen;
    const Presence there = co_await judge(database, branch);
    seen.heads = co_await read_heads(database, branch, there);
    const Rows published = co_await database.run(published_sql(branch));
    seen.published = heads_of(published.at(0).at(0));
    if (there.history) co_await read_history(database, branch, seen);
    co_return seen;
}

Task<std::optional<std::string>> find_unmanaged_table(Executor& database) {
    const Rows rows = co_await database.run(R"(
SELECT pg_catalog.format('%s.%s', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('information_schema', 'mad_migrate')
   AND n.nspname !~ '^pg_'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      AND e.objid = c.oid AND e.deptype = 'e')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting r
                     JOIN pg_catalog.pg_database d ON d.oid = r.setdatabase
                    CROSS JOIN pg_catalog.unnest(r.setconfig) s (setting)
                    WHERE d.datname = pg_catalog.current_database() AND r.setrole = 0
                      AND pg_catalog.starts_with(s.setting, 'mad_revision.'))
 ORDER BY n.nspname, c.relname LIMIT 1)");
    co_return rows.empty() ? std::nullopt : rows[0][0];
}

}  // namespace mad
