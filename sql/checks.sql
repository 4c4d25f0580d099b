-- Finding out whether all is in order: for deployments, health checks and people.

CREATE FUNCTION mad_migrate.refuse_unmanaged(branch text, databases text[] DEFAULT NULL)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_refuse_unmanaged';
COMMENT ON FUNCTION mad_migrate.refuse_unmanaged IS
    'Fails if one of the branch''s databases has tables, but no version of any branch';

CREATE FUNCTION mad_migrate.ensure_migrated(
    branch text,
    database text DEFAULT NULL,
    OUT database text,
    OUT from_revisions text[],
    OUT to_revisions text[],
    OUT steps int,
    OUT status text,
    OUT duration interval,
    OUT error text)
RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT mad_migrate.refuse_unmanaged($1, CASE WHEN $2 IS NOT NULL THEN ARRAY[$2] END);
    SELECT * FROM mad_migrate.upgrade($1, databases => CASE WHEN $2 IS NOT NULL THEN ARRAY[$2] END);
$$;
COMMENT ON FUNCTION mad_migrate.ensure_migrated IS
    'upgrade to head, but not where tables were made without a version: those are to be stamped first';

CREATE FUNCTION mad_migrate.is_up_to_date(branch text DEFAULT NULL) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT NOT EXISTS (SELECT FROM mad_migrate.status($1) s
                        WHERE s.status <> 'up to date' AND s.kind <> 'pooled')
$$;
COMMENT ON FUNCTION mad_migrate.is_up_to_date IS
    'Whether every database of the branch, or of all branches, is at head; makes no connection';

CREATE FUNCTION mad_migrate.schema_version(branch text) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT nullif(array_to_string(s.revisions, ','), '') FROM mad_migrate.status($1) s
     WHERE s.kind IN ('main', 'template')
$$;
COMMENT ON FUNCTION mad_migrate.schema_version IS
    'The heads of the branch''s one database, or of its template, joined with commas; makes no connection';

CREATE FUNCTION mad_migrate.validate(
    branch text,
    OUT database text,
    OUT revision text,
    OUT problem text)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_validate';
COMMENT ON FUNCTION mad_migrate.validate IS
    'A row for all that is not in order: scripts that no longer parse, versions without a script, scripts edited after they ran, steps half-way';
