// Claiming a spare clone for an organization, in the caller's transaction.
#include "server/claim.hpp"

#include "core/quote.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

// Many claims share a transaction, so none plans its statements anew.

constinit Prepared look_up_statement(R"(
SELECT r.database, r.state = 'deprovisioned',
       EXISTS (SELECT FROM pg_database WHERE datname = coalesce(r.database, $3)::name)
  FROM (VALUES (1)) one
  LEFT JOIN mad_migrate.registry r ON r.branch = $1 AND r.organization = $2 AND r.state <> 'dropping')");

// Row by row, so that the first that fits ends the search.
constinit Prepared claim_statement(R"(
WITH current AS MATERIALIZED (
    SELECT mad_migrate.published_version(b.template, b.branch) AS version
      FROM mad_migrate.branch b WHERE b.branch = $1),
spare AS MATERIALIZED (
    SELECT r.database FROM mad_migrate.registry r
     WHERE r.branch = $1 AND r.kind = 'pooled' AND r.state = 'ready'
       AND EXISTS (SELECT FROM pg_database d WHERE d.datname = r.database::name)
       AND mad_migrate.published_version(r.database, r.branch) IS NOT DISTINCT FROM (SELECT version FROM current)
     LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE mad_migrate.registry r
   SET database = $3, kind = 'organization', organization = $2, created_at = now()
  FROM spare WHERE r.branch = $1 AND r.database = spare.database
RETURNING spare.database)");

constinit Prepared refill_statement(R"(
INSERT INTO mad_migrate.job (kind, branch)
SELECT 'refill', $1 WHERE NOT EXISTS (
    SELECT FROM mad_migrate.job
     WHERE created_xid = pg_current_xact_id() AND kind = 'refill' AND state = 'queued' AND branch = $1))");

constinit Prepared arrivals_statement(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('mad_migrate:arrivals:' || $1, 0))");

// In the environment in which the others were upgraded meanwhile.
constinit Prepared behind_statement(R"(
INSERT INTO mad_migrate.job (kind, branch, organization, database, target, environment)
SELECT 'upgrade', r.branch, r.organization, r.database, t.version,
       coalesce((SELECT e.environment FROM mad_migrate.run_entry e
                  WHERE e.branch = r.branch AND e.direction = 'upgrade' AND NOT e.dry_run
                  ORDER BY e.run DESC LIMIT 1),
                current_setting('mad_migrate.environment', true))
  FROM mad_migrate.registry r
  JOIN mad_migrate.branch b ON b.branch = r.branch
 CROSS JOIN LATERAL (SELECT mad_migrate.published_version(b.template, b.branch)) t (version)
 WHERE r.branch = $1 AND r.database = $2
   AND mad_migrate.published_version(r.database, r.branch) IS DISTINCT FROM t.version)");

}  // namespace

Occupancy look_up(const Organization& organization) {
    const Row row =
        look_up_statement({organization.branch, organization.id, organization.database}).at(0);
    Occupancy found;
    found.database = row.at(0);
    found.deprovisioned = row.at(1) == "t";
    found.name_taken = !found.database && row.at(2) == "t";
    found.gone = found.database && row.at(2) != "t";
    return found;
}

bool claim(const Organization& organization) {
    const Rows claimed =
        claim_statement({organization.branch, organization.id, organization.database});
    if (claimed.empty()) return false;
    query_latest(mad::format(
        "ALTER DATABASE {0} RENAME TO {1}; ALTER DATABASE {1} ALLOW_CONNECTIONS true",
        quote_identifier(claimed[0].at(0).value()), quote_identifier(organization.database)));
    return true;
}

void queue_refill(const std::string& branch) {
    refill_statement({branch});
}

std::string arrivals_lock(const std::string& branch) {
    return mad::format("pg_catalog.hashtextextended({}, 0)",
                       quote_literal("mad_migrate:arrivals:" + branch));
}

void note_arrival(const std::string& branch, const std::string& database) {
    arrivals_statement({branch});
    behind_statement({branch, database});
}

}  // namespace mad::pg
