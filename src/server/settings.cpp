// The extension's configuration parameters.
#include "server/settings.hpp"

#include <climits>

#include "server/boundary.hpp"

namespace mad::pg::settings {

namespace {

// Plain variables, as the server's GUC machinery wants them; their values come with define().
char* environment_value;
char* organization_value;
char* connection_options_value;
int jobs_value;
int lock_timeout_value;
int statement_timeout_value;
bool asynchronous_commit_value;
int pool_size_value;
int clone_strategy_value;

// The server keeps the array for good, and ends it with a null.
const config_enum_entry clone_strategies[] = {
    {"auto", 0, false}, {"wal_log", 1, false}, {"file_copy", 2, false}, {nullptr, 0, false}};

void define_pool() {
    DefineCustomIntVariable("mad_migrate.pool_size", "Spare clones of a template that are kept.",
                            "0 keeps none: each organization's database is then made when it is "
                            "asked for.",
                            &pool_size_value, 4, 0, 10'000, PGC_USERSET, 0, nullptr, nullptr,
                            nullptr);
    DefineCustomEnumVariable("mad_migrate.clone_strategy",
                             "STRATEGY of the CREATE DATABASE that clones a template.",
                             "auto goes by the template's size.", &clone_strategy_value, 0,
                             clone_strategies, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

void define_texts() {
    DefineCustomStringVariable(
        "mad_migrate.environment", "Environment whose sections of a script are run.", nullptr,
        &environment_value, "development", PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("mad_migrate.org_id",
                               "Organization whose database a script is running in.",
                               "Set by mad_migrate while a script runs.", &organization_value, "",
                               PGC_USERSET, GUC_NOT_IN_SAMPLE, nullptr, nullptr, nullptr);
    DefineCustomStringVariable(
        "mad_migrate.connection_options",
        "Connection options, such as a password, for sessions in other databases.",
        "Host, port, database and user are set by mad_migrate.", &connection_options_value, "",
        PGC_SUSET, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
}

void define_switches() {
    DefineCustomBoolVariable(
        "mad_migrate.asynchronous_commit",
        "Steps in other databases commit without waiting for the disk.",
        "A database is told of as done only when all of its commits are on disk.",
        &asynchronous_commit_value, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

void define_numbers() {
    DefineCustomIntVariable("mad_migrate.jobs", "Databases that one call migrates at a time.",
                            nullptr, &jobs_value, 8, 1, 1000, PGC_USERSET, 0, nullptr, nullptr,
                            nullptr);
    DefineCustomIntVariable(
        "mad_migrate.lock_timeout", "Time to wait for a lock before a migration gives up.", nullptr,
        &lock_timeout_value, 2000, 1, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "mad_migrate.statement_timeout",
        "Time that one round trip of a migration may take in another database.",
        "0 is no limit. In the control database the session's own limit counts.",
        &statement_timeout_value, 0, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr,
        nullptr);
}

}  // namespace

void define() {
    call([] {
        define_texts();
        define_switches();
        define_numbers();
        define_pool();
        define_queue();
        MarkGUCPrefixReserved("mad_migrate");
    });
}

std::string environment() {
    return environment_value;
}

std::size_t jobs() {
    return static_cast<std::size_t>(jobs_value);
}

std::chrono::milliseconds lock_timeout() {
    return std::chrono::milliseconds(lock_timeout_value);
}

std::chrono::milliseconds statement_timeout() {
    return std::chrono::milliseconds(statement_timeout_value);
}

bool asynchronous_commit() {
    return asynchronous_commit_value;
}

std::size_t pool_size() {
    return static_cast<std::size_t>(pool_size_value);
}

std::string clone_strategy() {
    return clone_strategies[clone_strategy_value].name;
}

std::string connection_options() {
    return connection_options_value;
}

}  // namespace mad::pg::settings
