// One run: upgrade, downgrade or stamp of a branch's databases, from the call to its end.
#include "server/run.hpp"

#include <algorithm>

#include "core/quote.hpp"
#include "core/triage.hpp"
#include "engine/fleet.hpp"
#include "server/arrivals.hpp"
#include "server/branch_databases.hpp"
#include "server/catalog_scripts.hpp"
#include "server/hooks.hpp"
#include "server/host.hpp"
#include "server/identity.hpp"
#include "server/run_report.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

void refuse_unnamed(const MigrationCall& call, const Branch& branch) {
    if (call.direction == Direction::upgrade || call.databases || !branch.database_template) return;
    const std::string_view verb = name_of(call.direction);
    throw Failure(Code::invalid_parameter,
                  mad::format("databases of branch \"{}\" to {} must be named", branch.name, verb),
                  call.direction == Direction::downgrade
                      ? "The branch has many databases, and a downgrade can lose data."
                      : "The branch has many databases, and a stamp says of each where it stands.",
                  mad::format("Name them: mad_migrate.{}({}, {}, databases => '{{name,...}}'), or "
                              "'{{*}}' for all.",
                              verb, quote_literal(branch.name), quote_literal(call.target)));
}

/// One run from its databases to its end.
class Run {
 public:
    Run(const MigrationCall& call, const TakeOutcome& take)
        : call_(call),
          take_(take),
          branch_(load_branch(call.branch)),
          graph_(load_graph(branch_.name)),
          scripts_(branch_.name, settings::environment()),
          host_(make_host(call)),
          reactor_(*host_),
          sessions_(reactor_, branch_, call.leaves_transaction),
          triage_(graph_, call.direction, call.target),
          report_(*host_, call),
          hooks_(branch_, describe()) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void operator()() {
        refuse_unnamed(call_, branch_);
        std::vector<Database> databases = databases_to_migrate();
        refuse_if_copied(databases);
        if (call_.direction != Direction::downgrade && !call_.dry_run) {
            ensure_template_present(reactor_, sessions_, branch_, databases);
        }
        report_.expect(databases.size());
        const std::vector<std::string> due = sort_out(databases);
        if (due.empty() && !call_.run) return;
        work_on(due);
        if (!call_.report_failures) report_.raise_failures(order_.run.value_or(0));
    }

 private:
    static std::unique_ptr<ServerHost> make_host(const MigrationCall& call) {
        if (call.leaves_transaction) return std::make_unique<ProcedureHost>();
        return std::make_unique<ServerHost>();
    }

    /// Spare clones are replaced, not migrated.
    std::vector<Database> databases_to_migrate() const {
        std::vector<Database> databases = databases_of(branch_.name, call_.databases);
        std::erase_if(databases, [](const Database& each) { return each.kind == "pooled"; });
        return databases;
    }

    void finish(const DatabaseOutcome& outcome) {
        if (outcome.failure) {
            hooks_.after({.name = "on_failure",
                          .database = outcome.database,
                          .error = outcome.failure->report()});
        }
        report_.tell(outcome);
        take_(outcome);
    }

    /// Of many databases, what stands at the target by the shared catalog costs no connection,
    /// unless it was named: to name a database is to have its version table looked at.
    std::vector<std::string> sort_out(const std::vector<Database>& databases) {
        std::vector<std::string> due;
        for (const Database& database : databases) {
            known_.emplace(database.name, database);
            if (can_be_passed(database)) {
                finish({database.name,
                        {database.revisions, database.revisions, 0, true},
                        {},
                        false,
                        0,
                        {}});
            } else {
                due.push_back(database.name);
            }
        }
        return due;
    }

    bool can_be_passed(const Database& database) {
        const bool named = call_.databases && std::ranges::find(*call_.databases, database.name) !=
                                                  call_.databases->end();
        return branch_.database_template && call_.direction != Direction::stamp &&
               database.present && !database.revisions.empty() && !named &&
               triage_.is_there(database.revisions);
    }

    void work_on(const std::vector<std::string>& due) {
        order_ = {call_.branch, call_.direction, call_.target,
                  call_.purge,  call_.dry_run,   due.size() > 1 ? 0ms : settings::lock_timeout(),
                  kit_sql(),    std::nullopt};
        if (leaves_own_transaction(due)) {
            work_with_ledger(due);
        } else {
            work_in_own_transaction(due);
        }
    }

    bool leaves_own_transaction(const std::vector<std::string>& due) const {
        return call_.leaves_transaction ||
               std::ranges::any_of(
                   due, [this](const std::string& name) { return !known_.at(name).is_control; });
    }

    void work_in_own_transaction(const std::vector<std::string>& due) {
        Fleet fleet = make_fleet(nullptr);
        hooks_.before({.name = "before_run"});
        if (call_.dry_run) {
            undo([&] { fleet.run(due); });
        } else {
            fleet.run(due);
        }
        hooks_.after({.name = "after_run", .status = std::string(status_of(fleet))});
    }

    /// A rehearsal in the caller's transaction is undone as a whole.
    template <typename Body>
    static void undo(const Body& body) {
        struct Over {};
        try {
            attempt([&] {
                body();
                throw Over();
            });
        } catch (const Over&) {
        }
    }

    void work_with_ledger(const std::vector<std::string>& due) {
        refuse_uncommitted_branch(branch_);
        refuse_uncommitted_scripts(branch_.name);
        const std::unique_ptr<Executor> session = reactor_.complete(sessions_.open_ledger());
        Ledger ledger(*session, describe());
        reactor_.complete(ledger.begin(due.size()));
        order_.run = ledger.number();
        hooks_.join(&ledger);
        Fleet fleet = make_fleet(&ledger);
        try {
            hooks_.before({.name = "before_run"});
        } catch (const Failure&) {
            reactor_.complete(ledger.end("failed", due.size()));
            throw;
        }
        const std::size_t total = run_all(fleet, due);
        hooks_.after({.name = "after_run", .status = std::string(status_of(fleet))});
        reactor_.complete(ledger.end(status_of(fleet), total));
        hooks_.join(nullptr);
    }

    std::size_t run_all(Fleet& fleet, std::vector<std::string> due) {
        std::size_t total = 0;
        for (; !due.empty(); due = late_arrivals()) {
            total += due.size();
            run_template_first(fleet, std::move(due));
        }
        return total;
    }

    /// A script that cannot run at all then fails where there is no data.
    void run_template_first(Fleet& fleet, std::vector<std::string> due) {
        if (known_.at(due.front()).kind == "template") {
            fleet.run({due.front()});
            access_.release_template();
            due.erase(due.begin());
        }
        fleet.run(due);
    }

    static std::string_view status_of(const Fleet& fleet) {
        if (fleet.stopped()) return "stopped";
        return fleet.failures() > 0 ? "failed" : "succeeded";
    }

    RunDescription describe() const {
        return {call_.branch,
                call_.direction,
                call_.target,
                settings::environment(),
                call_.started_by.value_or(session_user()),
                jobs(),
                call_.dry_run,
                call_.run};
    }

    /// Databases that appeared while the run went on.
    std::vector<std::string> late_arrivals() {
        if (call_.direction != Direction::upgrade || !branch_.database_template) return {};
        wait_for_arrivals(*host_, branch_.name);
        std::vector<Database> late = databases_to_migrate();
        std::erase_if(late,
                      [this](const Database& database) { return known_.contains(database.name); });
        report_.expect(late.size());
        return sort_out(late);
    }

    Fleet make_fleet(Ledger* ledger) {
        FleetOrder order;
        order.jobs = jobs();
        order.between_looks = std::clamp(settings::lock_timeout() / 4, 10ms, 500ms);
        if (call_.max_failures) order.max_failures = static_cast<std::size_t>(*call_.max_failures);
        return Fleet(
            migrations_, order,
            [this](const std::string& name) { return access_.open(known_.at(name)); },
            [this](const DatabaseOutcome& outcome) { finish(outcome); }, ledger);
    }

    std::size_t jobs() const {
        return call_.jobs ? static_cast<std::size_t>(*call_.jobs) : settings::jobs();
    }

    const MigrationCall& call_;
    const TakeOutcome& take_;
    const Branch branch_;
    const RevisionGraph graph_;
    CatalogScripts scripts_;
    const std::unique_ptr<ServerHost> host_;
    Reactor reactor_;
    const Sessions sessions_;
    BranchAccess access_{reactor_, sessions_, branch_};
    Triage triage_;
    RunReport report_;
    Hooks hooks_;
    std::map<std::string, Database> known_;
    MigrationOrder order_;
    const Migrations migrations_{reactor_, graph_, scripts_, order_, &hooks_};
};

}  // namespace

void run_migration(const MigrationCall& call, const TakeOutcome& take) {
    refuse_read_only(
        mad::format("{}{}", call.leaves_transaction ? "run_" : "", name_of(call.direction)));
    hold_scripts();
    std::optional<HeldScripts> held;
    if (call.leaves_transaction) held.emplace();
    Run run(call, take);
    run();
}

}  // namespace mad::pg
