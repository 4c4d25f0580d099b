// SQL entry points that keep branches: create_branch, alter_branch, drop_branch.
#include "core/naming.hpp"
#include "core/quote.hpp"
#include "server/arguments.hpp"
#include "server/branch_owner.hpp"
#include "server/catalog.hpp"
#include "server/identity.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

std::string nullable_literal(const std::optional<std::string>& text) {
    return text ? quote_literal(*text) : std::string("NULL");
}

void check_database_name(const char* parameter, const std::optional<std::string>& name) {
    if (!name || (!name->empty() && name->size() < NAMEDATALEN)) return;
    throw Failure(Code::invalid_parameter, mad::format("invalid {}: \"{}\"", parameter, *name),
                  mad::format("A database's name has 1 to {} bytes.", NAMEDATALEN - 1),
                  "Choose another name.");
}

/// Scripts and registry must stay out of what is cloned.
void check_template(const std::optional<std::string>& database,
                    const std::optional<std::string>& database_template) {
    if (!database_template) return;
    check_database_name("template", database_template);
    if (database) {
        throw Failure(Code::invalid_parameter, "a branch has either one database or a template",
                      mad::format("Given are database \"{}\" and template \"{}\".", *database,
                                  *database_template),
                      "Leave one of them out.");
    }
    const char* const control = call([] { return get_database_name(MyDatabaseId); });
    if (*database_template != control) return;
    throw Failure(
        Code::invalid_parameter, "the control database cannot be a branch's template",
        mad::format("\"{}\" holds the scripts of all branches.", control),
        "Choose another name: the template is created when the branch is first upgraded.");
}

void check_pattern(const std::optional<std::string>& pattern,
                   const std::optional<std::string>& database_template) {
    constexpr std::string_view place = "{org_id}";
    const bool sound = pattern.has_value() == database_template.has_value() &&
                       (!pattern || pattern->find(place) != std::string::npos);
    if (!sound) {
        throw Failure(
            Code::invalid_parameter, "template and database_pattern do not fit each other",
            "A branch of many databases has both, and the pattern has {org_id} in it.",
            "For example: template => 'app_template', database_pattern => 'app_{org_id}'.");
    }
    if (!pattern || pattern->size() - place.size() + 1 < NAMEDATALEN) return;
    throw Failure(
        Code::invalid_parameter, mad::format("database_pattern \"{}\" is too long", *pattern),
        mad::format("A database's name has 1 to {} bytes, those of the organization included.",
                    NAMEDATALEN - 1),
        "Shorten it.");
}

/// One creation or change at a time, for they are compared with each other.
void lock_branches() {
    query("LOCK TABLE mad_migrate.branch IN SHARE ROW EXCLUSIVE MODE");
}

std::string describe_use(const Row& row) {
    const std::string& kind = row[1].value();
    const std::string_view use = kind == "main"       ? "the database"
                                 : kind == "template" ? "the template"
                                 : kind == "pooled"   ? "a spare clone"
                                                      : "an organization's database";
    return mad::format("It is {} of branch \"{}\".", use, row[0].value());
}

/// Where a branch has one of these kinds of database under that name.
void refuse_taken(std::string_view parameter, const std::optional<std::string>& database,
                  const std::vector<std::string>& kinds, std::string hint) {
    if (!database) return;
    const Rows rows = query_latest(mad::format(
        "SELECT branch, kind FROM mad_migrate.databases WHERE database = {} AND kind = ANY ({}) "
        "ORDER BY branch COLLATE \"C\" LIMIT 1",
        quote_literal(*database), quote_array(kinds)));
    if (rows.empty()) return;
    throw Failure(Code::invalid_parameter,
                  mad::format("{} \"{}\" belongs to another branch", parameter, *database),
                  describe_use(rows[0]), std::move(hint));
}

/// A template takes no connections, is nobody else's to migrate, and its clones come and go; an
/// organization's database is put aside and renamed. What is none of these, branches may share:
/// each has a version table of its own there.
void refuse_taken_databases(const std::optional<std::string>& database,
                            const std::optional<std::string>& database_template) {
    refuse_taken("database", database, {"template", "pooled", "organization"},
                 "Name another database, or leave it out: the branch is then one of the control "
                 "database.");
    refuse_taken("template", database_template, {"template", "pooled", "main", "organization"},
                 "Name a template of its own: it is created when the branch is first upgraded.");
}

void refuse_taken_pattern(const std::string& branch, const std::optional<std::string>& pattern) {
    if (!pattern) return;
    const Rows rows = query_latest(
        mad::format("SELECT branch FROM mad_migrate.branch WHERE branch <> {} AND database_pattern "
                    "= {} ORDER BY branch COLLATE \"C\" LIMIT 1",
                    quote_literal(branch), quote_literal(*pattern)));
    if (rows.empty()) return;
    throw Failure(Code::invalid_parameter,
                  mad::format("database_pattern \"{}\" belongs to another branch", *pattern),
                  mad::format("It is that of branch \"{}\": an organization's databases of both "
                              "branches would have one name.",
                              rows[0][0].value()),
                  mad::format("Give each branch one of its own, such as '{}_{{org_id}}'.", branch));
}

void check_search_path(const std::optional<std::string>& search_path) {
    if (!search_path) return;
    const char* const text = search_path->c_str();
    const bool is_list = call([&] {
        List* names = NIL;
        return SplitIdentifierString(pstrdup(text), ',', &names);
    });
    if (is_list) return;
    throw Failure(Code::invalid_parameter, mad::format("invalid search_path: \"{}\"", *search_path),
                  "It is no list of schema names with commas between them.",
                  "Write it as for SET search_path, with quotes around names that need them, such "
                  "as 'app, \"My Schema\"'.");
}

Oid owner_for(const std::optional<std::string>& name) {
    const Oid owner = name ? role_named(*name) : GetUserId();
    require_owner(owner);
    return owner;
}

/// What an owner who is no superuser needs: to write the version setting, the scripts' helpers, and
/// the trigger that a script puts on a table of organizations.
void grant_to_owner(const std::string& branch, Oid owner) {
    if (call([&] { return superuser_arg(owner); })) return;
    const std::string role = role_name(owner);
    query(mad::format("GRANT SET ON PARAMETER mad_revision.{} TO {}", quote_identifier(branch),
                      quote_identifier(role)));
    query(mad::format("SELECT mad_migrate.grant_helpers({})", quote_literal(role)));
    query(mad::format("GRANT EXECUTE ON FUNCTION mad_migrate.provision_on_insert TO {}",
                      quote_identifier(role)));
}

void refuse_existing(const std::string& branch) {
    const Rows rows = query(
        mad::format("SELECT FROM mad_migrate.branch WHERE branch = {}", quote_literal(branch)));
    if (rows.empty()) return;
    throw Failure(Code::duplicate_branch, mad::format("branch \"{}\" already exists", branch), {},
                  "Change it with mad_migrate.alter_branch, or choose another name.");
}

std::string assignment(const char* column, const std::optional<std::string>& value) {
    return value ? mad::format(", {} = {}", column, quote_literal(*value)) : std::string();
}

/// They would be forgotten, and the spare clones among them never dropped.
void refuse_with_databases(const std::string& branch) {
    const Rows rows = query(
        mad::format("SELECT count(*), min(r.database) FROM mad_migrate.registry r JOIN pg_database "
                    "d ON d.datname = r.database WHERE r.branch = {}",
                    quote_literal(branch)));
    if (rows[0][0] == "0") return;
    throw Failure(
        Code::branch_in_use,
        mad::format("branch \"{}\" cannot be dropped: it has databases", branch),
        mad::format("There are {}, the first is \"{}\".", rows[0][0].value(), rows[0][1].value()),
        mad::format("Drop the spare ones with SELECT mad_migrate.fill_pool({}, 0), and deprovision "
                    "the organizations with grace => '0', or drop their databases.",
                    quote_literal(branch)));
}

/// Once its organizations have no databases any more, that is its one database or its template.
void refuse_applied(const Branch& branch) {
    for (const Database& database : databases_of(branch.name, std::nullopt)) {
        const Heads heads = database.is_control ? own_heads(branch.name) : database.revisions;
        if (heads.empty()) continue;
        throw Failure(
            Code::branch_in_use,
            mad::format("branch \"{}\" cannot be dropped: it is applied", branch.name),
            say_where_applied({database.name}),
            database.kind == "template"
                ? mad::format("Drop its template: DROP DATABASE {}.",
                              quote_identifier(database.name))
                : mad::format("Downgrade it to base first, or forget what is applied with "
                              "mad_migrate.stamp({}, 'base').",
                              quote_literal(branch.name)));
    }
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_create_branch) {
    const Arguments arguments(fcinfo);
    const std::string branch = arguments.text(0, "branch");
    const std::optional<std::string> database = arguments.optional_text(1);
    const std::optional<std::string> database_template = arguments.optional_text(2);
    const std::optional<std::string> pattern = arguments.optional_text(3);
    const std::string search_path = arguments.text(5, "search_path");
    check_branch_name(branch);
    check_database_name("database", database);
    check_template(database, database_template);
    check_pattern(pattern, database_template);
    check_search_path(search_path);
    const Oid owner = owner_for(arguments.optional_text(4));
    lock_branches();
    refuse_existing(branch);
    refuse_taken_databases(database, database_template);
    refuse_taken_pattern(branch, pattern);
    query(mad::format(
        "INSERT INTO mad_migrate.branch (branch, owner, database, template, database_pattern, "
        "search_path, shipped) VALUES ({}, {}, {}, {}, {}, {}, {})",
        quote_literal(branch), owner, nullable_literal(database),
        nullable_literal(database_template), nullable_literal(pattern), quote_literal(search_path),
        creating_extension));
    grant_to_owner(branch, owner);
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_alter_branch) {
    const Arguments arguments(fcinfo);
    const std::string name = arguments.text(0, "branch");
    lock_branches();
    const Branch branch = load_branch(name);
    require_owner(branch.owner);
    const std::optional<std::string> owner_name = arguments.optional_text(1);
    const std::optional<std::string> search_path = arguments.optional_text(2);
    const std::optional<std::string> pattern = arguments.optional_text(3);
    check_search_path(search_path);
    if (pattern) {
        check_pattern(pattern, branch.database_template);
        refuse_taken_pattern(branch.name, pattern);
    }
    std::string changes;
    if (owner_name) {
        const Oid owner = owner_for(owner_name);
        grant_to_owner(branch.name, owner);
        hand_over_databases(branch, owner);
        changes += mad::format(", owner = {}", owner);
    }
    changes += assignment("search_path", search_path);
    changes += assignment("database_pattern", pattern);
    if (changes.empty()) return Datum{};
    query(mad::format("UPDATE mad_migrate.branch SET shipped = false{} WHERE branch = {}", changes,
                      quote_literal(branch.name)));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_drop_branch) {
    const Branch branch = load_branch(Arguments(fcinfo).text(0, "branch"));
    require_owner(branch.owner);
    lock_scripts_for_editing();
    refuse_with_databases(branch.name);
    refuse_applied(branch);
    query(
        mad::format("DELETE FROM mad_migrate.job WHERE branch = {0};"
                    "DELETE FROM mad_migrate.registry WHERE branch = {0};"
                    "DELETE FROM mad_migrate.branch WHERE branch = {0}",
                    quote_literal(branch.name)));
    return Datum{};
}
