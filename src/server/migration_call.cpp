// What calls that reach a branch's databases ask for and have in common.
#include "server/migration_call.hpp"

#include "engine/kit.hpp"
#include "engine/partial_step.hpp"
#include "server/branch_databases.hpp"
#include "server/catalog_scripts.hpp"
#include "server/files.hpp"
#include "server/host.hpp"
#include "server/identity.hpp"
#include "server/settings.hpp"

namespace mad::pg {

void refuse_on_standby(std::string_view function) {
    const std::string command = mad::format("mad_migrate.{}", function);
    const char* const name = command.c_str();
    call([&] { PreventCommandDuringRecovery(name); });
}

void refuse_read_only(std::string_view function) {
    refuse_on_standby(function);
    const std::string command = mad::format("mad_migrate.{}", function);
    const char* const name = command.c_str();
    call([&] { PreventCommandIfReadOnly(name); });
}

std::string kit_sql() {
    return read_file(shared_path("target.sql"));
}

bool reports_failures(const std::string& on_error) {
    if (on_error == "report") return true;
    if (on_error == "raise") return false;
    throw Failure(Code::invalid_parameter,
                  mad::format("invalid value for on_error: \"{}\"", on_error), {},
                  "Use 'raise' or 'report'.");
}

void ensure_version(const std::string& branch_name,
                    const std::optional<std::vector<std::string>>& patterns) {
    refuse_read_only("ensure_version");
    const Branch branch = load_branch(branch_name);
    std::vector<Database> databases = databases_of(branch.name, patterns);
    refuse_if_copied(databases);
    ServerHost host;
    Reactor reactor(host);
    const Sessions sessions(reactor, branch, false);
    ensure_template_present(reactor, sessions, branch, databases);
    const std::string kit = kit_sql();
    BranchAccess access(reactor, sessions, branch);
    for (const Database& database : databases) {
        if (database.kind == "pooled") continue;
        std::unique_ptr<Executor> session = reactor.complete(access.open(database));
        reactor.complete(session->transact("", prepare_sql(branch.name, kit)));
        session.reset();
        access.release_template();
    }
}

void resolve_unfinished(const std::string& branch_name, const std::string& database,
                        const std::string& outcome) {
    if (outcome != "done" && outcome != "retry") {
        throw Failure(Code::invalid_parameter, mad::format("invalid outcome \"{}\"", outcome), {},
                      "Say 'done' or 'retry'.");
    }
    refuse_read_only("resolve");
    const Branch branch = load_branch(branch_name);
    require_owner(branch.owner);
    const std::vector<Database> found = databases_of(branch.name, {{database}});
    refuse_if_copied(found);
    ServerHost host;
    Reactor reactor(host);
    // The control database's statements too were run by a session, and are locked by one.
    const Sessions sessions(reactor, branch, true);
    BranchAccess access(reactor, sessions, branch);
    std::unique_ptr<Executor> session = reactor.complete(access.open(found.at(0)));
    const RevisionGraph graph = load_graph(branch.name);
    CatalogScripts scripts(branch.name, settings::environment());
    MigrationOrder order;
    order.branch = branch.name;
    order.kit_sql = kit_sql();
    reactor.complete(settle_unfinished({reactor, graph, scripts, order}, *session, found.at(0).name,
                                       outcome == "done" ? Settlement::done : Settlement::retry));
    session.reset();
    access.release_template();
}

std::vector<std::pair<std::string, Heads>> current_heads(
    const std::string& branch_name, const std::optional<std::vector<std::string>>& patterns) {
    const Branch branch = load_branch(branch_name);
    ServerHost host;
    Reactor reactor(host);
    const Sessions sessions(reactor, branch, false);
    std::vector<std::pair<std::string, Heads>> current;
    for (const Database& database : databases_of(branch.name, patterns)) {
        if (!database.present) continue;
        if (!takes_connections(database)) {
            current.emplace_back(database.name, database.revisions);
            continue;
        }
        const std::unique_ptr<Executor> session = reactor.complete(sessions.open(database));
        current.emplace_back(database.name, reactor.complete(read_heads(*session, branch.name)));
    }
    return current;
}

}  // namespace mad::pg
