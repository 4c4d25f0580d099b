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

/// Whether to copy files, asked of a template `d` of view databases that may not be there yet.
std::string file_copy_sql(CloneStrategy strategy) {
    if (strategy == CloneStrategy::wal_log) return "false";
    if (strategy == CloneStrategy::file_copy) return "true";
    return mad::format(
        "CASE WHEN d.present THEN pg_catalog.pg_database_size(d.database::pg_catalog.name) >= {} "
        "END",
        large_template);
}

std::string clone_lock_sql(std::string_view function, std::string_view database) {
    return mad::format("pg_catalog.{}(pg_catalog.hashtextextended('mad_migrate:clone:' || {}, 0))",
                       function, database);
}

/// A template that has scripts and no version was never migrated: its clones would be empty. All is
/// one statement, for a new session plans each with empty caches.
std::string template_sql(const PoolSession& session) {
    return mad::format(
        R"(SELECT d.database, {0},
       d.present AND (d.revisions IS NOT NULL
                      OR NOT EXISTS (SELECT FROM mad_migrate.script s WHERE s.branch = d.branch)),
       {1}
  FROM mad_migrate.databases d WHERE d.branch = {2} AND d.kind = 'template')",
        foreign_keeper_sql("d.database"), file_copy_sql(session.strategy),
        quote_literal(session.branch));
}

Task<Template> look_at_template(const PoolSession& session) {
    const Rows rows = co_await session.control.run(template_sql(session));
    if (rows.empty()) {
        throw Failure(Code::unknown_branch,
                      mad::format("branch \"{}\" has no template", session.branch),
                      "Only a branch of many databases has one to clone.",
                      "Create the branch with a template and a database_pattern.");
    }
    const Row& row = rows[0];
    refuse_foreign_keeper(row[1], row[0].value(), session.branch);
    co_return Template{row[0].value(), row[2] == "t", row[3] == "t" ? "file_copy" : "wal_log"};
}

Task<void> build_template(const PoolSession& session, const Template& source) {
    co_await session.control.run(
        mad::format("SELECT FROM mad_migrate.upgrade({}, 'heads', databases => {})",
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

Task<void> create_clone(const PoolSession& session, const Template& source, const Intent& clone) {
    co_await session.control.run(mad::format(
        "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY {} ALLOW_CONNECTIONS false",
        quote_identifier(clone.name), quote_identifier(source.name), clone.owner, source.strategy));
    co_await session.control.run(mad::format(
        "SELECT mad_migrate.dress_clone({0}, {1}); "
        "UPDATE mad_migrate.registry SET state = 'ready' WHERE branch = {2} AND database = {1}",
        quote_literal(source.name), quote_literal(clone.name), quote_literal(session.branch)));
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
    Template source = co_await look_at_template(session);
    if (!source.built) {
        co_await build_template(session, source);
        source = co_await look_at_template(session);
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
