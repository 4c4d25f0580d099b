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

std::string clone_lock_sql(std::string_view function, std::string_view database) {
    return mad::format("pg_catalog.{}(pg_catalog.hashtextextended('mad_migrate:clone:' || {}, 0))",
                       function, database);
}

Task<void> build_template(const PoolSession& session) {
    co_await session.control.run(
        mad::format("SET LOCAL client_min_messages = notice; "
                    "SELECT FROM mad_migrate.upgrade({}, 'heads', databases => {})",
                    quote_literal(session.branch), quote_array({&session.database_template, 1})));
}

/// Shares the template, built and closed. Nothing of its state can change then, nor can the
/// branch's owner.
Task<TemplateState> share_template(const PoolSession& session, TemplateHold& hold) {
    for (bool tried = false;;) {
        co_await hold.share(session.patience);
        TemplateState state = session.catalog.state();
        refuse_foreign_keeper(state.foreign_keeper, session.database_template, session.branch);
        if (state.open) {
            co_await hold.close_abandoned(session.patience);
            continue;
        }
        if (state.built || tried) co_return state;
        tried = true;
        co_await hold.unshare();
        co_await build_template(session);
    }
}

std::string_view strategy_of(const PoolSession& session) {
    const bool file_copy =
        session.strategy == CloneStrategy::file_copy ||
        (session.strategy == CloneStrategy::automatic && session.catalog.bytes() >= large_template);
    return file_copy ? "file_copy" : "wal_log";
}

/// The lock tells a clone that is being made from one whose maker died. Neither this record nor the
/// next need wait for the disk: the commit of CREATE DATABASE between them does.
Task<void> record_intent(const PoolSession& session, const std::string& clone) {
    co_await session.control.run(
        mad::format("SET synchronous_commit = off; SELECT {}; "
                    "INSERT INTO mad_migrate.registry (branch, database, kind, state) "
                    "VALUES ({}, {}, 'pooled', 'creating')",
                    clone_lock_sql("pg_advisory_lock", quote_literal(clone)),
                    quote_literal(session.branch), quote_literal(clone)));
}

/// The lock is given back when others see that it is ready.
Task<void> create_clone(const PoolSession& session, const TemplateState& source,
                        const std::string& clone) {
    Task<Rows> creating = session.control.run(
        mad::format("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY {} ALLOW_CONNECTIONS false",
                    quote_identifier(clone), quote_identifier(session.database_template),
                    source.owner, strategy_of(session)));
    creating.start();
    const std::string dressing = session.catalog.dressing(clone);
    co_await std::move(creating).join();
    co_await session.control.run(
        mad::format("BEGIN; {} UPDATE mad_migrate.registry SET state = 'ready' WHERE branch = {} "
                    "AND database = {}; COMMIT; SELECT {}",
                    dressing, quote_literal(session.branch), quote_literal(clone),
                    release_clone_sql(quote_literal(clone))));
}

/// A database that was there before is not ours to drop. The lock goes when the record has gone.
Task<void> forget_clone(const PoolSession& session, const std::string& name,
                        const Failure& failure) {
    if (!failure.is(Code::duplicate_database)) {
        co_await session.control.run(
            mad::format("DROP DATABASE IF EXISTS {}", quote_identifier(name)));
    }
    co_await session.control.run(
        mad::format("BEGIN; DELETE FROM mad_migrate.registry WHERE branch = {} AND database = {}; "
                    "COMMIT; SELECT {}",
                    quote_literal(session.branch), quote_literal(name),
                    release_clone_sql(quote_literal(name))));
}

Task<std::string> make_clone(const PoolSession& session, const TemplateState& source) {
    const std::string clone = session.catalog.clone_name();
    co_await record_intent(session, clone);
    std::optional<Failure> failed;
    try {
        co_await create_clone(session, source, clone);
    } catch (const Failure& failure) {
        failed = failure;
    }
    if (!failed) co_return clone;
    co_await forget_clone(session, clone, *failed);
    throw Failure(*std::move(failed));
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
    TemplateHold hold(session.reactor, session.control, session.branch, session.database_template);
    const TemplateState source = co_await share_template(session, hold);
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
