-- Which databases of a branch a call means, and what the caller's transaction has to do with them.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set control :DBNAME
-- One after the other, so that the rows come in order. (NOTICEs tell how long it took, so they are not shown.)
SET mad_migrate.jobs = 1;
SELECT mad_migrate.create_branch('fleet', template => 'regress_mad_template', database_pattern => 'regress_mad_{org_id}');
SELECT mad_migrate.add_scripts('fleet', ARRAY[
    E'/*\nOne\n\nRevision ID: 001_one\nRevises:\n*/\n-- migrate:upgrade\nCREATE TABLE one ();\n-- migrate:downgrade\nDROP TABLE one;\n',
    E'/*\nTwo\n\nRevision ID: 002_two\nRevises: 001_one\n*/\n-- migrate:upgrade\nCREATE TABLE two ();\n-- migrate:downgrade\nDROP TABLE two;\n'],
    ARRAY['001_one.sql', '002_two.sql']);
CREATE VIEW settings AS SELECT datname, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
 WHERE s.setrole = 0 AND datname LIKE 'regress\_mad\_%';

-- Organizations' databases are clones of the template, with its version.
SELECT database, to_revisions, steps, status FROM mad_migrate.upgrade('fleet', '001_one');
CREATE DATABASE regress_mad_a1 TEMPLATE regress_mad_template;
CREATE DATABASE regress_mad_a2 TEMPLATE regress_mad_template;
CREATE DATABASE regress_mad_b1 TEMPLATE regress_mad_template;
INSERT INTO mad_migrate.registry (branch, database, organization) VALUES
    ('fleet', 'regress_mad_a1', 'a1'), ('fleet', 'regress_mad_a2', 'a2'), ('fleet', 'regress_mad_b1', 'b1');
-- A clone carries the rows, but not the setting: the next call publishes it.
SELECT * FROM mad_migrate.status('fleet');
SELECT * FROM mad_migrate.current('fleet');
SELECT database, to_revisions, steps, status FROM mad_migrate.upgrade('fleet', '001_one');
SELECT * FROM mad_migrate.status('fleet');

-- By name, by pattern, several of them; a name with a pattern's characters means more than itself.
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet', databases => '{regress_mad_b1}');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet', databases => '{*_a?,regress_mad_b1}');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('fleet', '-1', databases => '{regress_mad_a*,regress_mad_a1}');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet');
SELECT * FROM mad_migrate.current('fleet', '{regress_mad_template,regress_mad_b1}');
SELECT step, revision, direction FROM mad_migrate.plan('fleet', 'base', 'downgrade', database => 'regress_mad_a1');

-- What matches nothing is an error before anything is done.
SELECT * FROM mad_migrate.upgrade('fleet', databases => '{regress_mad_a1,regress_mad_c*}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('fleet', databases => '{postgres}');
SELECT * FROM mad_migrate.upgrade('fleet', databases => ARRAY[NULL]);
SELECT * FROM mad_migrate.upgrade('fleet', databases => '{}');
SELECT * FROM mad_migrate.plan('fleet', database => 'nowhere');
SELECT * FROM mad_migrate.upgrade('fleet', jobs => 0);
SELECT * FROM mad_migrate.upgrade('fleet', on_error => 'ignore');

-- A downgrade can lose data, so its databases must be named.
SELECT * FROM mad_migrate.downgrade('fleet', 'base');
\echo :LAST_ERROR_SQLSTATE
CALL mad_migrate.run_downgrade('fleet', 'base');
-- So must those of a stamp, which says of each where it stands.
SELECT * FROM mad_migrate.stamp('fleet', 'base');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('fleet', '001_one', databases => '{*}');

-- Each step is a transaction of its own database: the caller's ROLLBACK does not undo it.
BEGIN;
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet');
ROLLBACK;
SELECT * FROM mad_migrate.status('fleet');
SELECT * FROM settings ORDER BY datname COLLATE "C";

-- A failure is its database's own; the error counts them and the others are done.
SELECT mad_migrate.add_script('fleet', E'/*\nThree\n\nRevision ID: 003_three\nRevises: 002_two\n*/\n-- migrate:upgrade\nCREATE TABLE three ();\n-- migrate:downgrade\nDROP TABLE three;\n', '003_three.sql');
\c regress_mad_a2
CREATE TABLE three ();
\c :control
SET mad_migrate.jobs = 1;
SET client_min_messages = warning;
SELECT * FROM mad_migrate.upgrade('fleet');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.status('fleet');
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('fleet', on_error => 'report');
\c regress_mad_a2
DROP TABLE three;
\c :control
SET mad_migrate.jobs = 1;
SET client_min_messages = warning;
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('fleet');

-- A database that is gone, or takes no connections
DROP DATABASE regress_mad_b1;
ALTER DATABASE regress_mad_a2 ALLOW_CONNECTIONS false;
SET client_min_messages = error;
SELECT * FROM mad_migrate.status('fleet');
SELECT database, from_revisions, to_revisions, steps, status, split_part(error, E'\nDETAIL', 1) AS error
  FROM mad_migrate.downgrade('fleet', '002_two', databases => '{*}', on_error => 'report');
SELECT * FROM mad_migrate.upgrade('fleet', databases => '{regress_mad_b1}');
SELECT mad_migrate.ensure_version('fleet', '{regress_mad_b1}');
DELETE FROM mad_migrate.registry WHERE database = 'regress_mad_b1';

-- The procedure does the same; it returns no rows but tells what it did, and takes no transaction block.
ALTER DATABASE regress_mad_a2 ALLOW_CONNECTIONS true;
RESET client_min_messages;
CALL mad_migrate.run_upgrade('fleet', '+1', '{regress_mad_a1}');
SET client_min_messages = warning;
CALL mad_migrate.run_downgrade('fleet', 'base', '{*}');
BEGIN;
CALL mad_migrate.run_upgrade('fleet');
ROLLBACK;
SELECT * FROM mad_migrate.status('fleet');

DROP DATABASE regress_mad_a1;
DROP DATABASE regress_mad_a2;
DROP DATABASE regress_mad_template;
SELECT mad_migrate.drop_branch('fleet');
DROP VIEW settings;
DROP EXTENSION mad_migrate CASCADE;
