-- Organizations' databases come and go with rows: the trigger functions.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set control :DBNAME
-- Nothing comes by itself here, from no session: what a worker would do, work() does.
ALTER DATABASE :control SET mad_migrate.start_worker = off;
ALTER DATABASE :control SET mad_migrate.pool_size = 2;
\c :control
SET client_min_messages = warning;
SELECT mad_migrate.drop_branch('results');

-- The shipped table of organizations has the trigger. Where no branch has databases of organizations, it does nothing.
SELECT status FROM mad_migrate.upgrade('metadata');
INSERT INTO organizations (name, display_name) VALUES ('early', 'Early');
SELECT mad_migrate.create_branch('tenants', template => 'regress_mad_template', database_pattern => 'regress_mad_{org_id}');
SELECT mad_migrate.add_script('tenants', E'/*\nOne\n\nRevision ID: 001_one\nRevises:\n*/\n-- migrate:upgrade\nCREATE TABLE one ();\n-- migrate:downgrade\nDROP TABLE one;\n', '001_one.sql');
SELECT * FROM mad_migrate.fill_pool();
CREATE VIEW queued AS
SELECT kind, organization, count(*) FROM mad_migrate.job WHERE state = 'queued' GROUP BY kind, organization ORDER BY kind, organization;

-- Two rows are served from the pool, the third has to wait.
INSERT INTO organizations (id, name, display_name) SELECT format('00000000-0000-0000-0000-00000000000%s', i)::uuid, i, i FROM generate_series(1, 3) i;
SELECT * FROM mad_migrate.list_org_databases();
SELECT organization, status FROM mad_migrate.org_databases ORDER BY organization;
SELECT * FROM queued;
SELECT mad_migrate.work() > 0 AS worked;
SELECT organization, status FROM mad_migrate.org_databases ORDER BY organization;
SELECT * FROM queued;

-- Any table will do: the column that holds the id is named.
CREATE TABLE customers (number int, code text);
CREATE TRIGGER provision AFTER INSERT ON customers FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert('code', 'wait', 'branch=tenants');
CREATE TRIGGER deprovision AFTER UPDATE ON customers FOR EACH ROW WHEN (NEW.number IS NULL)
    EXECUTE FUNCTION mad_migrate.deprovision_on_delete('code', 'grace=1 day');
-- With 'wait' the clones that the pool lacks are made at once.
INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 4) i;
SELECT organization, status FROM mad_migrate.org_databases WHERE organization ~ '^c' ORDER BY organization;
UPDATE customers SET number = 5 WHERE code = 'c1';
UPDATE customers SET number = NULL WHERE code IN ('c1', 'c2');
SELECT organization, status, drop_after > now() + '23 hours' AS drop_tomorrow FROM mad_migrate.org_databases WHERE organization ~ '^c' ORDER BY organization;
-- What has gone already is no error, and neither is what never came.
UPDATE customers SET number = NULL WHERE code = 'c1';
\set VERBOSITY terse
INSERT INTO customers VALUES (1, 'c1');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.restore_org('c1');
INSERT INTO customers VALUES (1, 'c1');

-- An organization that goes before its database came does not get it any more.
SELECT dropped FROM mad_migrate.fill_pool(size => 0);
INSERT INTO organizations (id, name, display_name) VALUES ('00000000-0000-0000-0000-000000000009', 'nine', 'Nine');
CREATE TRIGGER deprovision AFTER DELETE ON organizations FOR EACH ROW EXECUTE FUNCTION mad_migrate.deprovision_on_delete('id', 'grace=0');
DELETE FROM organizations WHERE name = 'nine';
SELECT * FROM queued WHERE kind = 'provision';

-- What makes no sense
INSERT INTO customers VALUES (6, NULL);
CREATE TABLE wrong (id text);
CREATE TRIGGER a BEFORE INSERT ON wrong FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert();
INSERT INTO wrong VALUES ('x');
DROP TRIGGER a ON wrong;
CREATE TRIGGER a AFTER UPDATE ON wrong FOR EACH ROW EXECUTE FUNCTION mad_migrate.deprovision_on_delete();
ALTER TABLE wrong DISABLE TRIGGER a;
INSERT INTO wrong VALUES ('x');
ALTER TABLE wrong ENABLE TRIGGER a;
UPDATE wrong SET id = 'y';
DROP TRIGGER a ON wrong;
CREATE TRIGGER a AFTER INSERT ON wrong FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert('number');
INSERT INTO wrong VALUES ('x');
DROP TRIGGER a ON wrong;
CREATE TRIGGER a AFTER INSERT ON wrong FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert('id', 'quickly');
INSERT INTO wrong VALUES ('x');
DROP TRIGGER a ON wrong;
CREATE TRIGGER a AFTER INSERT ON wrong FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert('id', 'branch=metadata');
INSERT INTO wrong VALUES ('x');
DROP TABLE wrong, customers;

-- Who may insert rows need not be allowed anything else.
CREATE ROLE regress_mad_clerk;
GRANT INSERT ON organizations TO regress_mad_clerk;
GRANT USAGE ON SCHEMA public TO regress_mad_clerk;
SET ROLE regress_mad_clerk;
SELECT mad_migrate.provision_org('x');
INSERT INTO organizations (id, name, display_name) VALUES ('00000000-0000-0000-0000-00000000000a', 'ten', 'Ten');
RESET ROLE;
SELECT mad_migrate.work() > 0 AS worked;
SELECT mad_migrate.org_database('00000000-0000-0000-0000-00000000000a');

SELECT count(mad_migrate.deprovision_org(organization, '0')) FROM mad_migrate.org_databases WHERE status <> 'deprovisioned';
UPDATE mad_migrate.registry SET drop_after = now() WHERE state = 'deprovisioned';
UPDATE mad_migrate.job SET due_at = now() WHERE kind = 'drop';
SELECT mad_migrate.work() > 0 AS worked;
SELECT cloned FROM mad_migrate.fill_pool(size => 0);
SELECT count(*) FROM mad_migrate.registry;
DROP DATABASE regress_mad_template;
DROP VIEW queued;
SELECT status FROM mad_migrate.downgrade('metadata', 'base');
ALTER DATABASE :control RESET ALL;
DROP EXTENSION mad_migrate CASCADE;
DROP OWNED BY regress_mad_clerk;
DROP ROLE regress_mad_clerk;
