// Scripts on their way into the catalog and out of it: each checked alone, then all judged as one
// graph.
#include "server/script_store.hpp"

#include <algorithm>
#include <set>

#include "core/naming.hpp"
#include "core/quote.hpp"
#include "core/target.hpp"
#include "core/text.hpp"
#include "engine/partial_step.hpp"
#include "server/catalog.hpp"
#include "server/identity.hpp"
#include "server/parser.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// One addition or removal at a time: the graph is judged as a whole.
void lock_scripts() {
    query("LOCK TABLE mad_migrate.script IN SHARE ROW EXCLUSIVE MODE");
}

std::vector<std::string> section_names(const Script& script) {
    std::vector<std::string> names;
    names.reserve(script.sections.size());
    for (const Section& section : script.sections) names.push_back(section.name());
    return names;
}

std::vector<std::string> requirement_texts(const Script& script) {
    std::vector<std::string> texts;
    texts.reserve(script.requirements.size());
    for (const Requirement& requirement : script.requirements) {
        texts.push_back(requirement.branch + "@" + requirement.revision);
    }
    return texts;
}

void refuse_twice_in_one_set(const std::vector<IncomingScript>& scripts) {
    std::map<std::string_view, std::string_view> seen;
    for (const IncomingScript& incoming : scripts) {
        const auto [first, added] = seen.emplace(incoming.script.revision.id, incoming.filename);
        if (added) continue;
        throw Failure(Code::duplicate_revision,
                      mad::format("revision \"{}\" is present more than once", first->first),
                      mad::format("Scripts \"{}\" and \"{}\" both have it.", first->second,
                                  incoming.filename),
                      "Give one of them another Revision ID.");
    }
}

struct Stored {
    std::string filename;
    std::string text;
};

std::map<std::string, Stored> stored_scripts(const std::string& branch,
                                             const std::vector<IncomingScript>& scripts) {
    std::vector<std::string> ids;
    ids.reserve(scripts.size());
    for (const IncomingScript& incoming : scripts) ids.push_back(incoming.script.revision.id);
    std::map<std::string, Stored> stored;
    for (const Row& row :
         query(mad::format("SELECT revision, filename, script FROM mad_migrate.script WHERE branch "
                           "= {} AND revision = ANY ({})",
                           quote_literal(branch), quote_array(ids)))) {
        stored.emplace(row[0].value(), Stored{row[1].value(), row[2].value()});
    }
    return stored;
}

/// Scripts that are there already, to the letter, fall away; what remains must be free to change.
std::vector<IncomingScript> keep_changes(std::vector<IncomingScript> scripts,
                                         const std::map<std::string, Stored>& stored) {
    std::erase_if(scripts, [&](const IncomingScript& incoming) {
        const auto found = stored.find(incoming.script.revision.id);
        return found != stored.end() && found->second.text == incoming.text &&
               found->second.filename == incoming.filename;
    });
    return scripts;
}

/// Where an upgrade stopped in the middle of a revision, so that the version is still the one
/// before: of the control database its history tells it, of others the last run that moved them or
/// tried. Runs that never came to look at a database say nothing of it. What is put aside has its
/// former name there, and can be brought back.
Rows half_way_through(const std::string& branch, const std::string& revision) {
    return query_latest(mad::format(
        R"sql(SELECT current_database(), format('statement %s of %s', h.statements_done + 1, h.statements), h.statements_done > 0
  FROM mad_migrate.history h
 WHERE h.branch = {branch} AND h.revision = {revision} AND h.direction = 'upgrade' AND h.finished_at IS NULL
UNION ALL
SELECT d.database, left(last.standstill, -length(' of revision ' || {revision})),
       NOT starts_with(last.standstill, 'statement 1 of ')
  FROM (SELECT p.branch, p.database, p.kind, p.present, p.revisions FROM mad_migrate.databases p
        UNION ALL
        SELECT g.branch, g.former_name, g.kind, true,
               string_to_array(mad_migrate.published_version(g.database, g.branch), ',')
          FROM mad_migrate.registry g WHERE g.state = 'deprovisioned') d
 CROSS JOIN LATERAL (
        SELECT e.status, e.standstill, coalesce(e.to_revisions, '{{}}') AS revisions
          FROM mad_migrate.run_database_entry e
          JOIN mad_migrate.run_entry r ON r.run = e.run
         WHERE e.database = d.database AND r.branch = d.branch AND NOT r.dry_run
           AND NOT EXISTS (SELECT FROM mad_migrate.registry g
                            WHERE g.branch = d.branch AND g.database = d.database AND g.created_at > e.started_at)
           AND (e.status IN ('partial', 'upgraded', 'downgraded', 'stamped')
                OR e.status = 'running' AND e.standstill IS NOT NULL
                OR r.direction = 'stamp' AND e.status = 'up to date')
         ORDER BY e.run DESC LIMIT 1) last
 WHERE d.branch = {branch} AND d.present AND last.status IN ('partial', 'running')
   AND right(last.standstill, length(' of revision ' || {revision})) = ' of revision ' || {revision}
   AND last.revisions @> coalesce(d.revisions, '{{}}') AND last.revisions <@ coalesce(d.revisions, '{{}}')
   AND NOT (d.kind = 'main' AND d.database = current_database())
 ORDER BY 3 DESC, 1 LIMIT 1)sql",
        fmt::arg("branch", quote_literal(branch)), fmt::arg("revision", quote_literal(revision))));
}

Failure half_way(const std::string& branch, const std::string& revision, const Row& where,
                 const std::string& message) {
    return Failure(
        Code::partial_step, message,
        mad::format("In database \"{}\" its upgrade stopped at {}.", where[0].value(),
                    where[1].value()),
        mad::format("Finish it with {}, or mend the database by hand and say where it stands with "
                    "mad_migrate.stamp.",
                    finish_call(branch, Direction::upgrade, revision, where[0].value())));
}

/// No database could ever finish what was begun.
void refuse_half_way(const std::string& branch, const std::string& revision) {
    const Rows rows = half_way_through(branch, revision);
    if (rows.empty()) return;
    throw half_way(branch, revision, rows[0],
                   mad::format("revision \"{}\" cannot be removed: it is half-way", revision));
}

/// What of the earlier text was not run would be lost. Where nothing of it is done, it is run anew.
void refuse_edited_half_way(const std::string& branch, const std::string& revision) {
    const Rows rows = half_way_through(branch, revision);
    if (rows.empty() || rows[0][2] != "t") return;
    throw half_way(
        branch, revision, rows[0],
        mad::format("script of revision \"{}\" cannot be changed: it is half-way", revision));
}

void refuse_edited(const std::string& branch, const RevisionGraph& graph,
                   const std::vector<IncomingScript>& changes,
                   const std::map<std::string, Stored>& stored) {
    for (const IncomingScript& incoming : changes) {
        const std::string& id = incoming.script.revision.id;
        const auto found = stored.find(id);
        if (found == stored.end() || found->second.text == incoming.text) continue;
        lock_scripts_for_editing();
        const std::vector<std::string> databases = databases_with(branch, graph, id);
        if (databases.empty()) {
            refuse_edited_half_way(branch, id);
            continue;
        }
        throw Failure(
            Code::applied_script,
            mad::format("script of revision \"{}\" was edited after it was applied", id),
            mad::format("Script \"{}\". {}", incoming.filename, say_where_applied(databases)),
            "Put the applied text back and write a new revision for the change.");
    }
}

/// Told in the script's terms, not as an error of our own INSERT.
void check_create_date(const IncomingScript& incoming) {
    const std::string& date = incoming.script.create_date;
    if (date.empty()) return;
    try {
        query(mad::format("SELECT {}::timestamptz", quote_literal(date)));
    } catch (const Error& error) {
        if (ERRCODE_TO_CATEGORY(error.report().sqlerrcode) != ERRCODE_DATA_EXCEPTION) throw;
        throw Failure(Code::invalid_script, mad::format("invalid Create Date \"{}\"", date),
                      mad::format("Script \"{}\".", incoming.filename),
                      "Write it as in \"2025-09-12 10:00:00+00\", or leave the line out.");
    }
}

void write_row(const std::string& branch, const IncomingScript& incoming) {
    const Script& script = incoming.script;
    const auto literal_or_null = [](const std::string& text) {
        return text.empty() ? std::string("NULL") : quote_literal(text);
    };
    query(mad::format(
        R"(INSERT INTO mad_migrate.script AS s
           (branch, revision, filename, down_revisions, depends_on, labels, message, created_at,
            requirements, irreversible, sections, outside_transaction, script, checksum, shipped)
           VALUES ({branch}, {revision}, {filename}, {down_revisions}, {depends_on}, {labels}, {message},
                   {created_at}::timestamptz, {requirements}, {irreversible}, {sections},
                   {outside_transaction}, {script},
                   encode(sha256(convert_to({script}, 'UTF8')), 'hex'), {shipped})
           ON CONFLICT (branch, revision) DO UPDATE
           SET (filename, down_revisions, depends_on, labels, message, created_at, requirements,
                irreversible, sections, outside_transaction, script, checksum, added_at, added_by)
             = (excluded.filename, excluded.down_revisions, excluded.depends_on, excluded.labels,
                excluded.message, excluded.created_at, excluded.requirements, excluded.irreversible,
                excluded.sections, excluded.outside_transaction, excluded.script, excluded.checksum,
                excluded.added_at, excluded.added_by))",
        fmt::arg("branch", quote_literal(branch)),
        fmt::arg("revision", quote_literal(script.revision.id)),
        fmt::arg("filename", quote_literal(incoming.filename)),
        fmt::arg("down_revisions", quote_array(script.revision.down_revisions)),
        fmt::arg("depends_on", quote_array(script.revision.depends_on)),
        fmt::arg("labels", quote_array(script.revision.labels)),
        fmt::arg("message", quote_literal(script.message)),
        fmt::arg("created_at", literal_or_null(script.create_date)),
        fmt::arg("requirements", quote_array(requirement_texts(script))),
        fmt::arg("irreversible",
                 script.irreversible ? quote_literal(*script.irreversible) : std::string("NULL")),
        fmt::arg("sections", quote_array(section_names(script))),
        fmt::arg("outside_transaction", quote_array(sections_outside_transaction(incoming))),
        fmt::arg("script", quote_literal(incoming.text)), fmt::arg("shipped", creating_extension)));
}

}  // namespace

IncomingScript read_script(const std::string& text, const std::optional<std::string>& filename) {
    Script script = parse_script(text, filename.value_or(""));
    std::string name = filename ? *filename : script_filename(script.revision.id, script.message);
    return {std::move(script), std::move(name), text};
}

std::vector<std::string> sections_outside_transaction(const IncomingScript& incoming) {
    std::vector<std::string> names;
    for (const Section& section : incoming.script.sections) {
        const std::vector<Statement> statements =
            parse_statements(section.body, section.first_line, incoming.filename);
        const bool inside = incoming.script.transactional &&
                            std::all_of(statements.begin(), statements.end(),
                                        [](const Statement& s) { return s.transactional; });
        if (!inside) names.push_back(section.name());
    }
    return names;
}

std::vector<std::string> store_scripts(const std::string& branch,
                                       std::vector<IncomingScript> scripts) {
    require_owner(load_branch(branch).owner);
    refuse_twice_in_one_set(scripts);
    lock_scripts();
    const RevisionGraph before = load_graph(branch);
    const std::map<std::string, Stored> stored = stored_scripts(branch, scripts);
    const std::vector<IncomingScript> changes = keep_changes(std::move(scripts), stored);
    refuse_edited(branch, before, changes, stored);

    std::vector<std::string> revisions;
    for (const IncomingScript& incoming : changes) {
        check_create_date(incoming);
        write_row(branch, incoming);
        revisions.push_back(incoming.script.revision.id);
    }
    if (!changes.empty()) load_graph(branch);  // throws unless all of them together make a graph
    return revisions;
}

void remove_script(const std::string& branch, const std::string& revision) {
    require_owner(load_branch(branch).owner);
    lock_scripts_for_editing();
    const RevisionGraph graph = load_graph(branch);
    const mad::Node node = resolve_one(graph, revision);
    const std::string& id = graph[node].id;
    const auto children = graph.children(node);
    if (!children.empty()) {
        throw Failure(Code::missing_parent,
                      mad::format("revision \"{}\" cannot be removed: others build on it", id),
                      mad::format("Revision \"{}\" does.", graph[children.front()].id),
                      "Remove those first, newest first.");
    }
    const std::vector<std::string> databases = databases_with(branch, graph, id);
    if (!databases.empty()) {
        throw Failure(Code::applied_script,
                      mad::format("revision \"{}\" cannot be removed: it is applied", id),
                      say_where_applied(databases),
                      mad::format("Downgrade below it first: {}.",
                                  downgrade_call(load_branch(branch), id + "-1")));
    }
    refuse_half_way(branch, id);
    query(mad::format("DELETE FROM mad_migrate.script WHERE branch = {} AND revision = {}",
                      quote_literal(branch), quote_literal(id)));
}

}  // namespace mad::pg
