// Cloning a branch's template: a spare clone is recorded before it is made.
#include "engine/clone.hpp"

#include <optional>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/quote.hpp"
#include "engine/template_hold.hpp"
#include "engine/templates.hpp"

namespace mad {

namespace {

/// From this size on, copying files costs much less than writing all pages to the WAL. The two are
/// even at some 18 MB (test/bench/provision.sh), but the checkpoints around a copy are felt by all.
constexpr std::int64_t large_template = std::int64_t{32} << 20;

/// Whoever may create databases can have taken some of our names.
constexpr int names_tried = 100;

struct Template {
    std::string name;
    bool built = false;
    std::string strategy;
};

/// A clone before it is made.
struct Intent {
    std::string name;
    std::string owner;
};

/// Whether to copy files, asked of a template `d` that may not be there yet.
std::string file_copy_sql(CloneStrategy strategy) {
    if (strategy == CloneStrategy::wal_log) return "false";
    if (strategy == CloneStrategy::file_copy) return "true";
    return mad::format("d.oid IS NOT NULL AND pg_catalog.pg_database_size(d.oid) >= {}",
                       large_template);
}

std::string clone_lock_sql(std::string_view function, std::string_view database) {
    return mad::format("pg_catalog.{}(pg_catalog.hashtextextended('mad_migrate:clone:' || {}, 0))",
                       function, database);
}

/// A template that has scripts and no version was never migrated: its clones would be empty.
std::string template_sql(const PoolSession& session) {
    return mad::format(
        R"(SELECT b.template, {0},
       d.oid IS NOT NULL AND
       (mad_migrate.published_version(b.template, b.branch) IS NOT NULL
        OR NOT EXISTS (SELECT FROM mad_migrate.script s WHERE s.branch = b.branch)),
       {1}
  FROM mad_migrate.branch b LEFT JOIN pg_catalog.pg_database d ON d.datname = b.template
 WHERE b.branch = {2} AND b.template IS NOT NULL)",
        foreign_keeper_sql("b.template"), file_copy_sql(session.strategy),
        quote_literal(session.branch));
}

Template look_at_template(const PoolSession& session) {
    const Rows rows = session.look(template_sql(session));
    if (rows.empty()) {
        throw Failure(Code::unknown_branch,
                      mad::format("branch \"{}\" has no template", session.branch),
                      "Only a branch of many databases has one to clone.",
                      "Create the branch with a template and a database_pattern.");
    }
    const Row& row = rows[0];
    refuse_foreign_keeper(row[1], row[0].value(), session.branch);
    return {row[0].value(), row[2] == "t", row[3] == "t" ? "file_copy" : "wal_log"};
}

Task<void> build_template(const PoolSession& session, const Template& source) {
    co_await session.control.run(
        mad::format("SET LOCAL client_min_messages = notice; "
                    "SELECT FROM mad_migrate.upgrade({}, 'heads', databases => {})",
                    quote_literal(session.branch), quote_array({&source.name, 1})));
}

/// The lock tells a clone that is being made from one whose maker died. Neither this record nor the
/// next need wait for the disk: the commit of CREATE DATABASE between them does. The branch's owner
/// may have changed while the template was waited for, and cannot any more.
Task<Intent> record_intent(const PoolSession& session) {
    const Rows rows = co_await session.control.run(mad::format(
        "SET synchronous_commit = off; "
        "INSERT INTO mad_migrate.registry (branch, database, kind, state) "
        "SELECT {}, pg_catalog.format('mad_pool_%s_%s', c.database, "
        "pg_catalog.nextval('mad_migrate.pool_number')), 'pooled', 'creating' "
        "FROM mad_migrate.control c RETURNING database, (SELECT b.owner::pg_catalog.regrole "
        "FROM mad_migrate.branch b WHERE b.branch = registry.branch), {}",
        quote_literal(session.branch), clone_lock_sql("pg_advisory_lock", "database")));
    co_return Intent{rows.at(0).at(0).value(), rows[0].at(1).value()};
}

/// CREATE DATABASE copies neither privileges nor settings, which hold the version. What the
/// template's owner has, the clone's owner has anyway. A list of names is stored as it was written,
/// and would be taken for one name.
std::string dress_sql(const PoolSession& session, const Template& source, const Intent& clone) {
    const Rows rows = session.look(mad::format(
        R"sql(WITH source AS (SELECT * FROM pg_catalog.pg_database WHERE datname = {0}),
setting AS (
    SELECT pg_catalog.split_part(entry, '=', 1) AS name,
           pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value
      FROM source JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = source.oid AND s.setrole = 0
     CROSS JOIN pg_catalog.unnest(s.setconfig) entry),
statement (place, text) AS (
    SELECT 1, pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC;', {1})
      FROM source WHERE datacl IS NOT NULL
    UNION ALL
    SELECT 2, pg_catalog.format('GRANT %s ON DATABASE %I TO %s%s;', a.privilege_type, {1},
                                CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END,
                                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
      FROM source CROSS JOIN pg_catalog.aclexplode(source.datacl) a WHERE a.grantee <> source.datdba
    UNION ALL
    SELECT 3, CASE WHEN name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                                 'session_preload_libraries')
              THEN pg_catalog.format('SELECT pg_catalog.set_config(%L, %L, true); ALTER DATABASE %I SET %s FROM CURRENT;'
                                     ' SET LOCAL search_path = pg_catalog, pg_temp;', name, value, {1}, name)
              ELSE pg_catalog.format('ALTER DATABASE %I SET %s TO %L;', {1},
                       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part), '.')
                          FROM pg_catalog.regexp_split_to_table(name, '[.]') part), value)
              END
      FROM setting)
SELECT pg_catalog.string_agg(text, ' ' ORDER BY place) FROM statement)sql",
        quote_literal(source.name), quote_literal(clone.name)));
    return rows.at(0).at(0).value_or("");
}

Task<void> create_clone(const PoolSession& session, const Template& source, const Intent& clone) {
    co_await session.control.run(mad::format(
        "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY {} ALLOW_CONNECTIONS false",
        quote_identifier(clone.name), quote_identifier(source.name), clone.owner, source.strategy));
    const std::string dress = dress_sql(session, source, clone);
    co_await session.control.run(mad::format(
        "{} UPDATE mad_migrate.registry SET state = 'ready' WHERE branch = {} AND database = {}",
        dress, quote_literal(session.branch), quote_literal(clone.name)));
}

/// A database that was there before is not ours to drop.
Task<void> forget_clone(const PoolSession& session, const std::string& name,
                        const Failure& failure) {
    if (!failure.is(Code::duplicate_database)) {
        co_await session.control.run(
            mad::format("DROP DATABASE IF EXISTS {}", quote_identifier(name)));
    }
    co_await session.control.run(
        mad::format("DELETE FROM mad_migrate.registry WHERE branch = {} AND database = {}",
                    quote_literal(session.branch), quote_literal(name)));
}

Task<std::string> make_clone(const PoolSession& session, const Template& source) {
    const Intent clone = co_await record_intent(session);
    std::optional<Failure> failed;
    try {
        co_await create_clone(session, source, clone);
    } catch (const Failure& failure) {
        failed = failure;
    }
    if (failed) co_await forget_clone(session, clone.name, *failed);
    co_await session.control.run("SELECT " + release_clone_sql(quote_literal(clone.name)));
    if (failed) throw Failure(*std::move(failed));
    co_return clone.name;
}

}  // namespace

CloneStrategy clone_strategy_named(std::string_view name) {
    if (name == "wal_log") return CloneStrategy::wal_log;
    if (name == "file_copy") return CloneStrategy::file_copy;
    return CloneStrategy::automatic;
}

std::string abandoned_clone_sql(std::string_view database) {
    return clone_lock_sql("pg_try_advisory_lock", database);
}

std::string release_clone_sql(std::string_view database) {
    return clone_lock_sql("pg_advisory_unlock", database);
}

Task<std::string> clone_template(PoolSession session) {
    Template source = look_at_template(session);
    if (!source.built) {
        co_await build_template(session, source);
        source = look_at_template(session);
    }
    TemplateHold hold(session.reactor, session.control, session.branch, source.name);
    co_await hold.share(session.patience);
    std::optional<Failure> failed;
    std::string name;
    for (int attempt = 1; attempt <= names_tried; ++attempt) {
        failed.reset();
        try {
            name = co_await make_clone(session, source);
        } catch (const Failure& failure) {
            failed = failure;
        }
        if (!failed || !failed->is(Code::duplicate_database)) break;
    }
    co_await hold.unshare();
    if (failed) throw Failure(*std::move(failed));
    co_return name;
}

}  // namespace mad
