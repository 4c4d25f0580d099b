// One call of upgrade, downgrade or stamp: which databases, which sessions, what the caller is
// told.
#include "server/migration_call.hpp"

#include <algorithm>

#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/kit.hpp"
#include "engine/templates.hpp"
#include "server/catalog_scripts.hpp"
#include "server/files.hpp"
#include "server/host.hpp"
#include "server/sessions.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

/// Sessions of our own would fail later, each in its own words.
void refuse_on_standby(std::string_view function) {
    const std::string command = fmt::format("mad_migrate.{}", function);
    const char* const name = command.c_str();
    call([&] { PreventCommandDuringRecovery(name); });
}

void refuse_absent(const Database& database, const Branch& branch) {
    throw Failure(
        Code::unknown_database,
        fmt::format("database \"{}\" of branch \"{}\" does not exist", database.name, branch.name),
        {},
        database.kind == "main"
            ? fmt::format("Create it with CREATE DATABASE {}.", quote_identifier(database.name))
        : database.kind == "template"
            ? fmt::format("Run SELECT mad_migrate.upgrade({}) to create it.",
                          quote_literal(branch.name))
            : "Restore it, or forget it: DELETE FROM mad_migrate.registry WHERE database = " +
                  quote_literal(database.name) + ".");
}

Failure not_created(const Failure& failure, const Database& database, const Branch& branch) {
    Report report = failure.report();
    if (failure.is(Code::insufficient_privilege)) {
        report.detail = fmt::format(
            "The owner of branch \"{}\", role \"{}\", is to create its "
            "template \"{}\".",
            branch.name, branch.owner_name, database.name);
        report.hint = fmt::format(
            "Run ALTER ROLE {0} CREATEDB, or create it for the role: CREATE "
            "DATABASE {1} TEMPLATE template0 ENCODING 'UTF8' OWNER {0}.",
            quote_identifier(branch.owner_name), quote_identifier(database.name));
    }
    return Failure(std::move(report));
}

/// The template is built on first need, any other database must be there.
void ensure_template_present(Reactor& reactor, const Sessions& sessions, const Branch& branch,
                             std::vector<Database>& databases) {
    for (Database& database : databases) {
        if (database.present || database.kind != "template") continue;
        const std::unique_ptr<Executor> beside = reactor.complete(sessions.open_beside());
        try {
            reactor.complete(ensure_template(*beside, database.name, branch.name));
        } catch (const Failure& failure) {
            throw not_created(failure, database, branch);
        }
        database.present = true;
    }
}

Task<std::unique_ptr<Executor>> open(const Sessions& sessions, const Branch& branch,
                                     const Database& database) {
    if (!database.present) refuse_absent(database, branch);
    return sessions.open(database);
}

std::string describe_heads(const Heads& heads) {
    const std::vector<std::string> ids(heads.begin(), heads.end());
    return ids.empty() ? "<base>" : join(ids, ", ");
}

std::string first_lines(const DatabaseOutcome& outcome) {
    const Report& report = outcome.failure->report();
    return fmt::format("{}: {} ({})", outcome.database, report.message, report.sqlstate);
}

/// One database's failure is the call's own; of several, one error counts them and names the first.
[[noreturn]] void raise_failures(const std::vector<DatabaseOutcome>& outcomes,
                                 const MigrationCall& call) {
    std::vector<std::string> failed;
    const Failure* first = nullptr;
    for (const DatabaseOutcome& outcome : outcomes) {
        if (!outcome.failure) continue;
        if (first == nullptr) first = &*outcome.failure;
        failed.push_back(first_lines(outcome));
    }
    if (outcomes.size() == 1) throw Failure(*first);
    constexpr std::size_t shown = 10;
    const std::size_t total = failed.size();
    if (total > shown) {
        failed.resize(shown);
        failed.push_back(fmt::format("... and {} more", total - shown));
    }
    throw Failure(Code::run_failed,
                  fmt::format("{} of branch \"{}\" failed in {} of {} databases",
                              name_of(call.direction), call.branch, total, outcomes.size()),
                  join(failed, "\n"),
                  "The other databases are done. Mend the cause and run the call again, which does "
                  "only what is left; on_error => 'report' returns the failures as rows.");
}

void tell(Host& host, const DatabaseOutcome& outcome, const MigrationCall& call) {
    if (outcome.failure || outcome.result.steps == 0) return;
    host.say(
        {Notice::Level::notice,
         fmt::format("{} of branch \"{}\" in database \"{}\": {} -> {}", name_of(call.direction),
                     call.branch, outcome.database, describe_heads(outcome.result.before),
                     describe_heads(outcome.result.after)),
         {},
         {}});
}

void refuse_unnamed_downgrade(const MigrationCall& call, const Branch& branch) {
    if (call.direction != Direction::downgrade || call.databases || !branch.database_template)
        return;
    throw Failure(
        Code::invalid_parameter,
        fmt::format("databases of branch \"{}\" to downgrade must be named", branch.name),
        "The branch has many databases, and a downgrade can lose data.",
        fmt::format("Name them: mad_migrate.downgrade({}, {}, databases => '{{name,...}}'), or "
                    "'{{*}}' for all.",
                    quote_literal(branch.name), quote_literal(call.target)));
}

std::map<std::string, Database> by_name(const std::vector<Database>& databases) {
    std::map<std::string, Database> index;
    for (const Database& database : databases) index.emplace(database.name, database);
    return index;
}

std::vector<std::string> names_of(const std::vector<Database>& databases) {
    std::vector<std::string> names;
    for (const Database& database : databases) names.push_back(database.name);
    return names;
}

}  // namespace

std::string kit_sql() {
    return read_file(shared_path("target.sql"));
}

bool reports_failures(const std::string& on_error) {
    if (on_error == "report") return true;
    if (on_error == "raise") return false;
    throw Failure(Code::invalid_parameter,
                  fmt::format("invalid value for on_error: \"{}\"", on_error), {},
                  "Use 'raise' or 'report'.");
}

std::string status_of(const DatabaseOutcome& outcome, Direction direction) {
    if (outcome.failure) return "failed";
    if (outcome.result.steps == 0) return "up to date";
    switch (direction) {
        case Direction::upgrade:
            return "upgraded";
        case Direction::downgrade:
            return "downgraded";
        case Direction::stamp:
            return "stamped";
    }
    return {};
}

std::vector<DatabaseOutcome> run_migration(const MigrationCall& call) {
    refuse_on_standby(name_of(call.direction));
    const Branch branch = load_branch(call.branch);
    refuse_unnamed_downgrade(call, branch);
    std::vector<Database> databases = databases_of(branch.name, call.databases);
    refuse_if_copied(databases);
    hold_scripts();
    const RevisionGraph graph = load_graph(branch.name);
    CatalogScripts scripts(branch.name, settings::environment());
    const MigrationOrder order{branch.name, call.direction,           call.target,
                               call.purge,  settings::lock_timeout(), kit_sql()};
    const std::unique_ptr<ServerHost> host = call.leaves_transaction
                                                 ? std::make_unique<ProcedureHost>()
                                                 : std::make_unique<ServerHost>();
    Reactor reactor(*host);
    const Sessions sessions(reactor, branch, call.leaves_transaction);
    if (call.direction != Direction::downgrade) {
        ensure_template_present(reactor, sessions, branch, databases);
    }

    const std::map<std::string, Database> index = by_name(databases);
    const std::size_t jobs = call.jobs ? static_cast<std::size_t>(*call.jobs) : settings::jobs();
    std::vector<DatabaseOutcome> outcomes = migrate_all(
        {reactor, graph, scripts, order}, names_of(databases),
        [&](const std::string& name) { return open(sessions, branch, index.at(name)); }, jobs,
        [&](const DatabaseOutcome& outcome) { tell(*host, outcome, call); });
    const bool failed = std::any_of(outcomes.begin(), outcomes.end(),
                                    [](const DatabaseOutcome& o) { return o.failure.has_value(); });
    if (failed && !call.report_failures) raise_failures(outcomes, call);
    return outcomes;
}

void ensure_version(const std::string& branch_name,
                    const std::optional<std::vector<std::string>>& patterns) {
    refuse_on_standby("ensure_version");
    const Branch branch = load_branch(branch_name);
    std::vector<Database> databases = databases_of(branch.name, patterns);
    refuse_if_copied(databases);
    ServerHost host;
    Reactor reactor(host);
    const Sessions sessions(reactor, branch, false);
    ensure_template_present(reactor, sessions, branch, databases);
    const std::string kit = kit_sql();
    for (const Database& database : databases) {
        const std::unique_ptr<Executor> session =
            reactor.complete(open(sessions, branch, database));
        reactor.complete(session->transact("", prepare_sql(branch.name, kit)));
    }
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
        const std::unique_ptr<Executor> session = reactor.complete(sessions.open(database));
        current.emplace_back(database.name, reactor.complete(read_heads(*session, branch.name)));
    }
    return current;
}

}  // namespace mad::pg
