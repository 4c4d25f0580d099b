// Organizations: which branch has their databases, and what each is called.
#include "server/organizations.hpp"

#include "core/naming.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

constexpr const char* usual_branch = "results";

std::optional<std::string> choose(const std::vector<std::string>& names) {
    if (names.empty()) return std::nullopt;
    if (names.size() == 1) return names.front();
    if (std::find(names.begin(), names.end(), usual_branch) != names.end()) return usual_branch;
    throw Failure(Code::invalid_parameter, "several branches have databases of organizations",
                  fmt::format("They are {}.", join(names, ", ")), "Name the branch.");
}

void refuse_branch_of_one(const Branch& branch) {
    if (branch.database_template) return;
    throw Failure(Code::invalid_parameter,
                  fmt::format("branch \"{}\" has no databases of organizations", branch.name),
                  "It has one database, and no template.",
                  "Name a branch that was created with a template.");
}

void refuse_names_of_our_own(const Branch& branch, const Organization& organization) {
    if (organization.database != *branch.database_template) return;
    throw Failure(Code::invalid_identifier,
                  fmt::format("organization \"{}\" cannot have a database", organization.id),
                  fmt::format("Its name would be that of the branch's template, \"{}\".",
                              organization.database),
                  "Give the organization another id.");
}

}  // namespace

std::vector<std::string> branches_of_many() {
    std::vector<std::string> names;
    for (const Row& row :
         query("SELECT branch FROM mad_migrate.branch WHERE template IS NOT NULL ORDER BY branch "
               "COLLATE \"C\"")) {
        names.push_back(row[0].value());
    }
    return names;
}

std::optional<Branch> find_branch_of_many(const std::optional<std::string>& name) {
    const std::optional<std::string> chosen = name ? name : choose(branches_of_many());
    if (!chosen) return std::nullopt;
    Branch branch = load_branch(*chosen);
    refuse_branch_of_one(branch);
    refuse_if_copied({Database{}});
    return branch;
}

Branch branch_of_many(const std::optional<std::string>& name) {
    std::optional<Branch> branch = find_branch_of_many(name);
    if (branch) return *std::move(branch);
    throw Failure(Code::unknown_branch, "no branch has databases of organizations", {},
                  "Create one: SELECT mad_migrate.create_branch('app', template => "
                  "'app_template', database_pattern => 'app_{org_id}').");
}

Organization lock_organization(const Branch& branch, const std::string& id) {
    const std::string key = organization_key(id);
    Organization organization{branch.name, key,
                              organization_database(*branch.database_pattern, key)};
    refuse_names_of_our_own(branch, organization);
    query(fmt::format(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended({}, 0))",
        quote_literal(fmt::format("mad_migrate:organization:{}:{}", branch.name, key))));
    return organization;
}

std::vector<std::string> organizations_databases(const Branch& branch,
                                                 const std::optional<std::string>& id) {
    std::vector<std::string> names;
    for (const Row& row : query(
             fmt::format("SELECT database FROM mad_migrate.registry WHERE branch = {} AND kind = "
                         "'organization' AND state = 'ready' {} ORDER BY database COLLATE \"C\"",
                         quote_literal(branch.name),
                         id ? "AND organization = " + quote_literal(organization_key(*id)) : ""))) {
        names.push_back(row[0].value());
    }
    return names;
}

Failure database_gone(const Organization& organization) {
    return Failure(Code::unknown_database,
                   fmt::format("database \"{}\" does not exist", organization.database),
                   fmt::format("It is registered as that of organization \"{}\".", organization.id),
                   "Restore it, or have it forgotten: SELECT * FROM mad_migrate.reconcile(repair "
                   "=> true).");
}

Failure name_taken(const Organization& organization) {
    return Failure(
        Code::duplicate_database,
        fmt::format("database \"{}\" already exists", organization.database),
        fmt::format("It is not registered as that of organization \"{}\".", organization.id),
        fmt::format("Rename or drop it, or register it: SELECT mad_migrate.adopt({}, {}).",
                    quote_literal(organization.branch), quote_literal(organization.database)));
}

}  // namespace mad::pg
