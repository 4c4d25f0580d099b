// The session beside the caller's transaction over which clones are made and dropped.
#include "server/pool_control.hpp"

#include "core/quote.hpp"
#include "server/identity.hpp"
#include "server/loopback.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

/// A lock that the caller's own transaction has would be waited for in vain. A template that is
/// built on the way is the caller's environment's.
remote::SessionSettings pool_settings() {
    remote::SessionSettings all = bookkeeping_settings();
    all.emplace_back("mad_migrate.environment", settings::environment());
    all.emplace_back("lock_timeout", mad::format("{}ms", settings::lock_timeout().count()));
    return all;
}

}  // namespace

PoolControl::PoolControl(const Branch& branch) : branch_(branch.name) {
    const char* const database = call([] { return get_database_name(MyDatabaseId); });
    control_ = reactor_.complete(
        connect_loopback(reactor_, role_name(extension_owner()), database, pool_settings()));
}

PoolSession PoolControl::session() {
    return {reactor_, *control_, branch_, clone_strategy_named(settings::clone_strategy())};
}

std::string PoolControl::clone() {
    return reactor_.complete(clone_template(session()));
}

FillReport PoolControl::fill(std::size_t size, Surplus surplus) {
    return reactor_.complete(fill_pool(session(), size, surplus));
}

void PoolControl::trim(std::size_t size) {
    reactor_.complete(trim_pool(session(), size));
}

void PoolControl::drop_orphan(const std::string& database) {
    reactor_.complete(
        control_->run(mad::format("DROP DATABASE IF EXISTS {}", quote_identifier(database))));
}

}  // namespace mad::pg
