-- Plans written out as a script that psql alone runs, in a database that has no extension.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set control :DBNAME
\pset tuples_only on
\pset format unaligned
-- The folder that pg_regress writes its results to
\getenv directory PG_ABS_BUILDDIR
\cd :directory
\set script results/offline_script.sql
SELECT mad_migrate.create_branch('offline', database => 'regress_mad_offline');
SELECT mad_migrate.add_scripts('offline', ARRAY[
$script$/*
Jobs

Revision ID: 001_jobs
Revises:
*/
-- migrate:upgrade
CREATE TABLE jobs (id int, note text DEFAULT 'a;b''c'); -- the last word is a comment
-- migrate:downgrade
DROP TABLE jobs
$script$, $script$/*
Index without
a transaction

Revision ID: 002_index
Revises: 001_jobs
*/
-- migrate:upgrade
INSERT INTO jobs VALUES (1);
CREATE INDEX CONCURRENTLY jobs_id ON jobs (id);
-- migrate:downgrade
DROP INDEX CONCURRENTLY jobs_id;
DELETE FROM jobs;
$script$, $script$/*
Function

Revision ID: 003_function
Revises: 002_index
*/
-- migrate:upgrade
CREATE FUNCTION count_jobs() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM jobs);
END
$$;
-- migrate:downgrade
DROP FUNCTION count_jobs();
$script$], ARRAY['001.sql', '002.sql', '003.sql']);

-- The script of a range, without what makes the version table
SELECT mad_migrate.upgrade_sql('offline', '001_jobs:003_function');
SELECT mad_migrate.downgrade_sql('offline', '003_function:base');
-- Nothing to do is a script that does nothing.
SELECT mad_migrate.upgrade_sql('offline', 'head:head');
-- From nothing, the kit comes first.
SELECT strpos(mad_migrate.upgrade_sql('offline'), 'CREATE SCHEMA mad_migrate') > 0 AS kit,
       strpos(mad_migrate.upgrade_sql('offline', '001_jobs:head'), 'CREATE SCHEMA mad_migrate') > 0 AS kit_of_range;

-- psql runs it where the extension is not.
CREATE DATABASE regress_mad_offline TEMPLATE template0 ENCODING 'UTF8';
\o :script
SELECT mad_migrate.upgrade_sql('offline', '002_index');
\o
\c regress_mad_offline
\set ECHO none
\i :script
\set ON_ERROR_STOP off
\set ECHO all
SELECT * FROM mad_migrate.alembic_version_offline;
SHOW search_path;
\c regress_mad_offline
SHOW mad_revision.offline;
SELECT * FROM jobs;
SELECT revision, direction, length(checksum), finished_at IS NOT NULL FROM mad_migrate.history ORDER BY id;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'jobs'::regclass;
-- The extension agrees and goes on from there.
\c :control
SELECT * FROM mad_migrate.current('offline');
SELECT database, revisions, status, pending FROM mad_migrate.status('offline');
SELECT steps, from_revisions, to_revisions FROM mad_migrate.upgrade('offline');
-- Down again, offline, without the results
\o :script
SELECT mad_migrate.downgrade_sql('offline', 'head:001_jobs');
\o
\c regress_mad_offline
\setenv PGDATABASE :DBNAME
\setenv script :script
\! psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -f "$script"
SELECT * FROM mad_migrate.alembic_version_offline;
SELECT count(*) FROM jobs;
SELECT revision, direction FROM mad_migrate.history ORDER BY id;
-- A script for another start does not fit: its version rows are not there, and nothing is done.
\c :control
\o :script
SELECT mad_migrate.upgrade_sql('offline', '002_index:head');
\o
\c regress_mad_offline
\set SHOW_CONTEXT never
\set ECHO none
\i :script
\set ON_ERROR_STOP off
\set ECHO all
ROLLBACK;
SELECT * FROM mad_migrate.alembic_version_offline;
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace;
-- Nor is a statement that cannot be undone.
\c :control
SELECT from_revisions, to_revisions FROM mad_migrate.downgrade('offline', 'base');
\o :script
SELECT mad_migrate.upgrade_sql('offline', '001_jobs:002_index');
\o
\c regress_mad_offline
CREATE TABLE jobs (id int);
\set ECHO none
\i :script
\set ON_ERROR_STOP off
\set ECHO all
ROLLBACK;
SELECT * FROM jobs;
SELECT * FROM mad_migrate.alembic_version_offline;
\c :control
SELECT * FROM mad_migrate.current('offline');

-- What cannot be written
SELECT mad_migrate.downgrade_sql('offline', 'base');
SELECT mad_migrate.upgrade_sql('offline', 'a:b:c');
SELECT mad_migrate.upgrade_sql('offline', 'nothing:head');
SELECT mad_migrate.upgrade_sql('offline', '003_function:001_jobs');
SELECT mad_migrate.downgrade_sql('offline', '001_jobs:003_function');
SELECT mad_migrate.upgrade_sql('offline', '+9');
SELECT mad_migrate.upgrade_sql('nothing');

DROP DATABASE regress_mad_offline;
SELECT mad_migrate.drop_branch('offline');
DROP EXTENSION mad_migrate CASCADE;
