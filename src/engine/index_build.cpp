// What a failed CREATE INDEX CONCURRENTLY leaves behind.
#include "engine/index_build.hpp"

#include <fmt/format.h>

#include "core/quote.hpp"

namespace mad {

namespace {

/// Its qualified name; no row where there is none.
std::string find_invalid_index_sql(const IndexBuild& build) {
    return fmt::format(
        R"(SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indrelid = pg_catalog.to_regclass({}) AND c.relname = {} AND NOT i.indisvalid)",
        quote_literal(build.table), quote_literal(build.index));
}

}  // namespace

Task<void> drop_invalid_index(Executor& database, const Statement& statement) {
    if (!statement.builds) co_return;
    const Rows rows = co_await database.run(find_invalid_index_sql(*statement.builds));
    if (rows.empty()) co_return;
    co_await database.run("DROP INDEX CONCURRENTLY " + rows[0].at(0).value());
}

}  // namespace mad
