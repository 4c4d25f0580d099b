// Scripts out of the control database's catalog, made ready for the engine.
#include "server/catalog_scripts.hpp"

#include <algorithm>
#include <array>

#include "core/quote.hpp"
#include "core/script.hpp"
#include "core/target.hpp"
#include "server/parser.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

bool has_revision(const RevisionGraph& graph, const Heads& heads, mad::Node wanted) {
    const std::array<mad::Node, 1> self{wanted};
    const NodeSet later = descendants(graph, self);
    return std::any_of(heads.begin(), heads.end(), [&](const std::string& head) {
        const std::optional<mad::Node> at = graph.find(head);
        return at && later[*at];
    });
}

/// A branch with many databases stands where its template stands.
void require(const Requirement& requirement, const std::string& revision) {
    load_branch(requirement.branch);
    const RevisionGraph graph = load_graph(requirement.branch);
    const mad::Node wanted = resolve_one(graph, requirement.revision);
    const Database first = databases_of(requirement.branch, std::nullopt).at(0);
    const Heads heads = first.is_control ? own_heads(requirement.branch) : first.revisions;
    if (has_revision(graph, heads, wanted)) return;
    throw Failure(
        Code::unmet_requirement,
        mad::format("revision \"{}\" requires \"{}@{}\"", revision, requirement.branch,
                    requirement.revision),
        mad::format("Database \"{}\" of branch \"{}\" does not have it yet.", first.name,
                    requirement.branch),
        mad::format("Run SELECT mad_migrate.upgrade({}, {}) first.",
                    quote_literal(requirement.branch), quote_literal(requirement.revision)));
}

/// A requirement that names nothing is the script's fault: the error says whose.
void check_requirements(const Script& script) {
    for (const Requirement& one : script.requirements) {
        try {
            require(one, script.revision.id);
        } catch (const Failure& failure) {
            if (failure.is(Code::unmet_requirement)) throw;
            Report report = failure.report();
            report.context = mad::format("requirement \"{}@{}\" of revision \"{}\"", one.branch,
                                         one.revision, script.revision.id);
            throw Failure(std::move(report));
        }
    }
}

const Section& section_to_run(const Script& script, Direction direction,
                              const std::string& environment) {
    if (direction == Direction::downgrade && script.irreversible) {
        throw Failure(Code::irreversible,
                      mad::format("revision \"{}\" cannot be downgraded", script.revision.id),
                      mad::format("Its script says: {}", *script.irreversible),
                      "Write a new revision that undoes it, or restore a backup.");
    }
    const Section* const section = find_section(script, direction, environment);
    if (section != nullptr) return *section;
    throw Failure(Code::invalid_script,
                  mad::format("revision \"{}\" has no {} section for environment \"{}\"",
                              script.revision.id, name_of(direction), environment),
                  {}, "Set mad_migrate.environment to one it has a section for.");
}

}  // namespace

void refuse_uncommitted_scripts(const std::string& branch) {
    for (const Row& row :
         query(mad::format("SELECT xmin::text, min(revision) FROM mad_migrate.script WHERE branch "
                           "= {} GROUP BY xmin::text",
                           quote_literal(branch)))) {
        if (!is_own_transaction(row[0].value())) continue;
        throw Failure(
            Code::active_transaction,
            "other databases cannot run a script that is not committed yet",
            mad::format("Script \"{}\" was added or changed in this transaction, whose rollback "
                        "would not reach them.",
                        row[1].value()),
            "COMMIT first, and run the call again.");
    }
}

void CatalogScripts::prepare(std::span<const Step> steps) {
    std::array<std::vector<std::string>, 2> missing;
    for (const Step& step : steps) {
        if (step.direction == Direction::stamp) continue;
        if (ready_.contains(Key{step.revision, step.direction})) continue;
        missing[step.direction == Direction::upgrade ? 0 : 1].push_back(step.revision);
    }
    load(missing[0], Direction::upgrade);
    load(missing[1], Direction::downgrade);
}

const RunnableScript& CatalogScripts::script(std::string_view revision, Direction direction) const {
    return ready_.at(Key{revision, direction});
}

void CatalogScripts::load(const std::vector<std::string>& revisions, Direction direction) {
    if (revisions.empty()) return;
    const Rows rows =
        query(mad::format("SELECT filename, checksum, script FROM mad_migrate.script "
                          "WHERE branch = {} AND revision = ANY ({})",
                          quote_literal(branch_), quote_array(revisions)));
    for (const Row& row : rows) {
        const std::string& filename = row[0].value();
        const Script script = parse_script(row[2].value(), filename);
        if (direction == Direction::upgrade) check_requirements(script);
        const Section& section = section_to_run(script, direction, environment_);
        RunnableScript ready{script.revision.id,
                             filename,
                             script.message,
                             row[1].value(),
                             section.body,
                             section.first_line,
                             {},
                             true};
        ready.statements = parse_statements(ready.body, ready.first_line, filename);
        ready.transactional =
            script.transactional && std::all_of(ready.statements.begin(), ready.statements.end(),
                                                [](const Statement& s) { return s.transactional; });
        ready.switched_off = !script.transactional;
        if (ready.switched_off) {
            for (Statement& statement : ready.statements) {
                statement.transactional = statement.transactional && statement.repeatable;
            }
        }
        ready_.emplace(Key{script.revision.id, direction}, std::move(ready));
    }
}

}  // namespace mad::pg
