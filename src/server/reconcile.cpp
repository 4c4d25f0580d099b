// Reconciling the registry with the databases that there are.
#include "server/reconcile.hpp"

#include "core/naming.hpp"
#include "core/quote.hpp"
#include "engine/clone.hpp"
#include "server/migration_call.hpp"
#include "server/organizations.hpp"
#include "server/pool_control.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

enum class Remedy { trim, drop, forget, queue_drop, none };

struct Finding {
    Discrepancy told;
    Remedy remedy;
};

/// Spare clones: half-made or half-dropped, of an old version, too many. The locks that tell a
/// clone that is being made are given back at once.
std::string spares_sql(const std::string& branch) {
    return mad::format(
        R"(SELECT r.database,
       CASE WHEN r.state = 'dropping' THEN 'half-dropped'
            WHEN r.state = 'creating' THEN 'half-made'
            WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = r.database) THEN 'missing'
            WHEN mad_migrate.published_version(r.database, r.branch)
                 IS DISTINCT FROM mad_migrate.published_version(b.template, b.branch) THEN 'stale'
            WHEN pg_catalog.count(*) FILTER (WHERE r.state = 'ready') OVER (ORDER BY r.state, r.created_at, r.database) > {size}
            THEN 'surplus' END AS problem
  FROM mad_migrate.registry r JOIN mad_migrate.branch b ON b.branch = r.branch
 WHERE r.branch = {branch} AND r.kind = 'pooled'
   AND (r.state <> 'creating' OR
        CASE WHEN {abandoned} THEN {give_back} END))",
        fmt::arg("size", settings::pool_size()), fmt::arg("branch", quote_literal(branch)),
        fmt::arg("abandoned", abandoned_clone_sql("r.database")),
        fmt::arg("give_back", release_clone_sql("r.database")));
}

void find_spares(const Branch& branch, std::vector<Finding>& findings) {
    for (const Row& row : query_latest(spares_sql(branch.name))) {
        if (!row[1]) continue;
        const bool missing = row[1] == "missing";
        findings.push_back({{row[0].value(), "", mad::format("spare clone is {}", *row[1]),
                             missing ? "forget" : "drop"},
                            missing ? Remedy::forget : Remedy::trim});
    }
}

/// The rows tell all of it: database, organization, problem, action.
void find(std::vector<Finding>& findings, Remedy remedy, const std::string& sql) {
    for (const Row& row : query_latest(sql)) {
        findings.push_back(
            {{row[0].value(), row[1].value_or(""), row[2].value(), row[3].value()}, remedy});
    }
}

void find_gone(const Branch& branch, std::vector<Finding>& findings) {
    find(findings, Remedy::forget,
         mad::format("SELECT r.database, r.organization, 'database does not exist', 'forget' FROM "
                     "mad_migrate.registry r WHERE r.branch = {} AND r.kind = 'organization' AND "
                     "r.server IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_database d WHERE "
                     "d.datname = r.database)",
                     quote_literal(branch.name)));
}

void find_overdue(const Branch& branch, std::vector<Finding>& findings) {
    find(findings, Remedy::queue_drop,
         mad::format(
             "SELECT r.database, r.organization, 'grace period is over', 'drop' FROM "
             "mad_migrate.registry r WHERE r.branch = {} AND r.kind = 'organization' AND (r.state "
             "= 'dropping' OR (r.state = 'deprovisioned' AND r.drop_after < pg_catalog.now())) AND "
             "EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = r.database) AND NOT "
             "EXISTS (SELECT FROM mad_migrate.job j WHERE j.kind = 'drop' AND j.branch = r.branch "
             "AND j.database = r.database AND j.state IN ('queued', 'running'))",
             quote_literal(branch.name)));
}

/// Upgrades fail in them.
void find_foreign_owners(const Branch& branch, std::vector<Finding>& findings) {
    find(findings, Remedy::none,
         mad::format(
             "SELECT d.datname, r.organization, pg_catalog.format('database belongs to role "
             "\"%s\", scripts run as role \"%s\"', pg_catalog.pg_get_userbyid(d.datdba), "
             "pg_catalog.pg_get_userbyid(b.owner)), "
             "pg_catalog.format('ALTER DATABASE %I OWNER TO %s', d.datname, b.owner) "
             "FROM pg_catalog.pg_database d JOIN mad_migrate.branch b ON b.branch = {} "
             "LEFT JOIN mad_migrate.registry r ON r.branch = b.branch AND r.database = d.datname "
             "AND r.server IS NULL WHERE (d.datname = b.template OR r.state IN ('ready', "
             "'deprovisioned')) AND NOT pg_catalog.pg_has_role(b.owner, d.datdba, 'USAGE') "
             "ORDER BY d.datname COLLATE \"C\"",
             quote_literal(branch.name)));
}

/// Of our own names, but in no registry.
void find_orphans(const Branch& branch, std::vector<Finding>& findings) {
    for (const Row& row : query_latest(mad::format(
             "SELECT d.datname, pg_catalog.starts_with(d.datname::pg_catalog.text, pool.prefix) "
             "FROM pg_catalog.pg_database d CROSS JOIN mad_migrate.control c CROSS JOIN LATERAL "
             "(SELECT pg_catalog.format('mad_pool_%s_', c.database), "
             "pg_catalog.format('mad_dropped_%s_', c.database)) pool (prefix, aside) "
             "WHERE ((d.datname ~ ('^' || pool.prefix || '[0-9]+$') AND NOT d.datallowconn) OR "
             "pg_catalog.starts_with(d.datname::pg_catalog.text, pool.aside)) AND NOT EXISTS ("
             "SELECT FROM mad_migrate.registry r WHERE r.database = d.datname) AND {} = (SELECT "
             "pg_catalog.min(b.branch COLLATE \"C\") FROM mad_migrate.branch b WHERE b.template IS "
             "NOT NULL)",
             quote_literal(branch.name)))) {
        const bool spare = row[1] == "t";
        findings.push_back(
            {{row[0].value(), "",
              spare ? "spare clone is not registered" : "deprovisioned database is not registered",
              spare ? "drop" : "look into it, and drop it by hand"},
             spare ? Remedy::drop : Remedy::none});
    }
}

/// Databases that could be the branch's by their names.
void find_strangers(const Branch& branch, std::vector<Finding>& findings) {
    for (const Row& row : query_latest(mad::format(
             "SELECT d.datname, pg_catalog.format('%sSELECT mad_migrate.adopt(%L, %L)', "
             "CASE WHEN NOT pg_catalog.pg_has_role(own.owner, d.datdba, 'USAGE') THEN "
             "pg_catalog.format('ALTER DATABASE %I OWNER TO %s; ', d.datname, own.owner) END, "
             "own.branch, d.datname) FROM pg_catalog.pg_database d JOIN mad_migrate.branch own ON "
             "own.branch = {} WHERE NOT d.datistemplate AND "
             "d.datname <> pg_catalog.current_database() AND NOT EXISTS (SELECT FROM "
             "mad_migrate.registry r WHERE d.datname IN (r.database, r.former_name)) AND NOT "
             "EXISTS (SELECT FROM mad_migrate.branch b WHERE d.datname IN (b.database, "
             "b.template)) AND d.datname !~ '^mad_(pool|dropped)_[0-9]+_[0-9]+$' "
             "ORDER BY d.datname COLLATE \"C\"",
             quote_literal(branch.name)))) {
        const std::string& database = row[0].value();
        const std::optional<std::string> id = organization_of(*branch.database_pattern, database);
        if (!id) continue;
        findings.push_back(
            {{database, *id, "database is not registered", row[1].value()}, Remedy::none});
    }
}

void forget(const Branch& branch, const std::string& database) {
    query_latest(mad::format("DELETE FROM mad_migrate.registry WHERE branch = {} AND database = {}",
                             quote_literal(branch.name), quote_literal(database)));
}

void queue_drop(const Branch& branch, const Discrepancy& overdue) {
    query_latest(mad::format(
        "INSERT INTO mad_migrate.job (kind, branch, organization, database) VALUES ('drop', {}, "
        "{}, {})",
        quote_literal(branch.name), quote_literal(overdue.organization),
        quote_literal(overdue.database)));
}

std::string done(Remedy remedy) {
    switch (remedy) {
        case Remedy::trim:
        case Remedy::drop:
            return "dropped";
        case Remedy::forget:
            return "forgotten";
        case Remedy::queue_drop:
            return "queued to be dropped";
        case Remedy::none:
            break;
    }
    return {};
}

/// The registry's own rows are mended in the caller's transaction, databases over the session
/// beside it.
class Mender {
 public:
    explicit Mender(const Branch& branch) : branch_(branch) {}

    void mend(Finding& finding) {
        if (finding.remedy == Remedy::none) return;
        if (finding.remedy == Remedy::trim) trim();
        if (finding.remedy == Remedy::drop) control().drop_orphan(finding.told.database);
        if (finding.remedy == Remedy::forget) forget(branch_, finding.told.database);
        if (finding.remedy == Remedy::queue_drop) queue_drop(branch_, finding.told);
        finding.told.action = done(finding.remedy);
    }

 private:
    PoolControl& control() {
        if (!control_) control_.emplace(branch_);
        return *control_;
    }

    void trim() {
        if (!trimmed_) control().trim(settings::pool_size());
        trimmed_ = true;
    }

    const Branch& branch_;
    std::optional<PoolControl> control_;
    bool trimmed_ = false;
};

}  // namespace

std::vector<Discrepancy> reconcile(const Branch& branch, bool repair) {
    refuse_on_standby("reconcile");
    if (repair) refuse_read_only("reconcile");
    std::vector<Finding> findings;
    find_spares(branch, findings);
    find_gone(branch, findings);
    find_overdue(branch, findings);
    find_orphans(branch, findings);
    find_strangers(branch, findings);
    find_foreign_owners(branch, findings);
    if (repair) {
        Mender mender(branch);
        for (Finding& finding : findings) mender.mend(finding);
    }
    std::vector<Discrepancy> told;
    told.reserve(findings.size());
    for (Finding& finding : findings) told.push_back(std::move(finding.told));
    return told;
}

}  // namespace mad::pg
