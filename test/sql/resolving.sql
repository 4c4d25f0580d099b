-- resolve(): a person says what became of the statement at which a script stands still
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
CREATE DATABASE regress_mad_halfway;
SELECT mad_migrate.create_branch('halfway', database => 'regress_mad_halfway');
SELECT mad_migrate.add_script('halfway', $script$/*
Half-way

Revision ID: 001_halfway
Transaction: off
*/
-- migrate:upgrade
CREATE TABLE log (line text);
CREATE PROCEDURE note(line text) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (line); COMMIT; END $$;
CALL note(current_setting('regress.line'));
INSERT INTO log VALUES ('last');
-- migrate:downgrade
DROP PROCEDURE note;
DROP TABLE log;
$script$, '001.sql');
\set control :DBNAME

-- Nothing stands still yet, and only two answers are known.
SELECT mad_migrate.resolve('halfway', 'regress_mad_halfway', 'maybe');
SELECT mad_migrate.resolve('halfway', 'nowhere', 'done');
SELECT mad_migrate.ensure_version('halfway');
SELECT mad_migrate.resolve('halfway', 'regress_mad_halfway', 'done');

-- The third statement fails; a person does by hand what it was to do.
SELECT status, split_part(error, E'\n', 1) AS error FROM mad_migrate.upgrade('halfway', on_error => 'report');
SELECT status, problem FROM mad_migrate.status('halfway');
-- A run that could not look into the database does not make it forgotten.
ALTER DATABASE regress_mad_halfway ALLOW_CONNECTIONS false;
SELECT status FROM mad_migrate.upgrade('halfway', on_error => 'report');
-- Its script is needed as long as it stands still, which is known without a connection.
SELECT mad_migrate.remove_script('halfway', '001_halfway');
\echo :LAST_ERROR_SQLSTATE
ALTER DATABASE regress_mad_halfway ALLOW_CONNECTIONS true;
SELECT mad_migrate.resolve('halfway', 'regress_mad_halfway', 'done');
SELECT status, to_revisions FROM mad_migrate.upgrade('halfway');
\c regress_mad_halfway
SELECT * FROM log;
\c :control
SET client_min_messages = warning;
SELECT status FROM mad_migrate.downgrade('halfway', 'base');

-- A crash left it unknown whether the third statement was completed: the next call asks.
SELECT status FROM mad_migrate.upgrade('halfway', on_error => 'report');
\c regress_mad_halfway
UPDATE mad_migrate.history SET statement_started = 3 WHERE finished_at IS NULL;
ALTER DATABASE regress_mad_halfway SET regress.line = 'called';
\c :control
SET client_min_messages = warning;
SELECT * FROM mad_migrate.upgrade('halfway');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.resolve('halfway', 'regress_mad_halfway', 'retry');
SELECT status, to_revisions FROM mad_migrate.upgrade('halfway');
\c regress_mad_halfway
SELECT * FROM log;
\c :control
SET client_min_messages = warning;

-- What was given up may be removed.
SELECT status FROM mad_migrate.downgrade('halfway', 'base');
ALTER DATABASE regress_mad_halfway RESET regress.line;
SELECT status FROM mad_migrate.upgrade('halfway', on_error => 'report');
BEGIN;
SELECT mad_migrate.remove_script('halfway', '001_halfway');
ROLLBACK;
SELECT status FROM mad_migrate.stamp('halfway', 'base');
BEGIN;
SELECT mad_migrate.remove_script('halfway', '001_halfway');
ROLLBACK;
SELECT status FROM mad_migrate.stamp('halfway', '001_halfway');

-- Other databases do not run what may yet be rolled back.
BEGIN;
SELECT mad_migrate.revision('halfway', 'Next', rev_id => '002_next', sql => 'CREATE TABLE next ();',
                            downgrade_sql => 'DROP TABLE next;') IS NOT NULL AS added;
SELECT * FROM mad_migrate.upgrade('halfway');
ROLLBACK;
SELECT status FROM mad_migrate.status('halfway');

-- A target that cannot be reached is no trouble of the database's.
SELECT mad_migrate.revision('halfway', 'Next', rev_id => '002_next', sql => 'CREATE TABLE next ();',
                            downgrade_sql => 'DROP TABLE next;') IS NOT NULL AS added;
SELECT status, split_part(error, E'\n', 1) AS error
  FROM mad_migrate.downgrade('halfway', '-7', on_error => 'report');
SELECT status, problem FROM mad_migrate.status('halfway');

-- A downgrade that stands still is not up to date, although the version is still the one before.
SELECT mad_migrate.add_script('halfway', $script$/*
Down

Revision ID: 003_down
Revises: 002_next
Transaction: off
*/
-- migrate:upgrade
CREATE TABLE down ();
-- migrate:downgrade
ALTER TABLE down ADD COLUMN gone int;
SELECT 1 / (SELECT count(*) FROM down);
DROP TABLE down;
$script$, '003.sql');
SELECT status FROM mad_migrate.upgrade('halfway');
SELECT status FROM mad_migrate.downgrade('halfway', '-1', on_error => 'report');
SELECT status, problem FROM mad_migrate.status('halfway');
SELECT mad_migrate.is_up_to_date('halfway');

DROP DATABASE regress_mad_halfway;
DROP EXTENSION mad_migrate CASCADE;
