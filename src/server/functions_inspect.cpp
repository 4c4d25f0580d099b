// SQL entry points that look: current, heads, branch_points, history, show, history_graph, status.
#include <algorithm>
#include <map>
#include <set>

#include "core/history.hpp"
#include "core/quote.hpp"
#include "core/target.hpp"
#include "core/text.hpp"
#include "server/arguments.hpp"
#include "server/migration_call.hpp"
#include "server/result_set.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// The version rows of the branch's main database, or its template, as the control database knows
/// them.
Heads known_heads(const std::string& branch) {
    const Database first = databases_of(branch, std::nullopt).at(0);
    return first.is_control ? own_heads(branch) : first.revisions;
}

/// Scripts can be looked at whatever else the version table names.
Heads heads_with_script(const RevisionGraph& graph, const std::string& branch) {
    Heads heads = known_heads(branch);
    std::erase_if(heads, [&](const std::string& head) { return !graph.find(head); });
    return heads;
}

struct Details {
    std::string message;
    Cell created_at;
};

std::map<std::string, Details> load_details(const std::string& branch) {
    std::map<std::string, Details> details;
    for (const Row& row : query(mad::format(
             "SELECT revision, message, created_at FROM mad_migrate.script WHERE branch = {}",
             quote_literal(branch)))) {
        details.emplace(row[0].value(), Details{row[1].value(), row[2]});
    }
    return details;
}

std::vector<std::string> ids_of(const RevisionGraph& graph, std::span<const mad::Node> nodes) {
    std::vector<std::string> ids;
    for (const mad::Node node : nodes) ids.push_back(graph[node].id);
    return ids;
}

/// One row per node, in the shape that heads, branch_points, history and show share.
void return_revisions(FunctionCallInfo fcinfo, const std::string& branch,
                      const RevisionGraph& graph, const std::vector<mad::Node>& nodes) {
    const std::map<std::string, Details> details = load_details(branch);
    const std::vector<mad::Node> tips = current_tips(graph, heads_with_script(graph, branch));
    ResultSet results(fcinfo);
    for (const mad::Node node : nodes) {
        const Revision& revision = graph[node];
        const Details& known = details.at(revision.id);
        results.add(
            {revision.id, array_cell(ids_of(graph, graph.down_revisions(node))),
             array_cell(ids_of(graph, graph.dependencies(node))),
             array_cell(graph.shown_labels(node)), known.message, bool_cell(graph.is_head(node)),
             bool_cell(std::find(tips.begin(), tips.end(), node) != tips.end()), known.created_at});
    }
}

std::vector<mad::Node> branch_points(const RevisionGraph& graph) {
    std::vector<mad::Node> nodes;
    for (mad::Node node = 0; node < graph.size(); ++node) {
        if (graph.is_branch_point(node)) nodes.push_back(node);
    }
    return nodes;
}

std::vector<mad::Node> shown_nodes(const RevisionGraph& graph, const std::string& branch,
                                   const std::string& identifier) {
    if (identifier == "current") return current_tips(graph, known_heads(branch));
    return resolve(graph, parse_target(identifier));
}

std::string draw(const std::string& branch, const std::string& format) {
    const RevisionGraph graph = load_graph(branch);
    const std::map<std::string, Details> details = load_details(branch);
    GraphLabels labels{{}, known_heads(branch)};
    for (mad::Node node = 0; node < graph.size(); ++node) {
        labels.messages.push_back(details.at(graph[node].id).message);
    }
    if (format == "text") return draw_text(graph, labels);
    if (format == "dot") return draw_dot(graph, labels);
    if (format == "mermaid") return draw_mermaid(graph, labels);
    throw Failure(Code::invalid_parameter, mad::format("unknown graph format \"{}\"", format), {},
                  "Use 'text', 'dot' or 'mermaid'.");
}

/// What the shared catalog says, in one word. Revisions that have no script here are not counted.
std::string state_of(const RevisionGraph& graph, const Heads& heads,
                     std::optional<std::size_t>& pending) {
    const bool known = std::all_of(heads.begin(), heads.end(), [&](const std::string& head) {
        return graph.find(head).has_value();
    });
    if (!known) return "unknown revision";
    pending = count_pending(graph, heads);
    return *pending == 0 ? "up to date" : "behind";
}

/// Databases of which a script that is committed statement by statement was begun once: few.
std::set<std::string> databases_begun() {
    std::set<std::string> names;
    for (Row& row : query("SELECT DISTINCT database FROM mad_migrate.run_database_entry "
                          "WHERE standstill IS NOT NULL")) {
        names.insert(std::move(row[0]).value());
    }
    return names;
}

/// What the ledger last said of databases, each with its heads, unless they were moved since, or
/// the script that failed was removed, or an earlier database of that name is meant. A target that
/// could not be reached is no trouble of a database's.
std::map<std::string, Row> last_troubles(const std::string& branch,
                                         const std::map<std::string, std::string>& databases) {
    std::map<std::string, Row> troubles;
    if (databases.empty()) return troubles;
    std::vector<std::string> names;
    std::vector<std::string> heads;
    for (const auto& [name, joined] : databases) {
        names.push_back(name);
        heads.push_back(joined);
    }
    for (
        Row& row : query(mad::format(
            R"sql(SELECT d.name, CASE last.status WHEN 'running' THEN 'partial' ELSE last.status END,
                       concat_ws(': ', coalesce(last.standstill, 'revision ' || last.revision), CASE last.status WHEN 'running' THEN 'the run was interrupted'
                                                        ELSE last.message END)
                  FROM unnest({}, {}) d (name, heads)
                 CROSS JOIN LATERAL (
                        SELECT e.run, e.status, e.standstill, e.message, e.to_revisions,
                               substring(e.context FROM 'of revision "(.*)", branch "') AS revision
                          FROM mad_migrate.run_database_entry e
                          JOIN mad_migrate.run_entry r ON r.run = e.run
                         WHERE e.database = d.name AND r.branch = {} AND NOT r.dry_run
                           AND NOT EXISTS (SELECT FROM mad_migrate.registry g
                                            WHERE g.branch = r.branch AND g.database = d.name AND g.created_at > e.started_at)
                           AND coalesce(e.sqlstate, '') NOT BETWEEN 'MM002' AND 'MM008'
                           AND (e.status <> 'running' OR e.standstill IS NOT NULL)
                         ORDER BY e.run DESC LIMIT 1) last
                 WHERE (last.status IN ('partial', 'failed')
                        OR last.status = 'running' AND last.run NOT IN (SELECT a.run FROM mad_migrate.living_run a))
                   AND coalesce(array_to_string(last.to_revisions, ',') = d.heads, true)
                   AND (last.revision IS NULL
                        OR EXISTS (SELECT FROM mad_migrate.script s
                                    WHERE s.branch = {} AND s.revision = last.revision)))sql",
            quote_array(names), quote_array(heads), quote_literal(branch),
            quote_literal(branch)))) {
        std::string name = row[0].value();
        troubles.emplace(std::move(name), std::move(row));
    }
    return troubles;
}

/// States are judged once for each place that databases are at.
class States {
 public:
    explicit States(const RevisionGraph& graph) : graph_(graph) {}

    std::pair<std::string, std::optional<std::size_t>> of(const Database& database,
                                                          const Heads& heads) {
        if (!database.present) return {"absent", std::nullopt};
        const auto [seen, is_new] = seen_.try_emplace(heads);
        if (is_new) seen->second.first = state_of(graph_, heads, seen->second.second);
        return seen->second;
    }

 private:
    const RevisionGraph& graph_;
    std::map<Heads, std::pair<std::string, std::optional<std::size_t>>> seen_;
};

void add_status(ResultSet& results, const std::string& branch) {
    const RevisionGraph graph = load_graph(branch);
    States states(graph);
    const std::vector<Database> databases = databases_of(branch, std::nullopt);
    std::vector<Row> rows;
    std::map<std::string, std::string> doubtful;
    const std::set<std::string> begun = databases_begun();
    for (const Database& database : databases) {
        const Heads heads = database.is_control ? own_heads(branch) : database.revisions;
        const auto [state, pending] = states.of(database, heads);
        // A downgrade may be half-way although the version is still the one before.
        if (state == "behind" || (state == "up to date" && begun.contains(database.name)))
            doubtful.emplace(database.name,
                             join(std::vector<std::string>(heads.begin(), heads.end()), ","));
        rows.push_back({branch, database.name, database.kind, array_cell(heads), state,
                        pending ? Cell(std::to_string(*pending)) : Cell(), Cell()});
    }
    const std::map<std::string, Row> troubles = last_troubles(branch, doubtful);
    for (Row& row : rows) {
        const auto trouble = troubles.find(row[1].value());
        if (trouble != troubles.end() && (row[4] == "behind" || trouble->second[1] == "partial")) {
            row[4] = trouble->second[1];
            row[6] = trouble->second[2];
        }
        results.add(row);
    }
}

std::vector<std::string> branches_asked(const std::optional<std::string>& branch) {
    if (branch) return {load_branch(*branch).name};
    std::vector<std::string> names;
    for (const Row& row :
         query("SELECT branch FROM mad_migrate.branch ORDER BY created_at, branch COLLATE \"C\"")) {
        names.push_back(row[0].value());
    }
    return names;
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_current) {
    const Arguments arguments(fcinfo);
    const std::string branch = arguments.text(0, "branch");
    const auto databases = current_heads(branch, arguments.optional_texts(1, "databases"));
    const RevisionGraph graph = load_graph(branch);
    ResultSet results(fcinfo);
    for (const auto& [database, heads] : databases) {
        for (const mad::Node node : current_tips(graph, heads)) {
            results.add({database, graph[node].id, bool_cell(graph.is_head(node))});
        }
    }
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_heads) {
    const std::string branch = load_branch(Arguments(fcinfo).text(0, "branch")).name;
    const RevisionGraph graph = load_graph(branch);
    return_revisions(fcinfo, branch, graph, graph.heads());
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_branch_points) {
    const std::string branch = load_branch(Arguments(fcinfo).text(0, "branch")).name;
    const RevisionGraph graph = load_graph(branch);
    return_revisions(fcinfo, branch, graph, branch_points(graph));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_history) {
    const Arguments arguments(fcinfo);
    const std::string branch = load_branch(arguments.text(0, "branch")).name;
    const RevisionGraph graph = load_graph(branch);
    const std::string range = arguments.optional_text(1).value_or("");
    return_revisions(fcinfo, branch, graph, history_range(graph, known_heads(branch), range));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_show) {
    const Arguments arguments(fcinfo);
    const std::string branch = load_branch(arguments.text(0, "branch")).name;
    const RevisionGraph graph = load_graph(branch);
    return_revisions(fcinfo, branch, graph,
                     shown_nodes(graph, branch, arguments.text(1, "revision")));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_history_graph) {
    const Arguments arguments(fcinfo);
    return text_datum(
        draw(load_branch(arguments.text(0, "branch")).name, arguments.text(1, "format")));
}

MAD_SQL_FUNCTION(mad_migrate_status) {
    const std::optional<std::string> branch = Arguments(fcinfo).optional_text(0);
    ResultSet results(fcinfo);
    for (const std::string& name : branches_asked(branch)) add_status(results, name);
    return Datum{};
}
