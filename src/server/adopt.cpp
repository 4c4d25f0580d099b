// Adopting a database that was not made here: it is registered as an organization's.
#include "server/adopt.hpp"

#include "core/naming.hpp"
#include "core/quote.hpp"
#include "server/organizations.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// What is adopted can be deprovisioned, and is dropped then.
void refuse_what_is_not_the_callers(const std::string& database) {
    const Rows rows = query_latest(
        mad::format("SELECT pg_catalog.pg_has_role({}::pg_catalog.oid, d.datdba, 'USAGE'), "
                    "d.datistemplate, EXISTS (SELECT FROM mad_migrate.registry r WHERE d.datname "
                    "IN (r.database, r.former_name)) FROM pg_catalog.pg_database d WHERE datname = "
                    "{}",
                    GetUserId(), quote_literal(database)));
    if (rows.empty()) {
        throw Failure(Code::unknown_database,
                      mad::format("database \"{}\" does not exist", database));
    }
    if (rows[0][0] != "t") {
        throw Failure(Code::insufficient_privilege,
                      mad::format("must be owner of database {}", database),
                      "What is adopted can be deprovisioned, and is dropped then.",
                      "Have its owner or a superuser make the call.");
    }
    if (rows[0][1] == "t" || rows[0][2] == "t") {
        throw Failure(Code::invalid_parameter,
                      mad::format("database \"{}\" cannot be adopted", database),
                      rows[0][1] == "t" ? "It is a template." : "It is registered already.",
                      "See SELECT * FROM mad_migrate.databases.");
    }
}

/// Its upgrades would all fail where they publish the version.
void refuse_what_is_not_the_branches(const Branch& branch, const std::string& database) {
    const Rows rows = query_latest(
        mad::format("SELECT pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d "
                    "WHERE d.datname = {} "
                    "AND NOT pg_catalog.pg_has_role({}::pg_catalog.oid, d.datdba, 'USAGE')",
                    quote_literal(database), branch.owner));
    if (rows.empty()) return;
    throw Failure(Code::insufficient_privilege,
                  mad::format("database \"{}\" does not belong to the owner of branch \"{}\"",
                              database, branch.name),
                  mad::format("It belongs to role \"{}\", and scripts run as role \"{}\".",
                              rows[0][0].value(), branch.owner_name),
                  mad::format("ALTER DATABASE {} OWNER TO {}, hand over what is in it that scripts "
                              "change, and adopt it then.",
                              quote_identifier(database), quote_identifier(branch.owner_name)));
}

}  // namespace

std::string adopt(const Branch& branch, const std::string& database) {
    const std::optional<std::string> id = organization_of(*branch.database_pattern, database);
    if (!id) {
        throw Failure(Code::invalid_parameter,
                      mad::format("database \"{}\" is not named as those of branch \"{}\" are",
                                  database, branch.name),
                      mad::format("The branch's pattern is \"{}\".", *branch.database_pattern),
                      "Rename the database, or change the pattern with mad_migrate.alter_branch.");
    }
    const Organization organization = lock_organization(branch, *id);
    refuse_what_is_not_the_callers(database);
    refuse_what_is_not_the_branches(branch, database);
    query_latest(mad::format(
        "INSERT INTO mad_migrate.registry (branch, database, organization) VALUES ({}, {}, {})",
        quote_literal(branch.name), quote_literal(database), quote_literal(organization.id)));
    return organization.id;
}

}  // namespace mad::pg
