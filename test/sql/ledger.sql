-- What a run leaves on record, how it is stopped, rehearsed and watched, and who is called on its way.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set control :DBNAME
-- One after the other, so that all comes in order.
SET mad_migrate.jobs = 1;
SET client_min_messages = warning;
SELECT mad_migrate.create_branch('fleet', template => 'regress_mad_template', database_pattern => 'regress_mad_{org_id}');
SELECT mad_migrate.add_scripts('fleet', ARRAY[
    E'/*\nOne\n\nRevision ID: 001_one\nRevises:\n*/\n-- migrate:upgrade\nCREATE TABLE one (id int);\n-- migrate:downgrade\nDROP TABLE one;\n',
    E'/*\nTwo\n\nRevision ID: 002_two\nRevises: 001_one\n*/\n-- migrate:upgrade\nCREATE TABLE two ();\n-- migrate:downgrade\nDROP TABLE two;\n'],
    ARRAY['001_one.sql', '002_two.sql']);
SELECT count(*) FROM mad_migrate.upgrade('fleet', '001_one');
CREATE DATABASE regress_mad_a TEMPLATE regress_mad_template;
CREATE DATABASE regress_mad_b TEMPLATE regress_mad_template;
CREATE DATABASE regress_mad_c TEMPLATE regress_mad_template;
INSERT INTO mad_migrate.registry (branch, database, organization) VALUES
    ('fleet', 'regress_mad_a', 'a'), ('fleet', 'regress_mad_b', 'b'), ('fleet', 'regress_mad_c', 'c');

-------------------------------------------------------------------------------------------------
-- The ledger
-------------------------------------------------------------------------------------------------
SELECT database, status FROM mad_migrate.upgrade('fleet');
CREATE VIEW runs AS SELECT run, direction, target, dry_run, status, jobs, databases, done, failed, skipped, remaining,
       started_by = session_user AS by_me, finished_at >= started_at AS ended FROM mad_migrate.run ORDER BY run;
CREATE VIEW run_databases AS SELECT run, database, status, from_revisions, to_revisions, steps, attempts,
       finished_at >= started_at AS ended, sqlstate, message FROM mad_migrate.run_database ORDER BY run, database COLLATE "C";
SELECT * FROM runs;
SELECT * FROM run_databases;
SELECT * FROM mad_migrate.progress;
-- It survives the caller's rollback, and each step in a database knows its run.
BEGIN;
SELECT database, status FROM mad_migrate.downgrade('fleet', '001_one', databases => '{regress_mad_a}');
ROLLBACK;
SELECT * FROM runs OFFSET 2;
\c regress_mad_a
SELECT revision, direction, run FROM mad_migrate.history ORDER BY id;
\c :control
SET mad_migrate.jobs = 1;
SET client_min_messages = warning;

-- A run in the caller's transaction alone is the caller's to record.
SELECT database = current_database() AS here, status FROM mad_migrate.upgrade('metadata');
SELECT count(*) FROM mad_migrate.run;

-- Nothing to do, so no connection and no run: a database that takes none does no harm.
SELECT database, status FROM mad_migrate.upgrade('fleet');
ALTER DATABASE regress_mad_b ALLOW_CONNECTIONS false;
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet');
SELECT count(*) FROM mad_migrate.run;
-- But to name a database is to have it looked at.
SELECT database, status, split_part(error, E'\n', 1) AS error
  FROM mad_migrate.upgrade('fleet', databases => '{regress_mad_b}', on_error => 'report');
ALTER DATABASE regress_mad_b ALLOW_CONNECTIONS true;

-- What is published wrongly or not at all is put right from the version table.
ALTER DATABASE regress_mad_a RESET mad_revision.fleet;
ALTER DATABASE regress_mad_c SET mad_revision.fleet = '001_one';
SELECT database, revisions FROM mad_migrate.status('fleet');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet');
SELECT database, revisions FROM mad_migrate.status('fleet');
ALTER DATABASE regress_mad_c SET mad_revision.fleet = '002_two,gone';
SELECT database, status FROM mad_migrate.upgrade('fleet', databases => '{regress_mad_c}');
SELECT database, revisions FROM mad_migrate.status('fleet') WHERE database = 'regress_mad_c';

-------------------------------------------------------------------------------------------------
-- Failures
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_script('fleet', E'/*\nThree\n\nRevision ID: 003_three\nRevises: 002_two\n*/\n-- migrate:upgrade\nALTER TABLE one ADD UNIQUE (id);\n-- migrate:downgrade\nALTER TABLE one DROP CONSTRAINT one_id_key;\n', '003_three.sql');
\c regress_mad_a
INSERT INTO one VALUES (1), (1);
\c regress_mad_c
INSERT INTO one VALUES (2), (2);
\c :control
SET mad_migrate.jobs = 1;
SET client_min_messages = error;
-- A rehearsal tells what would fail, and changes nothing.
SELECT database, from_revisions, to_revisions, steps, status, error
  FROM mad_migrate.upgrade('fleet', on_error => 'report', dry_run => true);
SELECT database, revisions, status FROM mad_migrate.status('fleet');
SELECT * FROM runs ORDER BY run DESC LIMIT 1;
SELECT database, status, attempts, sqlstate, message, detail, context FROM mad_migrate.run_database
 WHERE run = (SELECT max(run) FROM mad_migrate.run) ORDER BY database COLLATE "C";
SELECT * FROM mad_migrate.upgrade('fleet', dry_run => true);
\echo :LAST_ERROR_SQLSTATE
-- So many failures are enough.
SELECT database, steps, status FROM mad_migrate.upgrade('fleet', on_error => 'report', max_failures => 1);
-- A failure is told of only while the database is where it failed: another tool may have moved it.
ALTER DATABASE regress_mad_a SET mad_revision.fleet = '001_one';
SELECT database, revisions, status, problem FROM mad_migrate.status('fleet') WHERE database = 'regress_mad_a';
ALTER DATABASE regress_mad_a SET mad_revision.fleet = '002_two';
SELECT database, revisions, status, problem FROM mad_migrate.status('fleet') WHERE database = 'regress_mad_a';
SELECT * FROM runs ORDER BY run DESC LIMIT 1;
SELECT database, status, attempts, sqlstate FROM mad_migrate.run_database
 WHERE run = (SELECT max(run) FROM mad_migrate.run) ORDER BY database COLLATE "C";
SELECT * FROM mad_migrate.upgrade('fleet', max_failures => 0);
SELECT * FROM mad_migrate.upgrade('fleet', max_failures => -1);
-- The others are done; the next call does what is left.
SELECT database, from_revisions, to_revisions, steps, status, split_part(error, E'\n', 1) AS error
  FROM mad_migrate.upgrade('fleet', on_error => 'report');
SELECT * FROM runs ORDER BY run DESC LIMIT 1;
SELECT * FROM mad_migrate.upgrade('fleet');
\c regress_mad_a
TRUNCATE one;
\c regress_mad_c
TRUNCATE one;
\c :control
-- What the caller is told: a line for each database, numbered.
\setenv PGDATABASE :DBNAME
\! psql -XAt -c "SET mad_migrate.jobs = 1" -c "SELECT database, status FROM mad_migrate.upgrade('fleet')" 2>&1 | sed -E 's/[0-9]+ ms/N ms/'
SET mad_migrate.jobs = 1;
SELECT database, status FROM mad_migrate.downgrade('fleet', '-1', databases => '{regress_mad_a}');
SET client_min_messages = warning;
-- A rehearsal in the caller's own transaction
SELECT mad_migrate.create_branch('own');
SELECT mad_migrate.add_script('own', E'/*\nOne\n\nRevision ID: 001_own\nRevises:\n*/\n-- migrate:upgrade\nCREATE TABLE own ();\n-- migrate:downgrade\nDROP TABLE own;\n', '001_own.sql');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('own', dry_run => true);
SELECT to_regclass('own');
SELECT revision FROM mad_migrate.current('own');
-- It ends where nothing could be rolled back, and says so.
SELECT mad_migrate.add_script('own', E'/*\nTwo\n\nRevision ID: 002_own\nRevises: 001_own\n*/\n-- migrate:upgrade\nVACUUM own;\n-- migrate:downgrade\nSELECT 1;\n', '002_own.sql');
SET client_min_messages = notice;
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('own', dry_run => true);
BEGIN;
SELECT status FROM mad_migrate.upgrade('own', '001_own');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('own', dry_run => true);
ROLLBACK;
SET client_min_messages = warning;
SELECT mad_migrate.remove_script('own', '002_own');

-------------------------------------------------------------------------------------------------
-- Hooks
-------------------------------------------------------------------------------------------------
CREATE ROLE regress_mad_owner;
CREATE TABLE events (id int GENERATED ALWAYS AS IDENTITY, who name, event jsonb);
GRANT INSERT ON events TO regress_mad_owner;
CREATE FUNCTION note(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.events (who, event) VALUES (current_user, event) $$;
CREATE FUNCTION refuse(event jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'not on a Friday' USING ERRCODE = 'MMX01', DETAIL = 'It is Friday.', HINT = 'Wait.'; END $$;
CREATE FUNCTION unfit(event text) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION unfit_too(event jsonb, more int) RETURNS void LANGUAGE sql AS '';
SELECT mad_migrate.alter_branch('own', owner => 'regress_mad_owner');
GRANT CREATE ON SCHEMA public TO regress_mad_owner;
SELECT mad_migrate.add_hook(event, branch, 'note')
  FROM unnest('{before_run,after_run,before_revision,after_revision,on_failure,after_provision,before_deprovision}'::text[]) event,
       unnest('{fleet,own}'::text[]) branch;
SELECT mad_migrate.add_hook('before_run', 'own', 'note');
SELECT event, branch, function, added_by = session_user AS by_me FROM mad_migrate.hook ORDER BY branch, event;
SELECT status FROM mad_migrate.upgrade('own');
SELECT database, status FROM mad_migrate.upgrade('fleet');
SELECT who = session_user AS by_me, event - 'run' - 'environment' AS event, event ? 'run' AS recorded FROM events WHERE event->>'branch' = 'fleet' ORDER BY id;
SELECT who, event - 'environment' - 'database' AS event, event->>'database' = current_database() AS here FROM events WHERE event->>'branch' = 'own' ORDER BY id;
TRUNCATE events;
-- A rehearsal says what it is, and no hook is called for its steps.
SELECT status FROM mad_migrate.downgrade('own', 'base', dry_run => true);
SELECT event->>'event' AS event, event->'dry_run' AS dry_run FROM events ORDER BY id;
TRUNCATE events;
-- A failure
SELECT mad_migrate.add_script('own', E'/*\nTwo\n\nRevision ID: 002_own\nRevises: 001_own\n*/\n-- migrate:upgrade\nSELECT nothing;\n-- migrate:downgrade\nSELECT 1;\n', '002_own.sql');
SELECT status FROM mad_migrate.upgrade('own', on_error => 'report');
SELECT event - 'environment' - 'database' AS event FROM events ORDER BY id;
SELECT mad_migrate.remove_script('own', '002_own');
TRUNCATE events;

-- A hook before something can refuse it.
SELECT mad_migrate.add_hook('before_revision', 'fleet', 'refuse');
SELECT * FROM mad_migrate.downgrade('fleet', '-1', databases => '{regress_mad_a}');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.remove_hook('before_revision', 'fleet', 'refuse');
SELECT mad_migrate.add_hook('before_run', 'fleet', 'refuse');
SELECT * FROM mad_migrate.downgrade('fleet', '-1', databases => '{regress_mad_a}', on_error => 'report');
SELECT status, databases, done, failed, remaining FROM mad_migrate.run ORDER BY run DESC LIMIT 1;
SELECT mad_migrate.remove_hook('before_run', 'fleet', 'refuse');
SELECT database, revisions FROM mad_migrate.status('fleet') WHERE database = 'regress_mad_a';
-- One after something cannot.
SELECT mad_migrate.add_hook('after_revision', 'fleet', 'refuse');
SELECT mad_migrate.add_hook('after_run', 'fleet', 'refuse');
SELECT database, status FROM mad_migrate.downgrade('fleet', '-1', databases => '{regress_mad_a}');
SELECT mad_migrate.remove_hook('after_revision', 'fleet', 'refuse');
SELECT mad_migrate.remove_hook('after_run', 'fleet', 'refuse');

-- Not just anything is a hook.
SELECT mad_migrate.add_hook('during_run', 'own', 'note');
SELECT mad_migrate.add_hook('before_run', 'nowhere', 'note');
SELECT mad_migrate.add_hook('before_run', 'own', 'unfit');
SELECT mad_migrate.add_hook('before_run', 'own', 'unfit_too');
SELECT mad_migrate.add_hook('before_run', 'own', 'missing');
SELECT mad_migrate.add_hook('before_run', 'own', NULL);
REVOKE EXECUTE ON FUNCTION refuse FROM PUBLIC;
SELECT mad_migrate.add_hook('before_run', 'own', 'refuse');
SELECT mad_migrate.remove_hook('before_run', 'own', 'refuse');
SELECT mad_migrate.remove_hook('during_run', 'own', 'note');
SELECT mad_migrate.remove_hook('before_run', 'own', 'missing');
SELECT mad_migrate.remove_hook('before_run', 'own', 'note, note');

-------------------------------------------------------------------------------------------------
-- Forgetting
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.purge_runs('1 hour');
SELECT mad_migrate.purge_runs(NULL);
-- The last word on a database in trouble is kept: here that it is half-way, and that it could not be reached since.
\c regress_mad_a
INSERT INTO one VALUES (1), (1);
\c :control
SET mad_migrate.jobs = 1;
SET client_min_messages = error;
SELECT mad_migrate.add_script('fleet', E'/*\nFour\n\nRevision ID: 004_four\nRevises: 002_two\n*/\n-- migrate:upgrade\nCREATE TABLE four ();\nCREATE UNIQUE INDEX CONCURRENTLY four_id ON one (id);\n-- migrate:downgrade\nDROP INDEX four_id;\nDROP TABLE four;\n', '004_four.sql');
SELECT database, status FROM mad_migrate.upgrade('fleet', '004_four', databases => '{regress_mad_a}', on_error => 'report');
ALTER DATABASE regress_mad_a ALLOW_CONNECTIONS false;
SELECT database, status FROM mad_migrate.upgrade('fleet', '004_four', databases => '{regress_mad_a}', on_error => 'report');
ALTER DATABASE regress_mad_a ALLOW_CONNECTIONS true;
SELECT max(run) AS last FROM mad_migrate.run \gset
-- A target that is not there says nothing of the database.
SELECT mad_migrate.upgrade('fleet', '+7', databases => '{regress_mad_a}');
\echo :LAST_ERROR_SQLSTATE
SELECT sqlstate FROM mad_migrate.run_database WHERE run = :last + 1;
SELECT status, problem FROM mad_migrate.status('fleet') WHERE database = 'regress_mad_a';
SELECT mad_migrate.purge_runs('0') > 0 AS purged;
-- The first two tell that databases are no longer where older runs, which go only now, say they failed.
SELECT run - :last AS run, status FROM mad_migrate.run ORDER BY 1;
SELECT status, problem FROM mad_migrate.status('fleet') WHERE database = 'regress_mad_a';
SELECT mad_migrate.remove_script('fleet', '004_four');
-- So it is while it is put aside.
BEGIN;
SELECT mad_migrate.deprovision_org('a', branch => 'fleet') > now() AS put_aside;
SELECT mad_migrate.purge_runs('0');
SELECT mad_migrate.remove_script('fleet', '004_four');
ROLLBACK;
-- Out of trouble, it is forgotten too, once nothing older is left that says otherwise.
\c regress_mad_a
TRUNCATE one;
\c :control
SET mad_migrate.jobs = 1;
SET client_min_messages = error;
CALL mad_migrate.run_upgrade('fleet', '004_four', databases => ARRAY['regress_mad_a']);
SELECT * FROM run_databases WHERE run > :last + 1;
SELECT mad_migrate.purge_runs('0');
SELECT run > :last AS later, status FROM mad_migrate.run;
SELECT mad_migrate.purge_runs('0');
SELECT count(*) FROM mad_migrate.run_database;
-- Numbers may be larger than an integer.
SELECT setval('mad_migrate.run_entry_run_seq', 2147483647);
SELECT database, status FROM mad_migrate.downgrade('fleet', '001_one', databases => '{regress_mad_c}');
SELECT run, status FROM mad_migrate.run;
SELECT mad_migrate.purge_runs('0');
SELECT mad_migrate.hold_run(run) FROM unnest('{1, 2147483648, 4294967295}'::bigint[]) AS run;
SELECT * FROM mad_migrate.living_run ORDER BY run;
SELECT pg_advisory_unlock_all();
-- Nor is there a last word on a database that is gone.
ALTER DATABASE regress_mad_b ALLOW_CONNECTIONS false;
SELECT database, status FROM mad_migrate.downgrade('fleet', '001_one', databases => '{regress_mad_b}', on_error => 'report');
SELECT mad_migrate.purge_runs('0');
DROP DATABASE regress_mad_b;
SELECT mad_migrate.purge_runs('0');

DROP DATABASE regress_mad_a;
DROP DATABASE regress_mad_c;
DROP DATABASE regress_mad_template;
DROP VIEW runs, run_databases;
SELECT mad_migrate.drop_branch('fleet');
SELECT status FROM mad_migrate.downgrade('metadata', 'base');
DROP EXTENSION mad_migrate CASCADE;
DROP TABLE own, events;
DROP FUNCTION note, refuse, unfit, unfit_too;
DROP OWNED BY regress_mad_owner;
DROP ROLE regress_mad_owner;
