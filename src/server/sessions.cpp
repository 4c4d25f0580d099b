// Sessions in a branch's databases: the caller's own transaction, or one over libpq.
#include "server/sessions.hpp"

#include "core/quote.hpp"
#include "core/text.hpp"
#include "remote/connection.hpp"
#include "server/exit_callback.hpp"
#include "server/identity.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

constexpr auto connect_timeout = 30s;

/// The directory of the server's first socket, absolute, as libpq tells a directory from a host;
/// the server listens on no socket where there is none.
std::string socket_directory() {
    std::string names = Unix_socket_directories;
    char* const text = names.data();
    const char* const first = call([&]() -> const char* {
        List* directories = NIL;
        if (!SplitDirectoriesString(text, ',', &directories) || directories == NIL) return nullptr;
        return static_cast<const char*>(linitial(directories));
    });
    if (first == nullptr) {
        throw Failure(Code::connection_failed, "the server has no unix socket to connect to",
                      "unix_socket_directories is empty.",
                      "Set unix_socket_directories and restart the server.");
    }
    const std::string directory = first;
    if (directory.starts_with('/') || directory.starts_with('@')) return directory;
    return fmt::format("{}/{}", DataDir, directory);
}

std::string server_user() {
    char* error = nullptr;
    const char* const name = call([&] { return get_user_name(&error); });
    if (name == nullptr) throw Failure(Code::internal, error);
    return name;
}

void refuse_ownerless(const Branch& branch) {
    if (call([&] { return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(branch.owner)); }))
        return;
    throw Failure(Code::insufficient_privilege,
                  fmt::format("the owner of branch \"{}\" does not exist any more", branch.name),
                  "A branch's scripts run as its owner.",
                  fmt::format("Name another: SELECT mad_migrate.alter_branch({}, owner => ...).",
                              quote_literal(branch.name)));
}

/// In a form that means the same under any setting.
std::string server_start() {
    const Rows rows = query(
        "SELECT to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD "
        "HH24:MI:SS.US\"+00\"')");
    return rows[0][0].value();
}

std::string milliseconds(std::chrono::milliseconds duration) {
    return fmt::format("{}ms", duration.count());
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

/// And what a session of our own needs besides; all of it survives RESET ALL.
SessionSettings session_settings() {
    return {{"role", "none"},  // whatever the database's owner set for its sessions
            {"client_connection_check_interval", "500ms"},
            {"idle_in_transaction_session_timeout", "0"},
            {"default_transaction_isolation", "read committed"},
            {"default_transaction_read_only", "off"},
            {"default_transaction_deferrable", "off"}};
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

SessionSettings ledger_settings() {
    SessionSettings all = session_settings();
    all.insert(all.end(), {{"search_path", "pg_catalog, pg_temp"}, {"statement_timeout", "0"}});
    return all;
}

std::string own_database() {
    const char* const name = call([] { return get_database_name(MyDatabaseId); });
    return name;
}

}  // namespace

Sessions::Sessions(Reactor& reactor, const Branch& branch, bool leaves_transaction)
    : reactor_(reactor),
      branch_(branch),
      leaves_transaction_(leaves_transaction),
      server_start_(server_start()) {
    refuse_ownerless(branch);
}

Task<std::unique_ptr<Executor>> Sessions::open(const Database& database) const {
    if (database.is_control && !leaves_transaction_) {
        co_return std::make_unique<SpiExecutor>(branch_.owner,
                                                script_settings(branch_, database.organization));
    }
    co_return co_await connect(branch_.owner_name, database.name,
                               migration_settings(branch_, database.organization));
}

Task<std::unique_ptr<Executor>> Sessions::open_beside() const {
    co_return co_await connect(branch_.owner_name, own_database(), session_settings());
}

Task<std::unique_ptr<Executor>> Sessions::open_ledger() const {
    co_return co_await connect(role_name(extension_owner()), own_database(), ledger_settings());
}

Task<std::unique_ptr<Executor>> Sessions::connect(std::string user, std::string database,
                                                  SessionSettings session) const {
    cancel_sessions_at_exit();
    remote::ConnectionSettings settings;
    settings.host = socket_directory();
    settings.port = std::to_string(PostPortNumber);
    settings.user = std::move(user);
    settings.database = std::move(database);
    settings.application_name = "mad_migrate";
    settings.client_encoding = "UTF8";
    settings.requirepeer = server_user();
    settings.expected_instance = server_start_;
    settings.administrator_options = settings::connection_options();
    settings.session_settings = std::move(session);
    co_return co_await remote::connect(reactor_, std::move(settings),
                                       reactor_.host().now() + connect_timeout);
}

}  // namespace mad::pg
