-- Organizations' databases: from the pool, in the caller's transaction, and back.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set control :DBNAME
-- Nothing comes by itself here, from no session: what a worker would do, work() does.
ALTER DATABASE :control SET mad_migrate.start_worker = off;
ALTER DATABASE :control SET mad_migrate.pool_size = 2;
\c :control
SET client_min_messages = warning;
SELECT mad_migrate.drop_branch('results');
SELECT mad_migrate.create_branch('tenants', template => 'regress_mad_template', database_pattern => 'regress_mad_{org_id}');
SELECT mad_migrate.add_script('tenants', E'/*\nOne\n\nRevision ID: 001_one\nRevises:\n*/\n-- migrate:upgrade\nCREATE TABLE one ();\n-- migrate:downgrade\nDROP TABLE one;\n', '001_one.sql');
-- Names of spare clones have numbers in them that differ.
CREATE VIEW registered AS
SELECT regexp_replace(g.database, '[0-9]{3,}_[0-9]+$', 'n_n') AS database, g.kind, g.organization, g.state, g.former_name,
       d.datallowconn AS connectable, mad_migrate.published_version(g.database, g.branch) AS version
  FROM mad_migrate.registry g LEFT JOIN pg_database d ON d.datname = g.database
 ORDER BY g.kind, g.organization, g.database;
CREATE VIEW queued AS
SELECT kind, organization, count(*) FROM mad_migrate.job WHERE state = 'queued' GROUP BY kind, organization ORDER BY kind, organization;

-- Clones are made beside the transaction, which must not have changed their branch.
BEGIN;
SELECT mad_migrate.alter_branch('tenants', search_path => 'public');
SELECT mad_migrate.provision_org('acme');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- So are they moved: the whole fleet would wait for this transaction, and it for the fleet.
BEGIN;
SELECT mad_migrate.alter_branch('tenants', search_path => 'public');
SELECT mad_migrate.upgrade('tenants');
ROLLBACK;

-- The template is built on first need; it takes no connections, and neither do spare clones.
SELECT * FROM mad_migrate.fill_pool();
SELECT datname, datallowconn, mad_migrate.published_version(datname, 'tenants') FROM pg_database WHERE datname = 'regress_mad_template';
SELECT * FROM registered;
SELECT * FROM mad_migrate.fill_pool();
SELECT database, revision, is_head FROM mad_migrate.current('tenants', '{regress_mad_template}');

-- An organization gets one of them, by a new name; again is no more.
SELECT mad_migrate.provision_org('acme');
SELECT mad_migrate.provision_org('acme');
BEGIN;
SELECT mad_migrate.provision_org('brick');
SELECT mad_migrate.org_database('brick');
SELECT * FROM registered;
ROLLBACK;
SELECT mad_migrate.org_database('brick');
SELECT * FROM registered;
SELECT * FROM queued;

-- A UUID is the same organization however it is written.
SELECT mad_migrate.provision_org('F47AC10B-58CC-4372-A567-0E02B2C3D479');
SELECT mad_migrate.provision_org('f47ac10b-58cc-4372-a567-0e02b2c3d479'::uuid);
-- The pool is empty now: a clone is made.
SELECT mad_migrate.provision_org('brick');
SELECT * FROM mad_migrate.list_org_databases();
SELECT organization, database, status, revisions, behind, size > 0 AS has_size, created_at <= now() AS created, drop_after
  FROM mad_migrate.org_databases ORDER BY organization;

-- In it
\c regress_mad_acme
SELECT * FROM mad_migrate.alembic_version_tenants;
SHOW mad_revision.tenants;
\c :control
SET client_min_messages = warning;

-- Ids that can be no part of a name, and names that are taken
SELECT mad_migrate.provision_org('');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.provision_org(repeat('x', 60));
SELECT mad_migrate.provision_org(E'two\nlines');
SELECT mad_migrate.provision_org('template');
SELECT mad_migrate.provision_org(NULL);
CREATE DATABASE regress_mad_taken;
SELECT mad_migrate.provision_org('taken');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.provision_org('"; DROP TABLE x; --');
-- What is there already can be registered.
SELECT * FROM mad_migrate.reconcile();
SELECT mad_migrate.adopt('tenants', 'postgres');
SELECT mad_migrate.adopt('tenants', 'regress_mad_nowhere');
SELECT mad_migrate.adopt('tenants', 'regress_mad_taken');
-- Only one's own database can be adopted, and no name of ours, and no pattern.
CREATE ROLE regress_mad_adopter;
GRANT USAGE ON SCHEMA mad_migrate TO regress_mad_adopter;
GRANT EXECUTE ON FUNCTION mad_migrate.adopt TO regress_mad_adopter;
CREATE DATABASE regress_mad_others;
SET ROLE regress_mad_adopter;
SELECT mad_migrate.adopt('tenants', 'regress_mad_others');
RESET ROLE;
-- The branch's owner must be able to migrate it, today and later.
CREATE ROLE regress_mad_migrating CREATEDB;
BEGIN;
SELECT mad_migrate.alter_branch('tenants', owner => 'regress_mad_migrating');
SELECT database, problem, action FROM mad_migrate.reconcile();
SELECT mad_migrate.adopt('tenants', 'regress_mad_others');
ROLLBACK;
BEGIN;
SELECT mad_migrate.adopt('tenants', 'regress_mad_others');
ALTER DATABASE regress_mad_others OWNER TO regress_mad_adopter;
UPDATE mad_migrate.branch SET owner = 'regress_mad_migrating' WHERE branch = 'tenants';
SELECT database, problem, action FROM mad_migrate.reconcile() WHERE database = 'regress_mad_others';
ROLLBACK;
DROP ROLE regress_mad_migrating;
SELECT mad_migrate.adopt('tenants', 'regress_mad_template');
SELECT mad_migrate.provision_org('*', 'tenants');
DROP DATABASE regress_mad_others;
DROP OWNED BY regress_mad_adopter;
DROP ROLE regress_mad_adopter;
SELECT mad_migrate.provision_org('taken');
SELECT organization, status, behind FROM mad_migrate.org_databases WHERE organization = 'taken';
DROP DATABASE regress_mad_taken;
SELECT * FROM mad_migrate.reconcile();
SELECT * FROM mad_migrate.reconcile(repair => true);
SELECT * FROM mad_migrate.reconcile();

-- What another session would write is not written for a READ ONLY transaction either.
SET default_transaction_read_only = on;
SELECT count(*) FROM mad_migrate.reconcile();
SELECT * FROM mad_migrate.reconcile(repair => true);
SELECT mad_migrate.fill_pool();
SELECT mad_migrate.upgrade('tenants');
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_read_only;

-- A clone has the privileges and settings of its template.
REVOKE CONNECT, TEMPORARY ON DATABASE regress_mad_template FROM PUBLIC;
GRANT CONNECT ON DATABASE regress_mad_template TO pg_monitor WITH GRANT OPTION;
ALTER DATABASE regress_mad_template SET search_path TO "My Schema", public;
ALTER DATABASE regress_mad_template SET work_mem TO '5MB';
ALTER DATABASE regress_mad_template SET application.name TO 'it''s';
SELECT cloned FROM mad_migrate.fill_pool(size => 0);
SELECT mad_migrate.provision_org('like the template');
SELECT d.datacl, s.setconfig FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid
 WHERE d.datname IN ('regress_mad_template', 'regress_mad_like the template');
SELECT mad_migrate.fill_pool(size => -1);

-- A template that this very transaction changes is not waited for without end.
BEGIN;
SET LOCAL mad_migrate.lock_timeout = '50ms';
GRANT CONNECT ON DATABASE regress_mad_template TO pg_monitor;
ALTER DATABASE regress_mad_template RESET mad_revision.tenants;
SELECT mad_migrate.upgrade('tenants', databases => '{regress_mad_template}');
ROLLBACK;
BEGIN;
SET LOCAL mad_migrate.lock_timeout = '50ms';
COMMENT ON DATABASE regress_mad_template IS 'nobody''s';
SELECT mad_migrate.provision_org('waiting');
ROLLBACK;
SELECT status FROM mad_migrate.status() WHERE kind = 'template';

-- A moved template makes the pool stale: nobody gets an old clone, and the next refill replaces it.
SELECT * FROM mad_migrate.fill_pool();
SELECT mad_migrate.add_script('tenants', E'/*\nTwo\n\nRevision ID: 002_two\nRevises: 001_one\n*/\n-- migrate:upgrade\nCREATE TABLE two ();\n-- migrate:downgrade\nDROP TABLE two;\n', '002_two.sql');
SELECT database, status FROM mad_migrate.upgrade('tenants', databases => '{regress_mad_template}');
SELECT kind, organization, version FROM registered;
SELECT problem, action FROM mad_migrate.reconcile();
SELECT mad_migrate.provision_org('new');
SELECT mad_migrate.work() > 0 AS worked;
SELECT kind, organization, version FROM registered;

-- Deprovisioning puts the database aside.
SELECT mad_migrate.deprovision_org('brick') > now() + '6 days' AS later;
SELECT * FROM registered WHERE organization = 'brick';
SELECT organization, status FROM mad_migrate.org_databases WHERE organization = 'brick';
SELECT mad_migrate.org_database('brick');
-- It stands in the way of another one. (DETAIL names the database.)
\set VERBOSITY terse
SELECT mad_migrate.provision_org('brick');
\echo :LAST_ERROR_SQLSTATE
-- Its time can be changed, as a HINT tells.
SELECT mad_migrate.deprovision_org('brick', '0');
\set VERBOSITY default
BEGIN;
SELECT mad_migrate.restore_org('brick', 'tenants');
SELECT mad_migrate.deprovision_org('brick', grace => '30 days', branch => 'tenants') > now() + '29 days' AS later;
COMMIT;
SELECT * FROM registered WHERE organization = 'brick';
SELECT kind, due_at > now() + '29 days' AS later FROM mad_migrate.job WHERE state = 'queued' AND organization = 'brick';
SELECT mad_migrate.deprovision_org('nobody');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.deprovision_org('acme', '-1 day');
-- Its name may have been taken meanwhile.
CREATE DATABASE regress_mad_brick;
SELECT mad_migrate.restore_org('brick');
DROP DATABASE regress_mad_brick;
-- Brought back, it catches up with what was missed.
SELECT mad_migrate.restore_org('brick');
SELECT mad_migrate.restore_org('brick');
SELECT * FROM queued;
-- Put aside once more, it needs no upgrade.
SELECT mad_migrate.deprovision_org('brick') > now() AS later;
SELECT * FROM queued;
SELECT mad_migrate.restore_org('brick');
SELECT mad_migrate.work();
SELECT * FROM registered WHERE organization = 'brick';
SELECT mad_migrate.restore_org('nobody');
-- Without a grace period it is dropped at once.
BEGIN;
SELECT mad_migrate.deprovision_org('brick', '0') = now() AS now;
COMMIT;
SELECT mad_migrate.work();
SELECT * FROM registered WHERE organization = 'brick';
SELECT mad_migrate.provision_org('brick');

-- A database that is still to be made is not made any more.
INSERT INTO mad_migrate.job (kind, branch, organization, database)
VALUES ('provision', 'tenants', 'soon', 'regress_mad_soon');
SELECT organization, status FROM mad_migrate.org_databases WHERE organization = 'soon';
SELECT mad_migrate.deprovision_org('soon') IS NULL AS nothing_to_drop;
SELECT organization, status FROM mad_migrate.org_databases WHERE organization = 'soon';
-- What is to be dropped later is not a job that failed.
BEGIN;
SELECT FROM mad_migrate.deprovision_org('acme');
SELECT mad_migrate.retry(max(job)) FROM mad_migrate.job WHERE kind = 'drop';
ROLLBACK;
-- One that somebody has dropped is not there to be brought back.
SELECT mad_migrate.provision_org('dropped') IS NOT NULL AS provisioned;
SELECT database AS dropped FROM mad_migrate.registry WHERE organization = 'dropped' \gset
DROP DATABASE :"dropped";
SELECT mad_migrate.restore_org('dropped');
DELETE FROM mad_migrate.registry WHERE organization = 'dropped';

-- Hooks take part in it.
CREATE TABLE told (event jsonb);
CREATE FUNCTION tell(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.told VALUES (event) $$;
CREATE FUNCTION refuse(event jsonb) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
SELECT mad_migrate.add_hook('after_provision', 'tenants', 'tell');
SELECT mad_migrate.add_hook('before_deprovision', 'tenants', 'refuse');
SELECT mad_migrate.provision_org('told');
SELECT * FROM told;
SELECT mad_migrate.deprovision_org('told');
-- A function that is not there any more can allow nothing.
DROP FUNCTION refuse, tell;
SELECT mad_migrate.deprovision_org('told');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.provision_org('told later');
SELECT mad_migrate.remove_hook('before_deprovision', 'tenants', 'public.refuse(jsonb)');
SELECT mad_migrate.remove_hook('after_provision', 'tenants', 'public.tell(jsonb)');

-- Away with all of it: organizations' databases, spare clones, the template, the branch
\set VERBOSITY terse
SELECT mad_migrate.drop_branch('tenants');
\set VERBOSITY default
SELECT count(mad_migrate.deprovision_org(organization, '0')) FROM mad_migrate.registry WHERE kind = 'organization';
SELECT mad_migrate.work();
SELECT cloned FROM mad_migrate.fill_pool(size => 0);
SELECT * FROM registered;
SELECT mad_migrate.drop_branch('tenants');
DROP DATABASE regress_mad_template;
SELECT mad_migrate.drop_branch('tenants');
DROP TABLE told;
DROP VIEW registered, queued;
ALTER DATABASE :control RESET ALL;
DROP EXTENSION mad_migrate CASCADE;
