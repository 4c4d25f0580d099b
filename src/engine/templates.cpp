// The template database from which a branch's databases are cloned.
#include "engine/templates.hpp"

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/quote.hpp"

namespace mad {

namespace {

constexpr const char* duplicate_database = "42P04";

}  // namespace

/// template0: nobody can be connected to it, so the clone cannot be refused for that.
Task<void> ensure_template(Executor& beside, std::string name, std::string branch) {
    const std::string database = quote_identifier(name);
    try {
        co_await beside.run(mad::format(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false",
            database));
    } catch (const Failure& failure) {
        if (failure.report().sqlstate != duplicate_database) throw;
        co_return;
    }
    co_await beside.run(mad::format(
        "COMMENT ON DATABASE {} IS {}", database,
        quote_literal(mad::format("Template of branch \"{}\", kept by mad_migrate", branch))));
}

}  // namespace mad
