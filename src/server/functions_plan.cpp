// SQL entry points that say what would run: plan, upgrade_sql, downgrade_sql.
#include "core/target.hpp"
#include "core/text.hpp"
#include "engine/offline.hpp"
#include "server/arguments.hpp"
#include "server/catalog_scripts.hpp"
#include "server/catalog_sections.hpp"
#include "server/migration_call.hpp"
#include "server/result_set.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

/// Heads given by the caller, each by id, label or unique prefix.
Heads given_heads(const RevisionGraph& graph, const std::vector<std::string>& revisions) {
    Heads heads;
    for (const std::string& revision : revisions) {
        for (const mad::Node node : resolve(graph, parse_target(revision))) {
            heads.insert(graph[node].id);
        }
    }
    return heads;
}

/// From the heads given, else those of the database, else those of the branch's first database.
Heads starting_heads(const std::string& branch, const RevisionGraph& graph,
                     const std::optional<std::vector<std::string>>& revisions,
                     const std::optional<std::string>& database) {
    if (revisions) return given_heads(graph, *revisions);
    const std::string name = database ? *database : databases_of(branch, std::nullopt).at(0).name;
    const auto current = current_heads(branch, std::vector<std::string>{name});
    return current.empty() ? Heads{} : current[0].second;
}

std::string offline_sql(FunctionCallInfo fcinfo, Direction direction) {
    const Arguments arguments(fcinfo);
    const Branch branch = load_branch(arguments.text(0, "branch"));
    const OfflineRange range = split_range(arguments.text(1, "target"));
    if (direction == Direction::downgrade && !range.from) {
        throw Failure(
            Code::invalid_target, "an offline downgrade needs a range", {},
            "Say where it starts and ends, as in 'head:base' or '004_results:002_results'.");
    }
    const RevisionGraph graph = load_graph(branch.name);
    const Heads start = range.from ? given_heads(graph, split_list(*range.from)) : Heads{};
    const std::vector<Step> plan = make_plan(graph, start, direction, range.to);
    CatalogScripts scripts(branch.name, settings::environment());
    scripts.prepare(plan);
    return write_offline(plan, scripts,
                         {branch.name, branch.search_path, settings::environment(), kit_sql(),
                          start.empty() && !plan.empty()});
}

void return_plan(ResultSet& results, const std::vector<Step>& plan, Heads heads,
                 const CatalogSections& sections) {
    std::size_t number = 0;
    for (const Step& step : plan) {
        apply(heads, step.rows);
        results.add({std::to_string(++number), step.revision, std::string(name_of(step.direction)),
                     bool_cell(sections.runs_in_transaction(step)), array_cell(step.rows.deletes),
                     array_cell(step.rows.inserts), array_cell(heads)});
    }
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_plan) {
    const Arguments arguments(fcinfo);
    const Branch branch = load_branch(arguments.text(0, "branch"));
    const std::string target = arguments.text(1, "target");
    const Direction direction = direction_named(arguments.text(2, "direction"));
    const RevisionGraph graph = load_graph(branch.name);
    const Heads heads =
        starting_heads(branch.name, graph, arguments.optional_texts(3, "from_revisions"),
                       arguments.optional_text(4));
    const std::vector<Step> plan = make_plan(graph, heads, direction, target);
    ResultSet results(fcinfo);
    return_plan(results, plan, heads, CatalogSections(branch.name, settings::environment()));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_upgrade_sql) {
    return text_datum(offline_sql(fcinfo, Direction::upgrade));
}

MAD_SQL_FUNCTION(mad_migrate_downgrade_sql) {
    return text_datum(offline_sql(fcinfo, Direction::downgrade));
}
