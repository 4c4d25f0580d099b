// What a failed CREATE INDEX CONCURRENTLY leaves behind.
#include "engine/index_build.hpp"

#include "core/format.hpp"
#include "core/quote.hpp"

namespace mad {

namespace {

/// Its qualified name and whether it is valid; no row where there is none. The table is looked up
/// in the branch's search path, where anybody may have made operators.
std::string find_index_sql(const IndexBuild& build) {
    return mad::format(
        R"(SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), i.indisvalid
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({})::pg_catalog.oid
   AND c.relname OPERATOR(pg_catalog.=) {}::pg_catalog.name)",
        quote_literal(build.table), quote_literal(build.index));
}

}  // namespace

Task<bool> clear_index_build(Executor& database, const IndexBuild& build) {
    const Rows rows = co_await database.run_alone(find_index_sql(build));
    if (rows.empty()) co_return false;
    if (rows[0].at(1) == "t") co_return true;
    co_await database.run("DROP INDEX CONCURRENTLY " + rows[0].at(0).value());
    co_return false;
}

Task<bool> is_built(Executor& database, const IndexBuild& build) {
    const Rows rows = co_await database.run_alone(find_index_sql(build));
    co_return !rows.empty() && rows[0].at(1) == "t";
}

}  // namespace mad
