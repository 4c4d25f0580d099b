// A branch's template as the caller's own session sees it, by statements that are planned once.
#include "server/catalog_template.hpp"

#include "server/spi.hpp"

namespace mad::pg {

namespace {

constinit Prepared state_statement(R"(
SELECT mad_migrate.foreign_keeper(b.template),
       d.oid IS NOT NULL AND (mad_migrate.published_version(b.template, b.branch) IS NOT NULL
                              OR NOT EXISTS (SELECT FROM mad_migrate.script s WHERE s.branch = b.branch)),
       coalesce(d.datallowconn, false),
       b.owner::regrole
  FROM mad_migrate.branch b LEFT JOIN pg_database d ON d.datname = b.template::name
 WHERE b.branch = $1)");

constinit Prepared clone_name_statement(R"(
SELECT format('mad_pool_%s_%s', database, nextval('mad_migrate.pool_number')) FROM mad_migrate.control)");

constinit Prepared bytes_statement("SELECT pg_database_size($1::name)");

// What the template's owner has, the clone's owner has anyway. A list of names is stored as it was
// written, and would be taken for one name.
constinit Prepared dressing_statement(R"sql(
WITH source AS (SELECT * FROM pg_database WHERE datname = $1::name),
setting AS (
    SELECT split_part(entry, '=', 1) AS name, substr(entry, strpos(entry, '=') + 1) AS value
      FROM source JOIN pg_db_role_setting s ON s.setdatabase = source.oid AND s.setrole = 0
     CROSS JOIN unnest(s.setconfig) entry),
statement (place, text) AS (
    SELECT 1, format('REVOKE ALL ON DATABASE %I FROM PUBLIC;', $2) FROM source WHERE datacl IS NOT NULL
    UNION ALL
    SELECT 2, format('GRANT %s ON DATABASE %I TO %s%s;', a.privilege_type, $2,
                     CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                     CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
      FROM source CROSS JOIN aclexplode(source.datacl) a WHERE a.grantee <> source.datdba
    UNION ALL
    SELECT 3, CASE WHEN name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                                 'session_preload_libraries')
              THEN format('SELECT pg_catalog.set_config(%L, %L, true); ALTER DATABASE %I SET %s FROM CURRENT;'
                          ' SET LOCAL search_path = pg_catalog, pg_temp;', name, value, $2, name)
              ELSE format('ALTER DATABASE %I SET %s TO %L;', $2,
                          (SELECT string_agg(quote_ident(part), '.') FROM regexp_split_to_table(name, '[.]') part),
                          value)
              END
      FROM setting)
SELECT string_agg(text, ' ' ORDER BY place) FROM statement)sql");

}  // namespace

TemplateState CatalogTemplate::state() {
    const Row row = state_statement({branch_}).at(0);
    return {row.at(0), row.at(1) == "t", row.at(2) == "t", row.at(3).value()};
}

std::int64_t CatalogTemplate::bytes() {
    return std::stoll(bytes_statement({database_}).at(0).at(0).value());
}

std::string CatalogTemplate::clone_name() {
    return clone_name_statement({}).at(0).at(0).value();
}

std::string CatalogTemplate::dressing(const std::string& clone) {
    return dressing_statement({database_, clone}).at(0).at(0).value_or("");
}

}  // namespace mad::pg
