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
    // By its number, for a database can be renamed.
    const Rows keeper = co_await beside.run(
        "SELECT pg_catalog.format('database \"%s\" (%s)', datname, oid) FROM "
        "pg_catalog.pg_database "
        "WHERE datname = pg_catalog.current_database()");
    co_await beside.run(mad::format(
        "COMMENT ON DATABASE {} IS {}", database,
        quote_literal(mad::format("Template of branch \"{}\", kept by mad_migrate in {}", branch,
                                  keeper.at(0).at(0).value()))));
}

/// In the branch's search path anybody may have made operators.
Task<void> have_numbers_logged(Executor& database) {
    co_await database.run(R"(
SELECT pg_catalog.setval(called.id, called.last_value)
  FROM (SELECT c.oid::pg_catalog.regclass AS id,
               CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'UPDATE')
                     AND pg_catalog.has_sequence_privilege(c.oid, 'USAGE')
                    THEN pg_catalog.pg_sequence_last_value(c.oid::pg_catalog.regclass) END AS last_value
          FROM pg_catalog.pg_class c
         WHERE c.relkind OPERATOR(pg_catalog.=) 'S'::"char") called
 WHERE called.last_value IS NOT NULL)");
}

void refuse_foreign_keeper(const Cell& keeper, std::string_view name, std::string_view branch) {
    if (!keeper) return;
    throw Failure(
        Code::foreign_template,
        mad::format("template \"{}\" of branch \"{}\" is kept by control database \"{}\"", name,
                    branch, *keeper),
        "Branches of two control databases on one server need templates and patterns of their own.",
        mad::format(
            "Drop the branch here and create it with other names; or, if database \"{}\" is "
            "not used any more, drop that, or run COMMENT ON DATABASE {} IS NULL.",
            *keeper, quote_identifier(name)));
}

Task<void> refuse_foreign_template(Executor& control, std::string name, std::string branch) {
    const Rows rows = co_await control.run(
        mad::format("SELECT mad_migrate.foreign_keeper({})", quote_literal(name)));
    refuse_foreign_keeper(rows.at(0).at(0), name, branch);
}

}  // namespace mad
