-- A branch of many databases: its template is made on first need and migrated over a connection of
-- its own, as the branch's owner, one transaction per revision.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set control :DBNAME

-- The shipped branch, with databases that cannot be anybody's and an owner who is no superuser.
CREATE ROLE regress_mad_owner LOGIN;
SELECT mad_migrate.drop_branch('results');
SELECT mad_migrate.create_branch('results', template => 'regress_mad_template',
                                 database_pattern => 'regress_mad_{org_id}', owner => 'regress_mad_owner');
SELECT mad_migrate.load_scripts('results');
SELECT * FROM mad_migrate.status('results');
-- Looking makes nothing.
SELECT * FROM mad_migrate.current('results');
SELECT step, revision, inserts FROM mad_migrate.plan('results');

-- The owner makes the template, so the owner must be allowed to.
SELECT * FROM mad_migrate.upgrade('results');
\echo :LAST_ERROR_SQLSTATE
ALTER ROLE regress_mad_owner CREATEDB;

SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('results', '001_results');
SELECT * FROM mad_migrate.status('results');
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('results');
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('results');
SELECT * FROM mad_migrate.status('results');
SELECT * FROM mad_migrate.current('results');
SELECT * FROM mad_migrate.databases WHERE branch = 'results';
SELECT revision, is_head, is_current FROM mad_migrate.heads('results');
SELECT regexp_replace(shobj_description(oid, 'pg_database'), '\(\d+\)', '(its oid)') AS description, pg_get_userbyid(datdba), pg_encoding_to_char(encoding)
  FROM pg_database WHERE datname = 'regress_mad_template';

-- In the template, which takes connections only while it is migrated: every session can ask for the version.
ALTER DATABASE regress_mad_template ALLOW_CONNECTIONS true;
\c regress_mad_template
SHOW mad_revision.results;
SELECT * FROM mad_migrate.alembic_version_results;
SELECT branch, revision, direction, length(checksum), statements, finished_at >= started_at AS finished
  FROM mad_migrate.history ORDER BY id;
-- It is no extension there, so a dump of the database restores anywhere.
SELECT extname FROM pg_extension WHERE extname = 'mad_migrate';
SELECT obj_description('mad_migrate'::regnamespace, 'pg_namespace');

-- What the scripts made
SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner) FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v') ORDER BY c.relname COLLATE "C";
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname COLLATE "C";
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND contype = 'f' ORDER BY conrelid::regclass::text COLLATE "C", conname COLLATE "C";
SELECT t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
 GROUP BY t.typname ORDER BY t.typname COLLATE "C";
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text COLLATE "C";
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name IN ('task_results', 'job_events', 'input_signatures')
 ORDER BY table_name COLLATE "C", ordinal_position;
-- Nobody but the owner may look into the bookkeeping.
SELECT pg_get_userbyid(nspowner), nspacl FROM pg_namespace WHERE nspname = 'mad_migrate';
SELECT c.relname, pg_get_userbyid(c.relowner), c.relacl FROM pg_class c
 WHERE c.relnamespace = 'mad_migrate'::regnamespace AND c.relkind = 'r' ORDER BY c.relname COLLATE "C";

-- Down and up again over the same connection
\c :control
SELECT database, from_revisions, to_revisions, steps, status, error
  FROM mad_migrate.downgrade('results', '-1', databases => '{regress_mad_template}');
SELECT database, from_revisions, to_revisions, steps, status, error
  FROM mad_migrate.downgrade('results', 'base', databases => '{regress_mad_template}');
SELECT * FROM mad_migrate.status('results');
ALTER DATABASE regress_mad_template ALLOW_CONNECTIONS true;
\c regress_mad_template
SELECT * FROM mad_migrate.alembic_version_results;
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace;
SELECT typname FROM pg_type WHERE typtype = 'e';
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace;
SELECT revision, direction FROM mad_migrate.history ORDER BY id;
\c :control
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('results', '+3');

-- A branch that is applied somewhere is not dropped
SELECT mad_migrate.drop_branch('results');
DROP DATABASE regress_mad_template;
SELECT * FROM mad_migrate.status('results');
-- Without its database there is nothing to go down, and a template that is not there is no failure of looking.
SELECT * FROM mad_migrate.downgrade('results', 'base', databases => '{*}');
SELECT * FROM mad_migrate.current('results');
SELECT mad_migrate.drop_branch('results');

DROP EXTENSION mad_migrate CASCADE;
DROP OWNED BY regress_mad_owner;
DROP ROLE regress_mad_owner;
