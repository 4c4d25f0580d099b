-- Moving databases up and down.

CREATE FUNCTION mad_migrate.upgrade(
    branch text,
    target text DEFAULT 'head',
    databases text[] DEFAULT NULL,
    jobs int DEFAULT NULL,
    on_error text DEFAULT 'raise',
    max_failures int DEFAULT NULL,
    dry_run boolean DEFAULT false,
    OUT database text,
    OUT from_revisions text[],
    OUT to_revisions text[],
    OUT steps int,
    OUT status text,
    OUT duration interval,
    OUT error text)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_upgrade';
COMMENT ON FUNCTION mad_migrate.upgrade IS
    'Runs the upgrades that bring the branch''s databases to the target; the control database in the caller''s transaction';

CREATE FUNCTION mad_migrate.downgrade(
    branch text,
    target text,
    databases text[] DEFAULT NULL,
    jobs int DEFAULT NULL,
    on_error text DEFAULT 'raise',
    max_failures int DEFAULT NULL,
    dry_run boolean DEFAULT false,
    OUT database text,
    OUT from_revisions text[],
    OUT to_revisions text[],
    OUT steps int,
    OUT status text,
    OUT duration interval,
    OUT error text)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_downgrade';
COMMENT ON FUNCTION mad_migrate.downgrade IS
    'Runs the downgrades that bring the databases back to the target; of a branch with a template the databases must be named';

CREATE FUNCTION mad_migrate.stamp(
    branch text,
    target text,
    databases text[] DEFAULT NULL,
    purge boolean DEFAULT false,
    OUT database text,
    OUT from_revisions text[],
    OUT to_revisions text[],
    OUT steps int,
    OUT status text,
    OUT duration interval,
    OUT error text)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_stamp';
COMMENT ON FUNCTION mad_migrate.stamp IS
    'Rewrites the version rows without running any script; with purge, whatever they hold now';

CREATE PROCEDURE mad_migrate.run_upgrade(
    branch text,
    target text DEFAULT 'head',
    databases text[] DEFAULT NULL,
    jobs int DEFAULT NULL,
    on_error text DEFAULT 'raise',
    max_failures int DEFAULT NULL,
    dry_run boolean DEFAULT false)
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_run_upgrade';
COMMENT ON PROCEDURE mad_migrate.run_upgrade IS
    'upgrade outside the caller''s transaction: each step is its own, and scripts may hold statements that cannot run in one';

CREATE PROCEDURE mad_migrate.run_downgrade(
    branch text,
    target text,
    databases text[] DEFAULT NULL,
    jobs int DEFAULT NULL,
    on_error text DEFAULT 'raise',
    max_failures int DEFAULT NULL,
    dry_run boolean DEFAULT false)
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_run_downgrade';
COMMENT ON PROCEDURE mad_migrate.run_downgrade IS
    'downgrade outside the caller''s transaction';

CREATE FUNCTION mad_migrate.resolve(branch text, database text, outcome text)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_resolve';
COMMENT ON FUNCTION mad_migrate.resolve IS
    'Says what a person found of the statement at which a script stands still in a database: done, or retry';

CREATE FUNCTION mad_migrate.ensure_version(branch text, databases text[] DEFAULT NULL)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_ensure_version';
COMMENT ON FUNCTION mad_migrate.ensure_version IS
    'Creates the branch''s version table where it is missing';

CREATE FUNCTION mad_migrate.plan(
    branch text,
    target text DEFAULT 'head',
    direction text DEFAULT 'upgrade',
    from_revisions text[] DEFAULT NULL,
    database text DEFAULT NULL,
    OUT step int,
    OUT revision text,
    OUT direction text,
    OUT transactional boolean,
    OUT deletes text[],
    OUT inserts text[],
    OUT heads text[])
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_plan';
COMMENT ON FUNCTION mad_migrate.plan IS
    'The steps that upgrade, downgrade or stamp would take, with the change of version rows of each and the rows after it';

CREATE FUNCTION mad_migrate.upgrade_sql(branch text, target text DEFAULT 'head')
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_upgrade_sql';
COMMENT ON FUNCTION mad_migrate.upgrade_sql IS
    'The upgrade as a script for psql, from nothing or, with ''from:to'', from a revision';

CREATE FUNCTION mad_migrate.downgrade_sql(branch text, target text)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_downgrade_sql';
COMMENT ON FUNCTION mad_migrate.downgrade_sql IS
    'The downgrade ''from:to'' as a script for psql';
