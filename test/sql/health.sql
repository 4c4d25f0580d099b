-- Whether all is in order: is_up_to_date, schema_version, ensure_migrated, validate
\set VERBOSITY default
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
SELECT mad_migrate.create_branch('shop', template => 'regress_mad_shop', database_pattern => 'regress_mad_shop_{org_id}');
SELECT mad_migrate.revision('shop', 'Orders', rev_id => '001_orders',
    sql => 'CREATE TABLE orders (id int PRIMARY KEY);', downgrade_sql => 'DROP TABLE orders;') IS NOT NULL AS added;
SELECT mad_migrate.revision('shop', 'Totals', rev_id => '002_totals',
    sql => 'ALTER TABLE orders ADD total numeric;', downgrade_sql => 'ALTER TABLE orders DROP total;') IS NOT NULL AS added;

-- Before anything ran.
SELECT mad_migrate.is_up_to_date('shop'), mad_migrate.schema_version('shop');
SELECT * FROM mad_migrate.validate('shop');
SELECT mad_migrate.schema_version('nobody');

-- A fresh database gets everything, one with a version what is pending.
CREATE DATABASE regress_mad_shop_a;
CREATE DATABASE regress_mad_shop_b;
INSERT INTO mad_migrate.registry (branch, database) VALUES ('shop', 'regress_mad_shop_a'), ('shop', 'regress_mad_shop_b');
SELECT database, status FROM mad_migrate.upgrade('shop', '001_orders', databases => '{regress_mad_shop_a}');
SELECT database, steps, status FROM mad_migrate.ensure_migrated('shop', 'regress_mad_shop_a');
SELECT mad_migrate.is_up_to_date('shop'), mad_migrate.schema_version('shop');

-- Tables without a version are refused, wherever else there is work.
\set control :DBNAME
\c regress_mad_shop_b
CREATE TABLE "Old orders" (id int);
\c :control
SET client_min_messages = warning;
SELECT database, steps, status FROM mad_migrate.ensure_migrated('shop', 'regress_mad_shop_b');
\echo :LAST_ERROR_SQLSTATE
SELECT database, steps, status FROM mad_migrate.ensure_migrated('shop');
SELECT database, status FROM mad_migrate.stamp('shop', '002_totals', databases => '{regress_mad_shop_b}');
SELECT database, steps, status FROM mad_migrate.ensure_migrated('shop', 'regress_mad_shop_b');
SELECT database, steps, status FROM mad_migrate.ensure_migrated('shop');
SELECT mad_migrate.is_up_to_date('shop'), mad_migrate.schema_version('shop');
SELECT * FROM mad_migrate.validate('shop');

-- For health checks and for Prometheus.
SELECT jsonb_pretty(mad_migrate.health());
SELECT mad_migrate.metrics() \g (format=unaligned tuples_only=on)

-- All that can be out of order at once.
UPDATE mad_migrate.script SET script = replace(script, 'numeric', 'NUMERC(,'), checksum = 'another'
 WHERE branch = 'shop' AND revision = '002_totals';
\c regress_mad_shop_a
INSERT INTO mad_migrate.history (branch, revision, direction, started_at, statements, statements_done)
VALUES ('shop', '003_gone', 'upgrade', now(), 3, 1);
\c regress_mad_shop_b
UPDATE mad_migrate.alembic_version_shop SET version_num = '009_unknown';
\c :control
SET client_min_messages = warning;
SELECT * FROM mad_migrate.validate('shop') ORDER BY database COLLATE "C" NULLS FIRST, revision COLLATE "C" NULLS LAST;
DROP DATABASE regress_mad_shop_b;
SELECT problem FROM mad_migrate.validate('shop') WHERE database = 'regress_mad_shop_b';

DROP DATABASE regress_mad_shop_a;
DROP DATABASE regress_mad_shop;
DROP EXTENSION mad_migrate CASCADE;
