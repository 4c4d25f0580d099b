-- What a script that fails leaves in another database: nothing of a transaction; of statements that
-- cannot run in one, those before it, and the next call goes on where the last one stopped.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set control :DBNAME
CREATE DATABASE regress_mad_main TEMPLATE template0 ENCODING 'UTF8';
SELECT mad_migrate.create_branch('fragile', database => 'regress_mad_main');

SELECT mad_migrate.add_script('fragile', $script$/*
Jobs

Revision ID: 001_jobs
Revises:
*/

-- migrate:upgrade
CREATE TYPE status AS ENUM ('new', 'done');
CREATE TABLE jobs (id int, status status);
INSERT INTO jobs VALUES (1, 'new'), (1, 'done'), (2, 'done');

-- migrate:downgrade
DROP TABLE jobs;
DROP TYPE status;
$script$, '001_jobs.sql');
SELECT mad_migrate.add_script('fragile', $script$/*
Breaks in the middle

Revision ID: 002_breaks
Revises: 001_jobs
*/

-- migrate:upgrade
CREATE TABLE half (id int);

ALTER TABLE jobs
    ADD COLUMN owner text,
    DROP COLUMN nowhere;
CREATE TABLE never (id int);

-- migrate:downgrade
DROP TABLE never, half;
$script$, '002_breaks.sql');

-- The first revision was a transaction of its own, so it stays; of the second nothing does.
SELECT * FROM mad_migrate.upgrade('fragile');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.status('fragile');
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('fragile', on_error => 'report');
\c regress_mad_main
SHOW mad_revision.fragile;
SELECT * FROM mad_migrate.alembic_version_fragile;
SELECT revision, direction, finished_at IS NOT NULL AS finished FROM mad_migrate.history ORDER BY id;
SELECT to_regclass('half'), to_regclass('never');

-- An error with a position is told with the line it stands in, not only the statement's.
\c :control
SELECT mad_migrate.add_script('fragile', $script$/*
Breaks in the middle

Revision ID: 002_breaks
Revises: 001_jobs
*/

-- migrate:upgrade
CREATE TABLE half (id int);
SELECT 'größer',
       id,
       nothing
  FROM jobs;

-- migrate:downgrade
DROP TABLE half;
$script$, '002_breaks.sql');
SELECT * FROM mad_migrate.upgrade('fragile');

-------------------------------------------------------------------------------------------------
-- Statements that cannot run in a transaction
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.remove_script('fragile', '002_breaks');
-- A failure of what is no more is none of its successor.
SELECT mad_migrate.revision('fragile', 'Does not break', rev_id => '002_holds', sql => '', downgrade_sql => '') IS NOT NULL AS added;
SELECT status, problem FROM mad_migrate.status('fragile');
SELECT mad_migrate.remove_script('fragile', '002_holds');
SELECT mad_migrate.add_script('fragile', $script$/*
Unique ids

Revision ID: 002_unique
Revises: 001_jobs
*/

-- migrate:upgrade
CREATE TABLE before (id int);
CREATE UNIQUE INDEX CONCURRENTLY jobs_id ON jobs (id);
CREATE TABLE after (id int);

-- migrate:downgrade
DROP INDEX CONCURRENTLY jobs_id;
DROP TABLE before, after;
$script$, '002_unique.sql');
SELECT step, revision, transactional FROM mad_migrate.plan('fragile');
SELECT * FROM mad_migrate.upgrade('fragile');
SELECT * FROM mad_migrate.current('fragile');

-- What was done stays and is on record; the index is INVALID.
\c regress_mad_main
SELECT to_regclass('before'), to_regclass('after');
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'jobs'::regclass;
SELECT revision, direction, statements, statements_done, statement_started, finished_at FROM mad_migrate.history
 WHERE finished_at IS NULL;
SHOW mad_revision.fragile;

-- As long as nothing is mended, the same statement fails again; elsewhere it does not go.
\c :control
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('fragile', on_error => 'report');
SELECT * FROM mad_migrate.downgrade('fragile', 'base');
-- A script of which some statements are done is not edited.
SELECT mad_migrate.add_script('fragile', replace(script, 'before', 'earlier'), filename)
  FROM mad_migrate.script WHERE branch = 'fragile' AND revision = '002_unique';

-- Mended, the next call begins at the failed statement, for which the INVALID index makes room.
\c regress_mad_main
UPDATE jobs SET id = 3 WHERE status = 'new';
\c :control
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('fragile');
\c regress_mad_main
SELECT to_regclass('before'), to_regclass('after');
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'jobs'::regclass;
SELECT revision, direction, statements, statements_done, statement_started, finished_at IS NOT NULL AS finished
  FROM mad_migrate.history ORDER BY id;
SHOW mad_revision.fragile;

-- A value added to an enum may be used only after it is committed, so by the next statement of a script that runs statement by statement.
\c :control
SELECT mad_migrate.add_script('fragile', $script$/*
Failed jobs

Revision ID: 003_failed
Revises: 002_unique
*/

-- migrate:upgrade
ALTER TYPE status ADD VALUE 'failed';
UPDATE jobs SET status = lower('FAILED')::status WHERE id = 1;

-- migrate:downgrade
SELECT 1;
$script$, '003_failed.sql');
SELECT * FROM mad_migrate.upgrade('fragile');
SELECT mad_migrate.add_script('fragile', replace(script, E'002_unique\n', E'002_unique\nTransaction: off\n'), filename)
  FROM mad_migrate.script WHERE branch = 'fragile' AND revision = '003_failed';
SELECT step, revision, transactional FROM mad_migrate.plan('fragile');
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('fragile');
\c regress_mad_main
SELECT * FROM jobs ORDER BY id, status;
\c :control
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.downgrade('fragile', 'base');
\c regress_mad_main
SELECT revision, direction, statements, statements_done FROM mad_migrate.history ORDER BY id OFFSET 2;
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace;

\c :control
DROP DATABASE regress_mad_main;
SELECT mad_migrate.drop_branch('fragile');
DROP EXTENSION mad_migrate CASCADE;
