// Provisioning: an organization's database, claimed in the caller's transaction.
#include "server/provision.hpp"

#include "core/quote.hpp"
#include "server/hooks.hpp"
#include "server/host.hpp"
#include "server/migration_call.hpp"
#include "server/organizations.hpp"
#include "server/pool_control.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// The organization's database, if it has one. Throws Failure where it cannot get one.
std::optional<std::string> find(const Organization& organization) {
    const Occupancy found = look_up(organization);
    if (found.deprovisioned) {
        throw Failure(
            Code::deprovisioned,
            mad::format("organization \"{}\" is deprovisioned", organization.id),
            mad::format("Its database is kept as \"{}\".", *found.database),
            mad::format("Bring it back with SELECT mad_migrate.restore_org({}, {}), or wait "
                        "until it is dropped.",
                        quote_literal(organization.id), quote_literal(organization.branch)));
    }
    if (found.gone) throw database_gone(organization);
    if (found.name_taken) throw name_taken(organization, true);
    return found.database;
}

void announce(const Branch& branch, const Organization& organization) {
    Hooks(branch).after({.name = "after_provision",
                         .database = organization.database,
                         .organization = organization.id});
}

bool claim_from_pool(const Branch& branch, const Organization& organization) {
    if (!claim(organization)) return false;
    if (settings::pool_size() > 0) queue_refill(branch.name);
    announce(branch, organization);
    return true;
}

}  // namespace

std::string provision(const Branch& branch, const std::string& id) {
    const Organization organization = organization_named(branch, id);
    // Who only looks must not wait for others who look.
    const std::optional<std::string> known = find(organization);
    if (known) return *known;
    refuse_read_only("provision_org");
    lock(organization);
    std::optional<std::string> there = find(organization);
    if (there) return *std::move(there);
    // Others may take the clone that was made; each of them makes one as well.
    std::optional<PoolControl> pool;
    while (!claim_from_pool(branch, organization)) {
        if (!pool) pool.emplace(branch);
        pool->clone();
    }
    if (pool) pool->keep();
    return organization.database;
}

std::optional<std::string> provision_or_queue(const Branch& branch, const std::string& id) {
    const Organization organization = lock_organization(branch, id);
    std::optional<std::string> there = find(organization);
    if (there) return there;
    if (claim_from_pool(branch, organization)) return organization.database;
    query_latest(
        mad::format("INSERT INTO mad_migrate.job (kind, branch, organization, database) VALUES "
                    "('provision', {}, {}, {})",
                    quote_literal(branch.name), quote_literal(organization.id),
                    quote_literal(organization.database)));
    return std::nullopt;
}

std::optional<std::string> provision_queued(std::int64_t job) {
    const std::string wanted = mad::format(
        "SELECT branch, organization FROM mad_migrate.job WHERE job = {} AND kind = "
        "'provision' AND state = 'running'",
        job);
    const Rows found = query_latest(wanted);
    if (found.empty()) return std::nullopt;
    const Branch branch = branch_of_many(found[0][0]);
    const std::string& id = found[0][1].value();
    lock_organization(branch, id);
    // Who took the organization away has deleted its job, under the same lock.
    if (query_latest(wanted).empty()) return std::nullopt;
    return provision(branch, id);
}

}  // namespace mad::pg
