// The session beside the caller's transaction over which clones are made and dropped.
#include "server/pool_control.hpp"

#include "core/quote.hpp"
#include "server/identity.hpp"
#include "server/loopback.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// A lock that the caller's own transaction has would be waited for in vain. A template that is
/// built on the way is the caller's environment's. That nothing was there to be dropped is no news.
remote::SessionSettings pool_settings() {
    remote::SessionSettings all = bookkeeping_settings();
    all.emplace_back("mad_migrate.environment", settings::environment());
    all.emplace_back("client_min_messages", "warning");
    all.emplace_back("lock_timeout", mad::format("{}ms", settings::lock_timeout().count()));
    return all;
}

Failure kept_waiting(const Failure& failure) {
    Report report = failure.report();
    report.detail =
        "Clones are made by another session, which waited for a lock that this transaction or "
        "another one has.";
    report.hint = "COMMIT what has it and run the call again, or raise mad_migrate.lock_timeout.";
    return Failure(std::move(report));
}

KeptSession open_control(const Branch& branch) {
    refuse_uncommitted_branch(branch);
    const char* const database = call([] { return get_database_name(MyDatabaseId); });
    return KeptSession(role_name(extension_owner()), database, pool_settings());
}

}  // namespace

PoolControl::PoolControl(const Branch& branch)
    : branch_(branch.name), template_(branch), control_(open_control(branch)) {}

PoolSession PoolControl::session() {
    return {control_.reactor(),
            control_.executor(),
            template_,
            branch_,
            template_.database(),
            clone_strategy_named(settings::clone_strategy())};
}

template <typename Result>
Result PoolControl::complete(Task<Result> task) {
    try {
        return control_.reactor().complete(std::move(task));
    } catch (const Failure& failure) {
        if (failure.report().sqlstate == "55P03") throw kept_waiting(failure);
        throw;
    }
}

std::string PoolControl::clone() {
    return complete(clone_template(session()));
}

FillReport PoolControl::fill(std::size_t size, Surplus surplus) {
    return complete(fill_pool(session(), size, surplus));
}

void PoolControl::trim(std::size_t size) {
    complete(trim_pool(session(), size));
}

void PoolControl::drop_orphan(const std::string& database) {
    complete(control_.executor().run(
        mad::format("DROP DATABASE IF EXISTS {}", quote_identifier(database))));
}

}  // namespace mad::pg
