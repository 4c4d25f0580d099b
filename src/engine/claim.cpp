// Claiming a spare clone for an organization, in the transaction that the executor is in.
#include "engine/claim.hpp"

#include <fmt/format.h>

#include "core/quote.hpp"
#include "engine/published_version.hpp"

namespace mad {

Task<Occupancy> look_up(Executor& control, const Organization& organization) {
    const Rows rows = co_await control.run(
        fmt::format("SELECT r.database, r.state = 'deprovisioned', "
                    "EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = {}) "
                    "FROM (VALUES (1)) one LEFT JOIN mad_migrate.registry r "
                    "ON r.branch = {} AND r.organization = {} AND r.state <> 'dropping'",
                    quote_literal(organization.database), quote_literal(organization.branch),
                    quote_literal(organization.id)));
    const Row& row = rows.at(0);
    Occupancy found;
    found.database = row.at(0);
    found.deprovisioned = row.at(1) == "t";
    found.name_taken = !found.database && row.at(2) == "t";
    co_return found;
}

Task<bool> claim(Executor& control, const Organization& organization) {
    const Rows claimed = co_await control.run(fmt::format(
        "WITH spare AS MATERIALIZED (SELECT r.database FROM mad_migrate.registry r "
        "JOIN mad_migrate.branch b ON b.branch = r.branch "
        "JOIN pg_catalog.pg_database d ON d.datname = r.database "
        "WHERE r.branch = {branch} AND r.kind = 'pooled' AND r.state = 'ready' "
        "AND {version} IS NOT DISTINCT FROM {current} LIMIT 1 FOR UPDATE OF r SKIP LOCKED) "
        "UPDATE mad_migrate.registry r SET database = {database}, kind = 'organization', "
        "organization = {organization}, created_at = pg_catalog.now() FROM spare "
        "WHERE r.branch = {branch} AND r.database = spare.database RETURNING spare.database",
        fmt::arg("branch", quote_literal(organization.branch)),
        fmt::arg("version", published_version_sql("r.database", organization.branch)),
        fmt::arg("current", published_version_sql("b.template", organization.branch)),
        fmt::arg("database", quote_literal(organization.database)),
        fmt::arg("organization", quote_literal(organization.id))));
    if (claimed.empty()) co_return false;
    co_await control.run(fmt::format(
        "ALTER DATABASE {0} RENAME TO {1}; ALTER DATABASE {1} ALLOW_CONNECTIONS true",
        quote_identifier(claimed[0].at(0).value()), quote_identifier(organization.database)));
    co_return true;
}

std::string arrivals_lock_key(const std::string& branch) {
    return fmt::format("pg_catalog.hashtextextended({}, 0)",
                       quote_literal("mad_migrate:arrivals:" + branch));
}

std::string queue_refill_sql(const std::string& branch) {
    return fmt::format(
        "INSERT INTO mad_migrate.job (kind, branch) SELECT 'refill', {0} WHERE NOT EXISTS ("
        "SELECT FROM mad_migrate.job WHERE created_xid = pg_catalog.pg_current_xact_id() "
        "AND kind = 'refill' AND state = 'queued' AND branch = {0})",
        quote_literal(branch));
}

}  // namespace mad
