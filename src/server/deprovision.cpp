// Deprovisioning: an organization's database is put aside in the caller's transaction, and back.
#include "server/deprovision.hpp"

#include "core/quote.hpp"
#include "server/hooks.hpp"
#include "server/migration_call.hpp"
#include "server/organizations.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

struct Registered {
    std::string database;
    std::string former_name;
    std::string state;
    Oid oid = InvalidOid;  // of a database that is there
};

std::optional<Registered> find(const Organization& organization) {
    const Rows rows = query_latest(mad::format(
        "SELECT r.database, r.former_name, r.state, d.oid FROM mad_migrate.registry r "
        "LEFT JOIN pg_catalog.pg_database d ON d.datname = r.database "
        "WHERE r.branch = {} AND r.organization = {} AND r.state <> 'dropping' FOR UPDATE OF r",
        quote_literal(organization.branch), quote_literal(organization.id)));
    if (rows.empty()) return std::nullopt;
    const Row& row = rows[0];
    const Oid oid = row[3] ? static_cast<Oid>(std::stoul(*row[3])) : InvalidOid;
    return Registered{row[0].value(), row[1].value_or(""), row[2].value(), oid};
}

/// A job that is about to begin looks for its row under the organization's lock, which we have.
bool cancel_jobs(const Organization& organization, const char* kind) {
    const Rows cancelled = query_latest(mad::format(
        "DELETE FROM mad_migrate.job WHERE kind = {} AND branch = {} AND organization = {} AND "
        "state IN ('queued', 'running', 'dead') RETURNING job",
        quote_literal(kind), quote_literal(organization.branch), quote_literal(organization.id)));
    return !cancelled.empty();
}

/// From here on nobody comes in: a session that starts takes a weaker lock first.
void lock_database(Oid database) {
    call([&] { LockSharedObject(DatabaseRelationId, database, 0, AccessExclusiveLock); });
}

std::size_t count_sessions(Oid database) {
    // Of a transaction's first look the server would tell again.
    query("SELECT pg_catalog.pg_stat_clear_snapshot()");
    const Rows rows = query_latest(
        mad::format("SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE datid = {} "
                    "AND backend_type NOT LIKE 'autovacuum%'",
                    database));
    return std::stoul(rows[0][0].value());
}

/// Who has just left is still to be seen for a moment.
std::size_t count_staying_sessions(Oid database) {
    std::size_t sessions = count_sessions(database);
    for (int look = 0; sessions > 0 && look < 20; ++look) {
        query("SELECT pg_catalog.pg_sleep(0.05)");
        sessions = count_sessions(database);
    }
    return sessions;
}

void end_sessions(Oid database) {
    query_latest(mad::format(
        "SELECT pg_catalog.pg_terminate_backend(pid, 10000) FROM pg_catalog.pg_stat_activity WHERE "
        "datid = {} AND backend_type NOT LIKE 'autovacuum%'",
        database));
}

void make_free(const Registered& registered, const Organization& organization, bool force) {
    lock_database(registered.oid);
    if (force) {
        if (count_sessions(registered.oid) > 0) end_sessions(registered.oid);
        return;
    }
    const std::size_t sessions = count_staying_sessions(registered.oid);
    if (sessions == 0) return;
    throw Failure(Code::object_in_use,
                  mad::format("database \"{}\" of organization \"{}\" is in use",
                              registered.database, organization.id),
                  mad::format("{} {} connected to it.", sessions,
                              sessions == 1 ? "session is" : "sessions are"),
                  mad::format("End what is connected, or have it done: SELECT "
                              "mad_migrate.deprovision_org({}, force => "
                              "true, branch => {}).",
                              quote_literal(organization.id), quote_literal(organization.branch)));
}

void rename(const std::string& from, const std::string& to, bool takes_connections) {
    query_latest(
        mad::format("ALTER DATABASE {0} ALLOW_CONNECTIONS {2}; ALTER DATABASE {0} RENAME "
                    "TO {1}",
                    quote_identifier(from), quote_identifier(to), takes_connections));
}

std::string put_aside(const Organization& organization, const Registered& registered,
                      const std::string& grace) {
    const Rows rows = query_latest(mad::format(
        "UPDATE mad_migrate.registry SET state = 'deprovisioned', former_name = database, "
        "database = pg_catalog.format('mad_dropped_%s_%s', (SELECT c.database FROM "
        "mad_migrate.control c), {}), drop_after = pg_catalog.now() + {}::pg_catalog.interval "
        "WHERE branch = {} AND database = {} RETURNING database, pg_catalog.to_char(drop_after AT "
        "TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US\"+00\"')",
        registered.oid, quote_literal(grace), quote_literal(organization.branch),
        quote_literal(registered.database)));
    const std::string aside = rows.at(0)[0].value();
    const std::string drop_after = rows[0][1].value();
    cancel_jobs(organization, "upgrade");
    rename(registered.database, aside, false);
    query_latest(mad::format(
        "INSERT INTO mad_migrate.job (kind, branch, organization, database, due_at) VALUES "
        "('drop', {}, {}, {}, {})",
        quote_literal(organization.branch), quote_literal(organization.id), quote_literal(aside),
        quote_literal(drop_after)));
    return drop_after;
}

void refuse_negative(const std::string& grace) {
    const Rows rows =
        query(mad::format("SELECT {}::pg_catalog.interval < '0'", quote_literal(grace)));
    if (rows[0][0] != "t") return;
    throw Failure(Code::invalid_parameter, "parameter \"grace\" must not be negative");
}

Failure no_database(const Organization& organization, const std::optional<Registered>& registered) {
    if (registered && registered->state == "deprovisioned") {
        return Failure(
            Code::deprovisioned,
            mad::format("organization \"{}\" is deprovisioned already", organization.id),
            mad::format("Its database is kept as \"{}\".", registered->database),
            mad::format("To have it dropped at another time, run BEGIN; SELECT "
                        "mad_migrate.restore_org({0}, {1}); SELECT "
                        "mad_migrate.deprovision_org({0}, grace => ..., branch => {1}); COMMIT.",
                        quote_literal(organization.id), quote_literal(organization.branch)));
    }
    return Failure(Code::unknown_organization,
                   mad::format("organization \"{}\" has no database of branch \"{}\"",
                               organization.id, organization.branch),
                   {}, "See SELECT * FROM mad_migrate.org_databases.");
}

/// Nothing where there is none to put aside.
std::optional<std::string> deprovision_found(const Branch& branch, const Organization& organization,
                                             const std::optional<Registered>& registered,
                                             const Farewell& farewell) {
    if (!registered || registered->state != "ready") return std::nullopt;
    if (!OidIsValid(registered->oid)) throw database_gone(organization);
    Hooks(branch).before({.name = "before_deprovision",
                          .database = registered->database,
                          .organization = organization.id});
    make_free(*registered, organization, farewell.force);
    return put_aside(organization, *registered, farewell.grace);
}

}  // namespace

std::optional<std::string> deprovision(const Branch& branch, const std::string& id,
                                       const Farewell& farewell) {
    refuse_read_only("deprovision_org");
    refuse_negative(farewell.grace);
    const Organization organization = lock_organization(branch, id);
    const bool was_queued = cancel_jobs(organization, "provision");
    const std::optional<Registered> registered = find(organization);
    std::optional<std::string> drop_after =
        deprovision_found(branch, organization, registered, farewell);
    if (!drop_after && !was_queued) throw no_database(organization, registered);
    return drop_after;
}

void deprovision_if_there(const Branch& branch, const std::string& id, const Farewell& farewell) {
    refuse_negative(farewell.grace);
    const Organization organization = lock_organization(branch, id);
    cancel_jobs(organization, "provision");
    deprovision_found(branch, organization, find(organization), farewell);
}

std::string restore(const Branch& branch, const std::string& id) {
    refuse_read_only("restore_org");
    const Organization organization = lock_organization(branch, id);
    const std::optional<Registered> registered = find(organization);
    if (!registered) throw no_database(organization, registered);
    if (!OidIsValid(registered->oid)) throw database_gone(organization);
    if (registered->state != "deprovisioned") return registered->database;
    const Rows taken =
        query_latest(mad::format("SELECT FROM pg_catalog.pg_database WHERE datname = {}",
                                 quote_literal(registered->former_name)));
    if (!taken.empty()) throw name_taken(organization, false);
    cancel_jobs(organization, "drop");
    query_latest(mad::format(
        "UPDATE mad_migrate.registry SET database = former_name, state = 'ready', former_name = "
        "NULL, drop_after = NULL WHERE branch = {} AND database = {}",
        quote_literal(branch.name), quote_literal(registered->database)));
    rename(registered->database, registered->former_name, true);
    return registered->former_name;
}

}  // namespace mad::pg
