// Getting at a branch's databases: the template that is created on first need, those that are gone.
#include "server/branch_databases.hpp"

#include "core/quote.hpp"
#include "engine/fleet.hpp"
#include "engine/pool.hpp"
#include "engine/templates.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

bool exists(const std::string& name) {
    const char* const text = name.c_str();
    return OidIsValid(call([&] { return get_database_oid(text, true); }));
}

[[noreturn]] void refuse_absent(const Database& database, const Branch& branch) {
    throw Failure(
        Code::unknown_database,
        mad::format("database \"{}\" of branch \"{}\" does not exist", database.name, branch.name),
        {},
        database.kind == "main"
            ? mad::format("Create it with CREATE DATABASE {} OWNER {}.",
                          quote_identifier(database.name), quote_identifier(branch.owner_name))
        : database.kind == "template"
            ? mad::format("Run SELECT mad_migrate.upgrade({}) to create it.",
                          quote_literal(branch.name))
            : "Restore it, or have it forgotten: SELECT * FROM mad_migrate.reconcile(repair => "
              "true).");
}

void refuse_elsewhere(const Database& database) {
    if (database.server.empty()) return;
    throw Failure(
        Code::unknown_database,
        mad::format("database \"{}\" is on server \"{}\"", database.name, database.server),
        "Only databases of this server can be migrated.",
        "Migrate it from a control database there.");
}

Failure not_created(const Failure& failure, const Database& database, const Branch& branch) {
    Report report = failure.report();
    if (failure.is(Code::insufficient_privilege)) {
        report.detail = mad::format(
            "The owner of branch \"{}\", role \"{}\", is to create its "
            "template \"{}\".",
            branch.name, branch.owner_name, database.name);
        report.hint = mad::format(
            "Run ALTER ROLE {0} CREATEDB, or create it for the role: CREATE "
            "DATABASE {1} TEMPLATE template0 ENCODING 'UTF8' OWNER {0}.",
            quote_identifier(branch.owner_name), quote_identifier(database.name));
    }
    return Failure(std::move(report));
}

}  // namespace

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

Task<std::unique_ptr<Executor>> BranchAccess::open(const Database& database) {
    refuse_elsewhere(database);
    if (!database.present) refuse_absent(database, branch_);
    if (database.kind == "template") {
        co_await hold_template(database.name);
        held_ = database;
    }
    try {
        co_return co_await sessions_.open(database);
    } catch (const Failure& failure) {
        if (!failure.is(Code::connection_failed) || exists(database.name)) throw;
    }
    // It was dropped since it was looked up.
    refuse_absent(database, branch_);
}

/// As long as a fleet keeps trying a database whose lock is taken.
Task<void> BranchAccess::hold_template(const std::string& database) {
    if (hold_) co_return;
    if (!control_) {
        control_ = co_await sessions_.open_ledger();
        co_await control_->run(
            mad::format("SET lock_timeout = {}", settings::lock_timeout().count()));
    }
    co_await refuse_foreign_template(*control_, database, branch_.name);
    TemplateHold& hold = hold_.emplace(reactor_, *control_, branch_.name, database);
    std::optional<Failure> failed;
    try {
        co_await hold.open(FleetOrder().attempts * settings::lock_timeout());
    } catch (const Failure& failure) {
        failed = failure;
    }
    if (!failed) co_return;
    hold_.reset();
    throw Failure(*std::move(failed));
}

void BranchAccess::release_template() {
    if (!hold_) return;
    try {
        const std::unique_ptr<Executor> session = reactor_.complete(sessions_.open(held_));
        reactor_.complete(have_numbers_logged(*session));
    } catch (const Failure&) {
        // Where the template cannot be reached nobody has taken a number either, and it must close.
    }
    reactor_.complete(hold_->close());
    hold_.reset();
    reactor_.complete(control_->run(replace_stale_sql(branch_.name)));
}

}  // namespace mad::pg
