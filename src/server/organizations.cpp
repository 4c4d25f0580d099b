// Organizations: which branch has their databases, and what each is called.
#include "server/organizations.hpp"

#include "core/naming.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "server/identity.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

constexpr const char* usual_branch = "results";

constinit Prepared branches_statement(R"(
SELECT b.branch, b.owner::oid, b.template, b.database_pattern, b.search_path,
       NOT EXISTS (SELECT FROM mad_migrate.control c JOIN pg_database d ON d.oid = c.database
                    WHERE d.datname = current_database())
  FROM mad_migrate.branch b
 WHERE b.template IS NOT NULL AND ($1 IS NULL OR b.branch = $1)
 ORDER BY b.branch COLLATE "C")");

constinit Prepared whose_statement(R"(
SELECT CASE WHEN $1 = current_database() THEN 'the control database'
            WHEN $1 IN ('postgres', 'template0', 'template1') THEN 'the server''s own'
            WHEN $1 ~ '^mad_(pool|dropped)_[0-9]+_' THEN 'kept for spare clones and what was put aside'
            WHEN EXISTS (SELECT FROM mad_migrate.branch b WHERE b.template = $1) THEN 'a branch''s template'
            WHEN EXISTS (SELECT FROM mad_migrate.branch b WHERE b.database = $1) THEN 'a branch''s one database'
       END)");
constinit Prepared lock_statement("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))");

Branch branch_of(const Row& row) {
    Branch branch;
    branch.name = row[0].value();
    branch.owner = static_cast<Oid>(std::stoul(row[1].value()));
    branch.owner_name = role_name(branch.owner);
    branch.database_template = row[2];
    branch.database_pattern = row[3];
    branch.search_path = row[4].value();
    return branch;
}

const Row& choose(const Rows& rows) {
    if (rows.size() == 1) return rows.front();
    std::vector<std::string> names;
    for (const Row& row : rows) {
        if (row[0] == usual_branch) return row;
        names.push_back(row[0].value());
    }
    throw Failure(Code::invalid_parameter, "several branches have databases of organizations",
                  mad::format("They are {}.", join(names, ", ")), "Name the branch.");
}

[[noreturn]] void refuse_branch_of_one(const Branch& branch) {
    throw Failure(Code::invalid_parameter,
                  mad::format("branch \"{}\" has no databases of organizations", branch.name),
                  "It has one database, and no template.",
                  "Name a branch that was created with a template.");
}

void refuse_names_of_our_own(const Organization& organization) {
    const Rows whose = whose_statement({organization.database});
    if (!whose.at(0).at(0)) return;
    throw Failure(
        Code::invalid_identifier,
        mad::format("organization \"{}\" cannot have a database", organization.id),
        mad::format("Its name would be \"{}\", which is {}.", organization.database, *whose[0][0]),
        "Give the organization another id.");
}

}  // namespace

std::vector<std::string> branches_of_many() {
    std::vector<std::string> names;
    for (const Row& row : branches_statement({std::nullopt})) names.push_back(row[0].value());
    return names;
}

std::optional<Branch> find_branch_of_many(const std::optional<std::string>& name) {
    const Rows rows = branches_statement({name});
    if (rows.empty() && name) refuse_branch_of_one(load_branch(*name));
    if (rows.empty()) return std::nullopt;
    Branch branch = branch_of(choose(rows));
    if (rows[0][5] == "t") refuse_if_copied({Database{}});
    return branch;
}

Branch branch_of_many(const std::optional<std::string>& name) {
    std::optional<Branch> branch = find_branch_of_many(name);
    if (branch) return *std::move(branch);
    throw Failure(Code::unknown_branch, "no branch has databases of organizations", {},
                  "Create one: SELECT mad_migrate.create_branch('app', template => "
                  "'app_template', database_pattern => 'app_{org_id}').");
}

Organization organization_named(const Branch& branch, const std::string& id) {
    const std::string key = organization_key(id);
    Organization organization{branch.name, key,
                              organization_database(*branch.database_pattern, key)};
    refuse_names_of_our_own(organization);
    return organization;
}

void lock(const Organization& organization) {
    lock_statement(
        {mad::format("mad_migrate:organization:{}:{}", organization.branch, organization.id)});
}

Organization lock_organization(const Branch& branch, const std::string& id) {
    Organization organization = organization_named(branch, id);
    lock(organization);
    return organization;
}

std::vector<std::string> organizations_databases(const Branch& branch,
                                                 const std::optional<std::string>& id) {
    std::vector<std::string> names;
    for (const Row& row : query(
             mad::format("SELECT database FROM mad_migrate.registry WHERE branch = {} AND kind = "
                         "'organization' AND state = 'ready' {} ORDER BY database COLLATE \"C\"",
                         quote_literal(branch.name),
                         id ? "AND organization = " + quote_literal(organization_key(*id)) : ""))) {
        names.push_back(row[0].value());
    }
    return names;
}

Failure database_gone(const Organization& organization) {
    return Failure(Code::unknown_database,
                   mad::format("database \"{}\" does not exist", organization.database),
                   mad::format("It is registered as that of organization \"{}\".", organization.id),
                   "Restore it, or have it forgotten: SELECT * FROM mad_migrate.reconcile(repair "
                   "=> true).");
}

Failure name_taken(const Organization& organization, bool can_adopt) {
    return Failure(
        Code::duplicate_database,
        mad::format("database \"{}\" already exists", organization.database),
        mad::format("It is not registered as that of organization \"{}\".", organization.id),
        can_adopt
            ? mad::format("Rename or drop it, or register it: SELECT mad_migrate.adopt({}, {}).",
                          quote_literal(organization.branch), quote_literal(organization.database))
            : "Rename or drop it, and run the call again.");
}

}  // namespace mad::pg
