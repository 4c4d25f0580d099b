// Sessions over libpq in databases of this very server.
#include "server/loopback.hpp"

#include "remote/connection.hpp"
#include "server/exit_callback.hpp"
#include "server/settings.hpp"

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
    std::string directory = first;
    if (directory.starts_with('/') || directory.starts_with('@')) return directory;
    return mad::format("{}/{}", DataDir, directory);
}

std::string server_user() {
    char* error = nullptr;
    const char* const name = call([&] { return get_user_name(&error); });
    if (name == nullptr) throw Failure(Code::internal, error);
    return name;
}

/// In a form that means the same under any setting.
std::string server_start() {
    using namespace std::chrono;
    const sys_time<microseconds> start =
        sys_days(year(2000) / January / 1) + microseconds(PgStartTime);
    const sys_days midnight = floor<days>(start);
    const year_month_day date(midnight);
    const hh_mm_ss time(start - midnight);
    return mad::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00",
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace

remote::SessionSettings session_settings() {
    return {{"role", "none"},  // whatever the database's owner set for its sessions
            {"client_connection_check_interval", "500ms"},
            {"idle_session_timeout", "0"},
            {"idle_in_transaction_session_timeout", "0"},
            {"default_transaction_isolation", "read committed"},
            {"default_transaction_read_only", "off"},
            {"default_transaction_deferrable", "off"}};
}

remote::SessionSettings bookkeeping_settings() {
    remote::SessionSettings all = session_settings();
    all.insert(all.end(), {{"search_path", "pg_catalog, pg_temp"}, {"statement_timeout", "0"}});
    return all;
}

remote::ConnectionSettings loopback_settings(std::string user, std::string database,
                                             remote::SessionSettings session) {
    remote::ConnectionSettings settings;
    settings.host = socket_directory();
    settings.port = std::to_string(PostPortNumber);
    settings.user = std::move(user);
    settings.database = std::move(database);
    settings.application_name = "mad_migrate";
    settings.client_encoding = "UTF8";
    settings.requirepeer = server_user();
    settings.expected_instance = server_start();
    settings.administrator_options = settings::connection_options();
    settings.session_settings = std::move(session);
    return settings;
}

Task<std::unique_ptr<Executor>> connect_loopback(Reactor& reactor, std::string user,
                                                 std::string database,
                                                 remote::SessionSettings session) {
    cancel_sessions_at_exit();
    co_return co_await remote::connect(
        reactor, loopback_settings(std::move(user), std::move(database), std::move(session)),
        reactor.host().now() + connect_timeout);
}

}  // namespace mad::pg
