-- Branches: create_branch, alter_branch, drop_branch and what each of them refuses.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\pset null '(null)'
\pset format unaligned
\pset fieldsep ' | '
\pset footer off
CREATE ROLE regress_mad_dba SUPERUSER;
SET ROLE regress_mad_dba;
CREATE VIEW branches AS
    SELECT branch, owner, database, template, database_pattern, search_path, shipped
      FROM mad_migrate.branch ORDER BY created_at, branch COLLATE "C";
CREATE FUNCTION script(revision text, revises text) RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\nA table\n\nRevision ID: %1$s\nRevises: %2$s\n*/\n-- migrate:upgrade\nCREATE TABLE %1$s ();\n'
                  '-- migrate:downgrade\nDROP TABLE %1$s;\n', revision, revises)
$$;

-------------------------------------------------------------------------------------------------
-- create_branch(branch, database, template, database_pattern, owner, search_path)
-------------------------------------------------------------------------------------------------
-- Without more, a branch is one of the control database, and its owner is who created it.
\t on
SELECT mad_migrate.create_branch('analytics');
-- One of another database, with a search_path of its own for its scripts.
SELECT mad_migrate.create_branch('audit', database => 'regress_mad_audit',
                                 search_path => 'audit, "My ""Schema""", $user');
-- One of many databases, all cloned from a template.
SELECT mad_migrate.create_branch('tenants', template => 'regress_mad_template',
                                 database_pattern => 'regress_mad_{org_id}', owner => 'pg_monitor');
\t off
SELECT * FROM branches WHERE NOT shipped;
-- Nothing is made before it is needed: neither the databases nor the version tables.
SELECT * FROM mad_migrate.databases WHERE branch NOT IN ('metadata', 'results');
SELECT * FROM mad_migrate.status('audit');
SELECT to_regclass('mad_migrate.alembic_version_analytics');

-- A name has 1 to 40 characters: it names a table and a setting.
\t on
SELECT mad_migrate.create_branch('a');
SELECT mad_migrate.create_branch('a234567890_234567890_234567890_234567890');
SELECT mad_migrate.create_branch('a234567890_234567890_234567890_234567890b');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.create_branch('');
SELECT mad_migrate.create_branch('Analytics');
SELECT mad_migrate.create_branch('1st');
SELECT mad_migrate.create_branch('größe');
SELECT mad_migrate.create_branch('it''s; DROP TABLE mad_migrate.branch --');
-- A word that SQL reserves is a name as any other.
SELECT mad_migrate.create_branch('select', owner => 'pg_monitor');
SELECT mad_migrate.create_branch('analytics');
\echo :LAST_ERROR_SQLSTATE

-- What does not fit together.
SELECT mad_migrate.create_branch('wrong', database => 'a', template => 'b', database_pattern => 'c_{org_id}');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.create_branch('wrong', template => 'b');
SELECT mad_migrate.create_branch('wrong', database_pattern => 'b_{org_id}');
SELECT mad_migrate.create_branch('wrong', template => 'b', database_pattern => 'b_{org}');
SELECT mad_migrate.create_branch('wrong', template => current_database(), database_pattern => 'b_{org_id}');
-- What cannot be the name of a database.
SELECT mad_migrate.create_branch('wrong', database => '');
SELECT mad_migrate.create_branch('wrong', database => repeat('d', 64));
SELECT mad_migrate.create_branch('wrong', template => '', database_pattern => 'b_{org_id}');
SELECT mad_migrate.create_branch('wrong', template => 'b', database_pattern => repeat('b', 63) || '{org_id}');
SELECT mad_migrate.create_branch('wide', template => 'b', database_pattern => repeat('b', 62) || '{org_id}');
-- A template and its clones are one branch's alone, and a pattern is too.
SELECT mad_migrate.create_branch('wrong', template => 'regress_mad_template', database_pattern => 'b_{org_id}');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.create_branch('wrong', template => 'regress_mad_audit', database_pattern => 'b_{org_id}');
SELECT mad_migrate.create_branch('wrong', template => 'c', database_pattern => 'regress_mad_{org_id}');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.create_branch('wrong', database => 'regress_mad_template');
INSERT INTO mad_migrate.registry (branch, database, kind, organization) VALUES
    ('tenants', 'regress_mad_spare', 'pooled', NULL), ('tenants', 'regress_mad_1', 'organization', '1');
SELECT mad_migrate.create_branch('wrong', database => 'regress_mad_spare');
SELECT mad_migrate.create_branch('wrong', template => 'regress_mad_1', database_pattern => 'b_{org_id}');
-- A database that takes connections may have several branches.
SELECT mad_migrate.create_branch('audit_too', database => 'regress_mad_audit');
SELECT mad_migrate.create_branch('first_tenant', database => 'regress_mad_1');
SELECT mad_migrate.drop_branch('audit_too');
DELETE FROM mad_migrate.registry;
-- What cannot be an owner or a search_path.
SELECT mad_migrate.create_branch('wrong', owner => 'regress_mad_nobody');
SELECT mad_migrate.create_branch('wrong', owner => '');
SELECT mad_migrate.create_branch('wrong', search_path => 'a,,b');
SELECT mad_migrate.create_branch('wrong', search_path => '"a');
SELECT mad_migrate.create_branch('wrong', search_path => NULL);
SELECT mad_migrate.create_branch(NULL);
SELECT count(*) FROM mad_migrate.branch WHERE branch = 'wrong';
-- An empty search_path is one: scripts then qualify every name.
SELECT mad_migrate.create_branch('qualified', search_path => '');

-------------------------------------------------------------------------------------------------
-- alter_branch(branch, owner, search_path, database_pattern): what is not given stays
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.alter_branch('tenants', database_pattern => 'regress_mad_{org_id}_db');
SELECT mad_migrate.alter_branch('tenants', owner => 'regress_mad_dba');
SELECT mad_migrate.alter_branch('tenants', search_path => 'app, public');
SELECT mad_migrate.alter_branch('tenants');
SELECT * FROM branches WHERE branch = 'tenants';
SELECT mad_migrate.alter_branch('tenants', database_pattern => 'regress_mad');
SELECT mad_migrate.alter_branch('analytics', database_pattern => 'regress_mad_{org_id}');
SELECT mad_migrate.alter_branch('tenants', database_pattern => 'mad_results_{org_id}');
SELECT mad_migrate.alter_branch('tenants', owner => 'regress_mad_nobody', search_path => 'lost');
SELECT mad_migrate.alter_branch('tenants', search_path => 'lost,');
SELECT mad_migrate.alter_branch('nowhere', search_path => 'public');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.alter_branch(NULL);
SELECT * FROM branches WHERE branch = 'tenants';

-- The search_path is what scripts find their tables by, from the next one on.
SELECT mad_migrate.add_scripts('analytics', ARRAY[script('one', ''), script('two', 'one')]);
CREATE SCHEMA regress_mad;
SELECT status FROM mad_migrate.upgrade('analytics', 'one');
SELECT mad_migrate.alter_branch('analytics', search_path => 'regress_mad, public');
SELECT status FROM mad_migrate.upgrade('analytics', 'two');
SELECT tablename, schemaname, tableowner FROM pg_tables WHERE tablename IN ('one', 'two') ORDER BY 1;
-- One that is not there is told when the script is run.
SELECT mad_migrate.alter_branch('analytics', search_path => 'regress_mad_gone');
SELECT mad_migrate.add_script('analytics', script('three', 'two'));
SELECT status FROM mad_migrate.upgrade('analytics');
SELECT mad_migrate.alter_branch('analytics', search_path => 'regress_mad, public');

-- A new owner is who scripts run as, from the next one on; the right to record what is done comes with it.
CREATE ROLE regress_mad_owner;
SELECT mad_migrate.alter_branch('analytics', owner => 'regress_mad_owner');
SELECT status FROM mad_migrate.upgrade('analytics');
GRANT CREATE ON SCHEMA regress_mad TO regress_mad_owner;
GRANT USAGE ON SCHEMA regress_mad TO regress_mad_owner;
SELECT status FROM mad_migrate.upgrade('analytics');
SELECT tableowner FROM pg_tables WHERE tablename = 'three';
SELECT has_parameter_privilege('regress_mad_owner', 'mad_revision.analytics', 'SET'),
       has_function_privilege('regress_mad_owner', 'mad_migrate.add_audit_columns(text, text)', 'EXECUTE'),
       has_function_privilege('regress_mad_owner', 'mad_migrate.change_heads(text, text[], text[])', 'EXECUTE');

-------------------------------------------------------------------------------------------------
-- drop_branch(branch): nothing that is applied is forgotten
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.drop_branch('analytics');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM mad_migrate.script WHERE branch = 'analytics';
-- A new owner may not do with earlier tables what it likes.
SELECT status FROM mad_migrate.downgrade('analytics', 'base');
SELECT mad_migrate.alter_branch('analytics', owner => 'regress_mad_dba');
SELECT status FROM mad_migrate.downgrade('analytics', 'base');
-- What counts is the version table, which Alembic may have written.
INSERT INTO mad_migrate.alembic_version_analytics VALUES ('one');
SELECT mad_migrate.drop_branch('analytics');
DELETE FROM mad_migrate.alembic_version_analytics;
SELECT mad_migrate.drop_branch('analytics');
SELECT count(*) FROM mad_migrate.script WHERE branch = 'analytics';
SELECT mad_migrate.drop_branch('analytics');
SELECT mad_migrate.drop_branch('');
SELECT mad_migrate.drop_branch(NULL);
-- It may be created anew, and begins at its base.
SELECT mad_migrate.create_branch('analytics');
SELECT count(*) FROM mad_migrate.current('analytics');

-- An owner may be dropped from under a branch: what needs no owner still works, the rest says what to do.
SELECT mad_migrate.create_branch('orphan', owner => 'regress_mad_owner');
SELECT mad_migrate.add_script('orphan', script('alone', ''));
DROP OWNED BY regress_mad_owner;
DROP ROLE regress_mad_owner;
SELECT revision FROM mad_migrate.heads('orphan');
\set VERBOSITY terse
SELECT status FROM mad_migrate.upgrade('orphan');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.alter_branch('orphan', owner => 'regress_mad_dba');
SELECT status FROM mad_migrate.upgrade('orphan');
SELECT status FROM mad_migrate.downgrade('orphan', '-1');
SELECT mad_migrate.drop_branch('orphan');
-- What the database still has of it is removed by hand, and does not come between it and one of its name.
SELECT count(*) FROM mad_migrate.alembic_version_orphan;
DROP TABLE mad_migrate.alembic_version_orphan;
DELETE FROM mad_migrate.history WHERE branch = 'orphan' RETURNING revision, direction;
SELECT mad_migrate.create_branch('orphan');
SELECT mad_migrate.add_script('orphan', script('alone', ''));
SELECT status FROM mad_migrate.upgrade('orphan');
SELECT status FROM mad_migrate.downgrade('orphan', '-1');
SELECT mad_migrate.drop_branch('orphan');

-- The shipped branches are branches as any other.
SELECT mad_migrate.drop_branch('results');
SELECT branch FROM branches;

SET client_min_messages = warning;
DROP VIEW branches;
DROP FUNCTION script;
DROP SCHEMA regress_mad CASCADE;
DROP EXTENSION mad_migrate CASCADE;
REVOKE ALL ON PARAMETER mad_revision."select", mad_revision.tenants FROM pg_monitor;
DROP OWNED BY regress_mad_dba;
RESET ROLE;
DROP ROLE regress_mad_dba;
