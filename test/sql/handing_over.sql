-- alter_branch(owner): the branch's databases go to its new owner, in the caller's transaction
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set control :DBNAME
\set SHOW_CONTEXT never
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
CREATE ROLE regress_mad_first LOGIN CREATEDB;
CREATE ROLE regress_mad_second LOGIN;
CREATE FUNCTION script(revision text, revises text) RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\nA table\n\nRevision ID: %1$s\nRevises: %2$s\n*/\n-- migrate:upgrade\nCREATE TABLE %1$s ();\n'
                  '-- migrate:downgrade\nDROP TABLE %1$s;\n', revision, revises)
$$;
CREATE VIEW owners AS
    SELECT regexp_replace(datname, '^mad_(pool|dropped).*', 'mad_\1') COLLATE "C" AS database,
           CASE WHEN datdba = current_user::regrole THEN 'who runs this' ELSE datdba::regrole::text END AS owner
      FROM pg_database WHERE datname ~ '^(regress_mad_|mad_(pool|dropped)_)' ORDER BY 1;
SELECT mad_migrate.create_branch('given', template => 'regress_mad_template', database_pattern => 'regress_mad_{org_id}',
                                 owner => 'regress_mad_first');
SELECT mad_migrate.add_script('given', script('one', ''));
SET mad_migrate.start_worker = off;
SELECT cloned FROM mad_migrate.fill_pool('given', 3);
SELECT mad_migrate.provision_org('acme', 'given'), mad_migrate.provision_org('gone', 'given');
SELECT mad_migrate.deprovision_org('gone', branch => 'given') > now();
-- Whose name fits is not the branch's as long as it is not registered.
CREATE DATABASE regress_mad_stranger OWNER regress_mad_first;
-- One that is another role's is not adopted, and stays with that role if it became so later.
CREATE DATABASE regress_mad_other OWNER regress_mad_second;
SELECT mad_migrate.adopt('given', 'regress_mad_other');
ALTER DATABASE regress_mad_other OWNER TO regress_mad_first;
SELECT mad_migrate.adopt('given', 'regress_mad_other');
ALTER DATABASE regress_mad_other OWNER TO CURRENT_USER;
SELECT * FROM owners;

-- They go together with the branch, and come back with a ROLLBACK.
BEGIN;
RESET client_min_messages;
SELECT mad_migrate.alter_branch('given', owner => 'regress_mad_second');
SELECT * FROM owners;
SELECT owner FROM mad_migrate.branch WHERE branch = 'given';
ROLLBACK;
SELECT * FROM owners;
SELECT owner FROM mad_migrate.branch WHERE branch = 'given';

-- What is inside belongs to whom it did, and is handed over there.
SELECT mad_migrate.alter_branch('given', owner => 'regress_mad_first');
SET client_min_messages = warning;
SELECT mad_migrate.alter_branch('given', owner => 'regress_mad_second');
SELECT mad_migrate.add_script('given', script('two', 'one'));
SELECT database, status, split_part(error, E'\n', 1) FROM mad_migrate.upgrade('given', databases => '{regress_mad_acme}', on_error => 'report');
ALTER DATABASE regress_mad_template ALLOW_CONNECTIONS true;
\c regress_mad_template
REASSIGN OWNED BY regress_mad_first TO regress_mad_second;
\c regress_mad_acme
REASSIGN OWNED BY regress_mad_first TO regress_mad_second;
\c :control
SET client_min_messages = warning;
SET mad_migrate.start_worker = off;
SELECT cloned, dropped FROM mad_migrate.fill_pool('given', 0);
SELECT database, status FROM mad_migrate.upgrade('given', databases => '{regress_mad_template,regress_mad_acme}') ORDER BY database COLLATE "C";
SELECT mad_migrate.provision_org('new', 'given');
SELECT database, status, owner FROM mad_migrate.status('given') JOIN owners USING (database) ORDER BY database COLLATE "C";

-- A superuser may use what another one owns: nothing is left to be done.
CREATE ROLE regress_mad_dba SUPERUSER LOGIN;
CREATE DATABASE regress_mad_single;
SELECT mad_migrate.create_branch('single', database => 'regress_mad_single');
SELECT mad_migrate.create_branch('shared', database => 'regress_mad_single');
SELECT mad_migrate.add_script('single', script('alone', ''));
SELECT status FROM mad_migrate.upgrade('single');
RESET client_min_messages;
-- Two branches of one owner share the database: it goes with the last of them.
SELECT mad_migrate.alter_branch('single', owner => 'regress_mad_dba');
SELECT owner FROM owners WHERE database = 'regress_mad_single';
SELECT mad_migrate.alter_branch('shared', owner => 'regress_mad_dba');
SELECT owner FROM owners WHERE database = 'regress_mad_single';
SELECT mad_migrate.alter_branch('single', owner => 'regress_mad_second');
SELECT owner FROM owners WHERE database = 'regress_mad_single';
-- The control database stays whose it is.
SELECT mad_migrate.create_branch('own');
SELECT mad_migrate.alter_branch('own', owner => 'regress_mad_second');
SELECT datdba::regrole = current_user::regrole FROM pg_database WHERE datname = current_database();

SET client_min_messages = warning;
SELECT cloned FROM mad_migrate.fill_pool('given', 0);
\set ECHO none
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname ~ '^(regress_mad_|mad_dropped_)' \gexec
\set ECHO all
DROP VIEW owners;
DROP FUNCTION script;
DROP EXTENSION mad_migrate CASCADE;
DROP OWNED BY regress_mad_first, regress_mad_second, regress_mad_dba;
DROP ROLE regress_mad_first, regress_mad_second, regress_mad_dba;
