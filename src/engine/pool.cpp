// The pool: spare clones of a branch's template, under names of their own, waiting to be claimed.
#include "engine/pool.hpp"

#include <string_view>

#include "core/format.hpp"
#include "core/quote.hpp"

namespace mad {

namespace {

constexpr std::string_view is_stale =
    "mad_migrate.published_version(r.database, r.branch) IS DISTINCT FROM "
    "mad_migrate.published_version(b.template, b.branch)";

/// The record stays until the database is gone, so that whoever comes after a crash finishes this.
Task<void> drop_recorded(Executor& control, const std::string& branch,
                         const std::string& database) {
    co_await control.run(mad::format("DROP DATABASE IF EXISTS {}", quote_identifier(database)));
    co_await control.run(mad::format(
        "DELETE FROM mad_migrate.registry WHERE branch = {} AND database = {} AND state = "
        "'dropping'",
        quote_literal(branch), quote_literal(database)));
}

Task<std::size_t> drop_all(const PoolSession& session, const Rows& databases) {
    for (const Row& row : databases) {
        co_await drop_recorded(session.control, session.branch, row[0].value());
    }
    co_return databases.size();
}

/// What a dead session left half-made or half-dropped.
Task<std::size_t> sweep(const PoolSession& session) {
    co_await session.control.run(mad::format(
        "WITH abandoned AS MATERIALIZED (SELECT database, {} AS locked FROM mad_migrate.registry "
        "WHERE branch = {} AND kind = 'pooled' AND state = 'creating'), "
        "marked AS (UPDATE mad_migrate.registry r SET state = 'dropping' FROM abandoned a "
        "WHERE r.branch = {} AND r.database = a.database AND a.locked AND r.state = 'creating') "
        "SELECT {} FROM abandoned WHERE locked",
        abandoned_clone_sql("database"), quote_literal(session.branch),
        quote_literal(session.branch), release_clone_sql("database")));
    const Rows rows = co_await session.control.run(
        mad::format("SELECT database FROM mad_migrate.registry WHERE branch = {} AND kind = "
                    "'pooled' AND state = 'dropping'",
                    quote_literal(session.branch)));
    co_return co_await drop_all(session, rows);
}

/// Of those that nobody is about to claim.
Task<std::size_t> drop_spares(const PoolSession& session, std::string which) {
    const Rows rows = co_await session.control.run(
        mad::format("WITH spare AS MATERIALIZED (SELECT r.database FROM mad_migrate.registry r "
                    "JOIN mad_migrate.branch b ON b.branch = r.branch "
                    "WHERE r.branch = {0} AND r.kind = 'pooled' AND r.state = 'ready' {1} "
                    "FOR UPDATE OF r SKIP LOCKED) "
                    "UPDATE mad_migrate.registry r SET state = 'dropping' FROM spare "
                    "WHERE r.branch = {0} AND r.database = spare.database RETURNING r.database",
                    quote_literal(session.branch), which));
    co_return co_await drop_all(session, rows);
}

Task<std::size_t> drop_stale(const PoolSession& session) {
    return drop_spares(session, "AND " + std::string(is_stale));
}

/// Those under way count too: another session makes them.
Task<std::size_t> count_spares(const PoolSession& session) {
    const Rows rows = co_await session.control.run(
        mad::format("SELECT pg_catalog.count(*) FROM mad_migrate.registry WHERE branch = {} AND "
                    "kind = 'pooled' AND state IN ('ready', 'creating')",
                    quote_literal(session.branch)));
    co_return std::stoul(rows.at(0).at(0).value());
}

}  // namespace

Task<std::size_t> trim_pool(PoolSession session, std::optional<std::size_t> size) {
    std::size_t dropped = co_await sweep(session);
    dropped += co_await drop_stale(session);
    const std::size_t spares = co_await count_spares(session);
    if (!size || spares <= *size) co_return dropped;
    dropped += co_await drop_spares(session, mad::format("LIMIT {}", spares - *size));
    co_return dropped;
}

Task<FillReport> fill_pool(PoolSession session, std::size_t size, Surplus surplus) {
    FillReport report;
    report.dropped =
        co_await trim_pool(session, surplus == Surplus::drop ? std::optional(size) : std::nullopt);
    std::size_t spares = co_await count_spares(session);
    for (; spares < size; spares = co_await count_spares(session)) {
        co_await clone_template(session);
        ++report.cloned;
    }
    co_return report;
}

std::string replace_stale_sql(const std::string& branch) {
    return mad::format(
        "INSERT INTO mad_migrate.job (kind, branch) SELECT 'refill', {0} WHERE EXISTS ("
        "SELECT FROM mad_migrate.registry r JOIN mad_migrate.branch b ON b.branch = r.branch "
        "WHERE r.branch = {0} AND r.kind = 'pooled' AND r.state = 'ready' AND {1})",
        quote_literal(branch), is_stale);
}

Task<void> drop_deprovisioned(Executor& control, std::string branch, std::string database) {
    const Rows rows = co_await control.run(mad::format(
        "UPDATE mad_migrate.registry SET state = 'dropping' WHERE branch = {} AND database = {} "
        "AND (state = 'dropping' OR (state = 'deprovisioned' AND drop_after <= "
        "pg_catalog.clock_timestamp())) RETURNING database",
        quote_literal(branch), quote_literal(database)));
    if (rows.empty()) co_return;
    co_await drop_recorded(control, branch, database);
}

}  // namespace mad
