-- Statements that cannot run in a transaction, in the control database itself: the function refuses,
-- the procedure does them, each script for itself. And what a script may do to its session.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
SELECT mad_migrate.create_branch('own');
SELECT mad_migrate.add_scripts('own', ARRAY[
$script$/*
Jobs

Revision ID: 001_jobs
Revises:
*/
-- migrate:upgrade
CREATE TABLE jobs (id int);
INSERT INTO jobs VALUES (1), (1), (2);
-- migrate:downgrade
DROP TABLE jobs;
$script$, $script$/*
Unique

Revision ID: 002_unique
Revises: 001_jobs
*/
-- migrate:upgrade
CREATE TABLE log (at text);
INSERT INTO log VALUES ('first');
CREATE UNIQUE INDEX CONCURRENTLY jobs_id ON jobs (id);
INSERT INTO log VALUES ('third');
VACUUM jobs;
INSERT INTO log VALUES ('fifth');
-- migrate:downgrade
DROP INDEX CONCURRENTLY jobs_id;
DROP TABLE log;
$script$], ARRAY['001_jobs.sql', '002_unique.sql']);
SELECT step, revision, transactional FROM mad_migrate.plan('own');

-- The function runs in the caller's transaction, so it does nothing at all and says what to call.
SELECT * FROM mad_migrate.upgrade('own');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.current('own');
SELECT to_regclass('jobs');

-- The procedure refuses a transaction that is not its own, wherever that comes from.
BEGIN;
CALL mad_migrate.run_upgrade('own');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CREATE FUNCTION call_it() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL mad_migrate.run_upgrade('own'); END $$;
SELECT call_it();
DROP FUNCTION call_it();
DO $$ BEGIN CALL mad_migrate.run_upgrade('own', 'base'); END $$;
BEGIN;
DO $$ BEGIN CALL mad_migrate.run_upgrade('own', 'base'); END $$;
ROLLBACK;

-- Half-way: what came before the failed statement stays, the version row does not move.
CALL mad_migrate.run_upgrade('own');
SELECT * FROM mad_migrate.current('own');
SELECT * FROM log;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'jobs'::regclass;
SELECT revision, statements, statements_done, statement_started, finished_at IS NOT NULL AS finished
  FROM mad_migrate.history WHERE branch = 'own' ORDER BY id;
-- Neither the function nor another target goes past it, nor can its script be removed.
SELECT * FROM mad_migrate.upgrade('own');
SELECT * FROM mad_migrate.downgrade('own', 'base');
SELECT mad_migrate.remove_script('own', '002_unique');
\echo :LAST_ERROR_SQLSTATE
-- Mended, it goes on where it stopped: no statement runs twice, all in their order.
DELETE FROM jobs WHERE ctid = '(0,1)';
CALL mad_migrate.run_upgrade('own', '002_unique', databases => ARRAY[:'DBNAME']);
SELECT * FROM log;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'jobs'::regclass;
SELECT * FROM mad_migrate.current('own');
SELECT revision, statements, statements_done, statement_started, finished_at IS NOT NULL AS finished
  FROM mad_migrate.history WHERE branch = 'own' ORDER BY id;
CALL mad_migrate.run_upgrade('own');
SELECT * FROM mad_migrate.downgrade('own', '-1');
CALL mad_migrate.run_downgrade('own', 'base');
SELECT * FROM mad_migrate.current('own');
SELECT to_regclass('jobs'), to_regclass('log');

-- A half-way step may also be given up: stamp says where the database stands.
CALL mad_migrate.run_upgrade('own');
DROP TABLE log;
DROP INDEX jobs_id;
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('own', '001_jobs');
SELECT revision FROM mad_migrate.history WHERE branch = 'own' AND finished_at IS NULL;
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('own', 'base');
SELECT mad_migrate.remove_script('own', '002_unique');

-------------------------------------------------------------------------------------------------
-- A script's session
-------------------------------------------------------------------------------------------------
-- It begins with the branch's settings and ends with the caller's, whatever it sets itself. (RESET
-- leads to the caller's defaults here, where the session is the caller's own.)
CREATE ROLE regress_mad_owner;
CREATE SCHEMA regress_mad_app AUTHORIZATION regress_mad_owner;
SELECT mad_migrate.alter_branch('own', owner => 'regress_mad_owner', search_path => 'regress_mad_app');
CREATE TABLE seen (place text, who name, path text, lock text, environment text);
GRANT INSERT ON seen TO PUBLIC;
CREATE FUNCTION look(place text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.seen VALUES (place, current_user, current_setting('search_path'),
                                    current_setting('lock_timeout'), current_setting('mad_migrate.environment'))
$$;
SELECT mad_migrate.remove_script('own', '001_jobs');
SELECT mad_migrate.add_scripts('own', ARRAY[
$script$/*
Sets

Revision ID: 001_sets
Revises:
*/
-- migrate:upgrade
SELECT public.look('as it begins');
CREATE TABLE here (id int);
SET search_path = pg_catalog;
SET lock_timeout = 1;
SET SESSION work_mem = '1MB';
SELECT public.look('as it set');
RESET search_path;
SELECT public.look('after RESET');
RESET ALL;
SELECT public.look('after RESET ALL');
-- migrate:downgrade
DROP TABLE here;
$script$, $script$/*
The next one

Revision ID: 002_next
Revises: 001_sets
*/
-- migrate:upgrade
SELECT public.look('the next script');
CREATE TABLE there (id int);
-- migrate:downgrade
DROP TABLE there;
$script$], ARRAY['001.sql', '002.sql']);
SET search_path = public, pg_catalog;
SET lock_timeout = '7s';
SET work_mem = '3MB';
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('own');
SELECT * FROM seen;
SHOW search_path;
SHOW lock_timeout;
SHOW work_mem;
SELECT current_user = session_user AS is_caller;
SELECT schemaname, tablename, tableowner FROM pg_tables WHERE tablename IN ('here', 'there') ORDER BY tablename;
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.downgrade('own', 'base');

-- It runs as the branch's owner and cannot become the caller again.
SELECT mad_migrate.add_script('own', E'/*\nRole\n\nRevision ID: 003_role\nRevises: 002_next\n*/\n-- migrate:upgrade\nSET ROLE NONE;\n-- migrate:downgrade\nRESET ROLE;\n', '003.sql');
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('own', on_error => 'report');
SELECT mad_migrate.add_script('own', replace(script, 'SET ROLE NONE', 'RESET SESSION AUTHORIZATION'), filename)
  FROM mad_migrate.script WHERE revision = '003_role';
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('own', on_error => 'report');
SELECT mad_migrate.add_script('own', replace(script, 'RESET SESSION AUTHORIZATION', 'SELECT set_config(''role'', ''none'', false)'), filename)
  FROM mad_migrate.script WHERE revision = '003_role';
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('own', on_error => 'report');
SELECT mad_migrate.add_script('own', replace(script, 'SELECT set_config(''role'', ''none'', false)', 'DROP TABLE public.seen'), filename)
  FROM mad_migrate.script WHERE revision = '003_role';
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('own', on_error => 'report');
SELECT current_user = session_user AS is_caller;

SELECT steps FROM mad_migrate.downgrade('own', 'base');
RESET search_path;
DROP FUNCTION look;
DROP TABLE seen;
SET client_min_messages = warning;
DROP EXTENSION mad_migrate CASCADE;
DROP OWNED BY regress_mad_owner;
DROP ROLE regress_mad_owner;
