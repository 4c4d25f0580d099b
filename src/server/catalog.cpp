// Our own tables: branches, scripts, databases.
#include "server/catalog.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/naming.hpp"
#include "core/quote.hpp"
#include "core/similar.hpp"
#include "core/text.hpp"
#include "engine/kit.hpp"
#include "server/identity.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

constinit Prepared writer_statement("SELECT xmin::text FROM mad_migrate.branch WHERE branch = $1");

[[noreturn]] void refuse_unknown_branch(const std::string& name) {
    const Rows rows = query("SELECT branch FROM mad_migrate.branch ORDER BY branch COLLATE \"C\"");
    std::vector<std::string_view> names;
    std::vector<std::string> quoted;
    for (const Row& row : rows) {
        names.push_back(*row[0]);
        quoted.push_back(mad::format("\"{}\"", *row[0]));
    }
    throw Failure(Code::unknown_branch, mad::format("branch \"{}\" does not exist", name),
                  mad::format("Known branches: {}.", quoted.empty() ? "none" : join(quoted, ", ")),
                  perhaps_meant(name, names,
                                mad::format("Create it with SELECT mad_migrate.create_branch({}).",
                                            quote_literal(name))));
}

/// A shell pattern as a LIKE pattern with `\` as its escape.
std::string like_pattern(std::string_view glob) {
    std::string pattern;
    for (const char c : glob) {
        if (c == '*') {
            pattern += '%';
        } else if (c == '?') {
            pattern += '_';
        } else {
            if (c == '%' || c == '_' || c == '\\') pattern += '\\';
            pattern += c;
        }
    }
    return pattern;
}

Database database_of(const Row& row) {
    return {row[0].value(),   row[1].value(), row[2].value_or(""), row[3] == "t",
            heads_of(row[4]), row[5] == "t",  row[6].value_or("")};
}

std::vector<Database> query_databases(const std::string& branch, const std::string& condition) {
    const Rows rows = query_latest(mad::format(
        R"(SELECT database, kind, organization, present, array_to_string(revisions, ','),
                  kind = 'main' AND database = current_database(), server
             FROM mad_migrate.databases
            WHERE branch = {} AND ({})
            ORDER BY kind IN ('main', 'template') DESC, database COLLATE "C")",
        quote_literal(branch), condition));
    std::vector<Database> databases;
    databases.reserve(rows.size());
    std::transform(rows.begin(), rows.end(), std::back_inserter(databases), database_of);
    return databases;
}

bool is_glob(std::string_view pattern) {
    return pattern.find_first_of("*?") != std::string_view::npos;
}

[[noreturn]] void refuse_unmatched(const std::string& branch, const std::string& pattern) {
    throw Failure(Code::unknown_database,
                  mad::format("branch \"{}\" has no database \"{}\"", branch, pattern), {},
                  "See the branch's databases with SELECT * FROM mad_migrate.databases.");
}

std::string matches_glob(const std::string& branch, const std::string& glob) {
    std::string condition = "database LIKE " + quote_literal(like_pattern(glob));
    if (query_databases(branch, condition).empty()) refuse_unmatched(branch, glob);
    return condition;
}

void refuse_missing(const std::string& branch, const std::vector<std::string>& names,
                    const std::vector<Database>& databases) {
    std::set<std::string_view> found;
    for (const Database& database : databases) found.insert(database.name);
    for (const std::string& name : names) {
        if (!found.contains(name)) refuse_unmatched(branch, name);
    }
}

}  // namespace

std::string downgrade_call(const Branch& branch, const std::string& target) {
    return mad::format("mad_migrate.downgrade({}, {}{})", quote_literal(branch.name),
                       quote_literal(target),
                       branch.database_template ? ", databases => '{*}'" : "");
}

std::vector<std::string> items_of(const std::optional<std::string>& joined) {
    return split(joined.value_or(""), ',');
}

Branch load_branch(const std::string& name) {
    const Rows rows = query(
        mad::format("SELECT owner::oid, database, template, search_path, database_pattern FROM "
                    "mad_migrate.branch WHERE branch = {}",
                    quote_literal(name)));
    if (rows.empty()) refuse_unknown_branch(name);
    const Row& row = rows[0];
    Branch branch;
    branch.name = name;
    branch.owner = static_cast<Oid>(std::stoul(row[0].value()));
    branch.owner_name = role_name(branch.owner);
    branch.database = row[1];
    branch.database_template = row[2];
    branch.search_path = row[3].value();
    branch.database_pattern = row[4];
    return branch;
}

RevisionGraph load_graph(const std::string& branch) {
    const Rows rows = query(mad::format(
        R"(SELECT revision, array_to_string(down_revisions, ','), array_to_string(depends_on, ','),
                  array_to_string(labels, ',')
             FROM mad_migrate.script
            WHERE branch = {}
            ORDER BY filename COLLATE "C", revision COLLATE "C")",
        quote_literal(branch)));
    std::vector<Revision> revisions;
    revisions.reserve(rows.size());
    for (const Row& row : rows) {
        revisions.push_back({row[0].value(), items_of(row[1]), items_of(row[2]), items_of(row[3])});
    }
    return RevisionGraph(std::move(revisions));
}

bool takes_connections(const Database& database) {
    return database.kind != "template" && database.kind != "pooled";
}

std::vector<Database> databases_of(const std::string& branch,
                                   const std::optional<std::vector<std::string>>& patterns) {
    if (!patterns) return query_databases(branch, "true");
    std::vector<std::string> names;
    std::string condition;
    for (const std::string& pattern : *patterns) {
        if (is_glob(pattern)) {
            condition += matches_glob(branch, pattern) + " OR ";
        } else {
            names.push_back(pattern);
        }
    }
    condition += mad::format("database = ANY ({})", quote_array(names));
    std::vector<Database> databases = query_databases(branch, condition);
    refuse_missing(branch, names, databases);
    return databases;
}

void hold_scripts() {
    query("LOCK TABLE mad_migrate.script IN ROW SHARE MODE");
}

HeldScripts::HeldScripts() {
    const Rows rows = query("SELECT 'mad_migrate.script'::regclass::oid");
    lock_ = {static_cast<Oid>(std::stoul(rows[0][0].value())), MyDatabaseId};
    call([this] { LockRelationIdForSession(&lock_, RowShareLock); });
}

HeldScripts::~HeldScripts() {
    contain([this] { call([this] { UnlockRelationIdForSession(&lock_, RowShareLock); }); });
}

void lock_scripts_for_editing() {
    query("LOCK TABLE mad_migrate.script IN EXCLUSIVE MODE");
}

void refuse_uncommitted_branch(const Branch& branch) {
    if (!is_own_transaction(writer_statement({branch.name}).at(0).at(0).value())) return;
    throw Failure(
        Code::active_transaction,
        mad::format("branch \"{}\" was created or altered in this transaction", branch.name),
        "Other sessions, which move and clone its databases, cannot see that yet.",
        "COMMIT first, and run the call again.");
}

void refuse_if_copied(const std::vector<Database>& databases) {
    if (std::ranges::all_of(databases, &Database::is_control)) return;
    const Rows rows = query(
        "SELECT current_database(), original.datname FROM mad_migrate.control c LEFT JOIN "
        "pg_database original ON original.oid = c.database WHERE original.datname IS DISTINCT "
        "FROM current_database()");
    if (rows.empty()) return;
    throw Failure(
        Code::copied_control,
        mad::format("database \"{}\" is a copy of a control database", rows[0][0].value()),
        rows[0][1]
            ? mad::format("Its original \"{}\" moves the branches' other databases.", *rows[0][1])
            : "Its original is gone.",
        "Make the call there, or let this database take its original's place with SELECT "
        "mad_migrate.take_over().");
}

Heads own_heads(const std::string& branch) {
    const Rows found = query(mad::format("SELECT to_regclass({})",
                                         quote_literal("mad_migrate." + version_table(branch))));
    if (!found[0][0]) return {};
    return heads_of(query(mad::format("SELECT string_agg(version_num, ',') FROM mad_migrate.{}",
                                      quote_identifier(version_table(branch))))[0][0]);
}

std::vector<std::string> databases_with(const std::string& branch, const RevisionGraph& graph,
                                        std::string_view revision) {
    const std::optional<mad::Node> node = graph.find(revision);
    std::vector<std::string> names;
    if (!node) return names;
    const std::array<mad::Node, 1> self{*node};
    const NodeSet later = descendants(graph, self);
    for (const Database& database : databases_of(branch, std::nullopt)) {
        const Heads heads = database.is_control ? own_heads(branch) : database.revisions;
        const bool applied = std::any_of(heads.begin(), heads.end(), [&](const std::string& head) {
            const std::optional<mad::Node> at = graph.find(head);
            return at && later[*at];
        });
        if (applied) names.push_back(database.name);
    }
    return names;
}

std::string say_where_applied(const std::vector<std::string>& databases) {
    if (databases.size() == 1) {
        return mad::format("It is applied in database \"{}\".", databases.front());
    }
    return mad::format("It is applied in {} databases, the first is \"{}\".", databases.size(),
                       databases.front());
}

}  // namespace mad::pg
