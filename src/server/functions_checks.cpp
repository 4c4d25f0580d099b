// SQL entry points that find out whether all is in order: validate, refuse_unmanaged.
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/survey.hpp"
#include "server/arguments.hpp"
#include "server/branch_databases.hpp"
#include "server/host.hpp"
#include "server/result_set.hpp"
#include "server/script_store.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// What is not in order; without a database, it is with the scripts.
struct Finding {
    std::string database;
    std::string revision;
    std::string problem;
};
using Findings = std::vector<Finding>;

std::string describe(const Report& report) {
    std::string line = mad::format("{} ({})", report.message, report.sqlstate);
    if (!report.detail.empty()) line += ": " + report.detail;
    return line;
}

std::string describe(const Heads& heads) {
    return heads.empty() ? "nothing"
                         : join(std::vector<std::string>(heads.begin(), heads.end()), ", ");
}

/// The server may be of a later version than when the scripts were added.
void validate_scripts(const std::string& branch, Findings& findings) {
    for (const Row& row : query(mad::format(
             "SELECT revision, filename, script FROM mad_migrate.script WHERE branch = {} ORDER BY "
             "filename COLLATE \"C\", revision COLLATE \"C\"",
             quote_literal(branch)))) {
        try {
            sections_outside_transaction(read_script(row[2].value(), row[1]));
        } catch (const Failure& failure) {
            findings.push_back({{}, row[0].value(), describe(failure.report())});
        }
    }
}

std::map<std::string, std::string> script_checksums(const std::string& branch) {
    std::map<std::string, std::string> checksums;
    for (const Row& row :
         query(mad::format("SELECT revision, checksum FROM mad_migrate.script WHERE branch = {}",
                           quote_literal(branch)))) {
        checksums.emplace(row[0].value(), row[1].value());
    }
    return checksums;
}

/// All databases of a branch, some at a time.
class DatabaseValidation {
 public:
    DatabaseValidation(const Branch& branch, const RevisionGraph& graph, Findings& findings)
        : branch_(branch),
          graph_(graph),
          checksums_(script_checksums(branch.name)),
          sessions_(reactor_, branch, false),
          findings_(findings) {}

    void operator()() {
        const std::vector<Database> databases = databases_to_look_into();
        auto next = databases.begin();
        reactor_.complete_all(
            [&]() -> std::optional<Task<void>> {
                if (next == databases.end()) return std::nullopt;
                return validate(*next++);
            },
            settings::jobs());
        access_.release_template();
    }

 private:
    /// A template is made when it is first needed, and spare clones are replaced.
    std::vector<Database> databases_to_look_into() const {
        std::vector<Database> databases = databases_of(branch_.name, std::nullopt);
        std::erase_if(databases, [](const Database& each) {
            return each.kind == "pooled" || (each.kind == "template" && !each.present);
        });
        return databases;
    }

    Task<void> validate(const Database& database) {
        try {
            const std::unique_ptr<Executor> session = co_await access_.open(database);
            compare(database, co_await survey(*session, branch_.name));
        } catch (const Failure& failure) {
            find(database, {}, describe(failure.report()));
        }
    }

    void compare(const Database& database, const Survey& seen) {
        for (const std::string& head : seen.heads) {
            if (!graph_.find(head)) find(database, head, "its version has no script");
        }
        if (seen.published != seen.heads) {
            find(database, {},
                 mad::format("the shared catalog says {}, the version table says {}",
                             describe(seen.published), describe(seen.heads)));
        }
        if (seen.standstill) find(database, {}, *seen.standstill);
        compare_checksums(database, seen);
    }

    void compare_checksums(const Database& database, const Survey& seen) {
        const NodeSet applied = applied_in(seen.heads);
        for (const auto& [revision, checksum] : seen.checksums) {
            const std::optional<mad::Node> node = graph_.find(revision);
            if (!node || !applied[*node] || checksums_.at(revision) == checksum) continue;
            find(database, revision, "its script was edited after it was applied here");
        }
    }

    NodeSet applied_in(const Heads& heads) const {
        std::vector<mad::Node> nodes;
        for (const std::string& head : heads) {
            if (const std::optional<mad::Node> node = graph_.find(head)) nodes.push_back(*node);
        }
        return ancestors(graph_, nodes);
    }

    void find(const Database& database, std::string revision, std::string problem) {
        findings_.push_back({database.name, std::move(revision), std::move(problem)});
    }

    const Branch& branch_;
    const RevisionGraph& graph_;
    const std::map<std::string, std::string> checksums_;
    ServerHost host_;
    Reactor reactor_{host_};
    const Sessions sessions_;
    BranchAccess access_{reactor_, sessions_, branch_};
    Findings& findings_;
};

Findings validate(const Branch& branch) {
    Findings findings;
    validate_scripts(branch.name, findings);
    try {
        const RevisionGraph graph = load_graph(branch.name);
        DatabaseValidation(branch, graph, findings)();
    } catch (const Failure& failure) {
        findings.push_back({{}, {}, describe(failure.report())});
    }
    return findings;
}

void refuse_unmanaged(const Branch& branch, const std::string& database, Executor& session,
                      Reactor& reactor) {
    const std::optional<std::string> table = reactor.complete(find_unmanaged_table(session));
    if (!table) return;
    throw Failure(
        Code::unmanaged_database,
        mad::format("database \"{}\" has tables, but no version of any branch", database),
        mad::format("One of them is \"{}\".", *table),
        mad::format("If they are as revision R of branch \"{0}\" makes them, say so with SELECT "
                    "mad_migrate.stamp({1}, 'R', databases => '{{{2}}}').",
                    branch.name, quote_literal(branch.name), database));
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_validate) {
    const Arguments arguments(fcinfo);
    const Branch branch = load_branch(arguments.text(0, "branch"));
    ResultSet results(fcinfo);
    const auto cell = [](const std::string& item) { return item.empty() ? Cell() : Cell(item); };
    for (const Finding& finding : validate(branch)) {
        results.add({cell(finding.database), cell(finding.revision), finding.problem});
    }
    return Datum{};
}

/// Whoever has a version, by the shared catalog, need not be connected to; a template is made here.
MAD_SQL_FUNCTION(mad_migrate_refuse_unmanaged) {
    const Arguments arguments(fcinfo);
    const Branch branch = load_branch(arguments.text(0, "branch"));
    ServerHost host;
    Reactor reactor(host);
    const Sessions sessions(reactor, branch, false);
    BranchAccess access(reactor, sessions, branch);
    for (const Database& database :
         databases_of(branch.name, arguments.optional_texts(1, "databases"))) {
        const bool is_clone = database.kind == "template" || database.kind == "pooled";
        if (is_clone || !database.present || !database.revisions.empty()) continue;
        const std::unique_ptr<Executor> session = reactor.complete(access.open(database));
        refuse_unmanaged(branch, database.name, *session, reactor);
    }
    return Datum{};
}
