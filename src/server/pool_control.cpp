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

/// The session beside this transaction would not see the branch, or wait for it in vain.
void refuse_uncommitted_branch(const Branch& branch) {
    const Rows rows = query_latest(mad::format(
        "SELECT xmin::text FROM mad_migrate.branch WHERE branch = {}", quote_literal(branch.name)));
    if (!is_own_transaction(rows.at(0).at(0).value())) return;
    throw Failure(
        Code::active_transaction,
        mad::format("branch \"{}\" was created or altered in this transaction", branch.name),
        "Its databases are cloned by another session, which cannot see that yet.",
        "COMMIT first, and run the call again.");
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

std::string PoolControl::clone() {
    return control_.reactor().complete(clone_template(session()));
}

FillReport PoolControl::fill(std::size_t size, Surplus surplus) {
    return control_.reactor().complete(fill_pool(session(), size, surplus));
}

void PoolControl::trim(std::size_t size) {
    control_.reactor().complete(trim_pool(session(), size));
}

void PoolControl::drop_orphan(const std::string& database) {
    control_.reactor().complete(control_.executor().run(
        mad::format("DROP DATABASE IF EXISTS {}", quote_identifier(database))));
}

}  // namespace mad::pg
