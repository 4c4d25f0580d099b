// Sessions in a branch's databases: the caller's own transaction, or one over libpq.
#include "server/sessions.hpp"

#include "core/quote.hpp"
#include "core/text.hpp"
#include "server/identity.hpp"
#include "server/loopback.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

void refuse_ownerless(const Branch& branch) {
    if (call([&] { return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(branch.owner)); }))
        return;
    throw Failure(Code::insufficient_privilege,
                  mad::format("the owner of branch \"{}\" does not exist any more", branch.name),
                  "A branch's scripts run as its owner.",
                  mad::format("Name another: SELECT mad_migrate.alter_branch({}, owner => ...).",
                              quote_literal(branch.name)));
}

std::string milliseconds(std::chrono::milliseconds duration) {
    return mad::format("{}ms", duration.count());
}

/// In the control database the bookkeeping is the extension's, and a session of the owner's own
/// could not write it.
void refuse_lesser_owner(const Branch& branch) {
    if (branch.owner == extension_owner()) return;
    if (call([&] { return superuser_arg(branch.owner); })) return;
    throw Failure(
        Code::insufficient_privilege,
        mad::format("branch \"{}\" cannot be migrated outside the caller's transaction",
                    branch.name),
        mad::format("Its owner, role \"{}\", may not write what is recorded in the control "
                    "database.",
                    branch.owner_name),
        mad::format("Use SELECT mad_migrate.upgrade({}) or downgrade, or have the owner of the "
                    "extension own the branch.",
                    quote_literal(branch.name)));
}

/// What a script may rely on, in either kind of session.
SessionSettings script_settings(const Branch& branch, const std::string& organization) {
    return {{"search_path", branch.search_path},
            {"lock_timeout", milliseconds(settings::lock_timeout())},
            {"standard_conforming_strings", "on"},
            {"datestyle", "ISO, YMD"},
            {"intervalstyle", "postgres"},
            {"mad_migrate.environment", settings::environment()},
            {"mad_migrate.org_id", organization}};
}

SessionSettings migration_settings(const Branch& branch, const std::string& organization) {
    SessionSettings all = session_settings();
    const SessionSettings script = script_settings(branch, organization);
    all.insert(all.end(), script.begin(), script.end());
    all.emplace_back("statement_timeout", milliseconds(settings::statement_timeout()));
    // The ledger's commit, before it says that a database is done, waits for all that were before.
    if (settings::asynchronous_commit()) all.emplace_back("synchronous_commit", "off");
    return all;
}

std::string own_database() {
    const char* const name = call([] { return get_database_name(MyDatabaseId); });
    return name;
}

}  // namespace

Sessions::Sessions(Reactor& reactor, const Branch& branch, bool leaves_transaction)
    : reactor_(reactor), branch_(branch), leaves_transaction_(leaves_transaction) {
    refuse_ownerless(branch);
}

Task<std::unique_ptr<Executor>> Sessions::open(const Database& database) const {
    if (database.is_control && !leaves_transaction_) {
        co_return std::make_unique<SpiExecutor>(branch_.owner,
                                                script_settings(branch_, database.organization));
    }
    if (database.is_control) refuse_lesser_owner(branch_);
    co_return co_await connect_loopback(reactor_, branch_.owner_name, database.name,
                                        migration_settings(branch_, database.organization));
}

Task<std::unique_ptr<Executor>> Sessions::open_beside() const {
    SessionSettings session = session_settings();
    session.emplace_back("lock_timeout", milliseconds(settings::lock_timeout()));
    co_return co_await connect_loopback(reactor_, branch_.owner_name, own_database(),
                                        std::move(session));
}

Task<std::unique_ptr<Executor>> Sessions::open_ledger() const {
    co_return co_await connect_loopback(reactor_, role_name(extension_owner()), own_database(),
                                        bookkeeping_settings());
}

}  // namespace mad::pg
