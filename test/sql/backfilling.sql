-- CALL mad_migrate.backfill(): every row once, in batches that are committed, resumed where it
-- stopped; by hand and from scripts.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '

-- How often each row was changed, and by how many transactions.
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changes := OLD.changes + 1;
    RETURN NEW;
END
$$;
CREATE TABLE users (id int PRIMARY KEY, status text, changes int NOT NULL DEFAULT 0);
CREATE TRIGGER count_change BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION count_change();
INSERT INTO users SELECT n, CASE WHEN n % 10 = 0 THEN 'kept' END FROM generate_series(1, 5000) AS n;
CREATE VIEW outcome AS
    SELECT status, changes, count(*), count(DISTINCT xmin::text) AS transactions
    FROM users GROUP BY status, changes ORDER BY status COLLATE "C", changes;

-------------------------------------------------------------------------------------------------
-- backfill(table, set, where, batch_size = 1000, pause = '0', schema = 'public', report_every = '10 s')
-------------------------------------------------------------------------------------------------
CALL mad_migrate.backfill('users', $$status = 'active'$$, 'status IS NULL', batch_size => 500);
SELECT status, changes, count, transactions BETWEEN 9 AND 20 AS batches FROM outcome WHERE status = 'active';
SELECT * FROM outcome WHERE status = 'kept';
-- There is nothing left to do, and no trace of what was done.
CALL mad_migrate.backfill('users', $$status = 'active'$$, 'status IS NULL', batch_size => 500);
SELECT status, changes, count FROM outcome;
SELECT count(*) FROM mad_migrate.backfill_position;

-- One row at a time, of a few in many; a comment at the end; a column of the table by its name.
CALL mad_migrate.backfill('users', $$status = 'rare ' || users.id -- why not$$, $$id % 1000 = 0 AND users.status = 'kept' -- or so$$, 1);
SELECT id, status, changes FROM users WHERE status LIKE 'rare%' ORDER BY id;

-- An index on what is looked for does not lead it astray.
CREATE INDEX users_kept ON users (id DESC) WHERE status = 'kept';
ANALYZE users;
CALL mad_migrate.backfill('users', 'status = NULL', $$status = 'kept'$$, 7);
SELECT status, changes, count FROM outcome WHERE status IS NULL;
CALL mad_migrate.backfill('users', $$status = 'kept'$$, 'status IS NULL', 5000);

-- What fails is rolled back, what was committed before it stays, and the next call goes on behind it.
ALTER TABLE users ADD CONSTRAINT not_yet CHECK (status <> 'idle' OR id <> 3333) NOT VALID;
CALL mad_migrate.backfill('users', $$status = 'idle'$$, $$status = 'active'$$, 100);
SELECT round, changed_rows BETWEEN 2000 AND 3000 AS some_done, mad_migrate.block_of(reached) BETWEEN 1 AND end_block AS half_way
FROM mad_migrate.backfill_position;
SELECT count(*) = (SELECT changed_rows FROM mad_migrate.backfill_position) FROM users WHERE status = 'idle';
ALTER TABLE users DROP CONSTRAINT not_yet;
CALL mad_migrate.backfill('users', $$status = 'idle'$$, $$status = 'active'$$, 100);
SELECT status, max(changes) - min(changes) AS difference, count(*) FROM users WHERE status = 'idle' GROUP BY status;
SELECT count(*) FROM mad_migrate.backfill_position;

-- After a rewrite of the table the rows are elsewhere, and none is forgotten.
UPDATE users SET status = NULL;
ALTER TABLE users ADD CONSTRAINT not_yet CHECK (status <> 'late' OR id <> 4999) NOT VALID;
CALL mad_migrate.backfill('users', $$status = 'late'$$, 'status IS NULL', 100);
ALTER TABLE users DROP CONSTRAINT not_yet;
VACUUM FULL users;
CALL mad_migrate.backfill('users', $$status = 'late'$$, 'status IS NULL', 100);
SELECT status, count(*) FROM users GROUP BY status;

-- Rows that come while it runs, behind the end that the table had, are met too.
CREATE FUNCTION add_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO users SELECT n FROM generate_series(6001, 8000) AS n;
    RETURN NULL;
END
$$;
CREATE TRIGGER add_rows AFTER UPDATE ON users FOR EACH ROW WHEN (NEW.id = 4000) EXECUTE FUNCTION add_rows();
CALL mad_migrate.backfill('users', $$status = 'new'$$, $$status IS NULL OR status = 'late'$$, 100);
SELECT status, count(*) FROM users GROUP BY status;
-- Where they never end, it says so and ends.
DROP TRIGGER add_rows ON users;
CREATE OR REPLACE FUNCTION add_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO users VALUES ((SELECT max(id) + 1 FROM users));
    RETURN NULL;
END
$$;
CREATE TRIGGER add_rows AFTER UPDATE ON users FOR EACH ROW WHEN (NEW.status = 'endless') EXECUTE FUNCTION add_rows();
INSERT INTO users VALUES (9001);
CALL mad_migrate.backfill('users', $$status = 'endless'$$, 'status IS NULL');
SELECT count(*) < 10 FROM users WHERE status = 'endless';
DROP TRIGGER add_rows ON users;
UPDATE users SET status = 'late';

-------------------------------------------------------------------------------------------------
-- Odd names, another schema, partitions, children
-------------------------------------------------------------------------------------------------
CREATE SCHEMA "Größe ""1""";
CREATE TYPE "Größe ""1""".mood AS ENUM ('glad');
CREATE TABLE "Größe ""1"""."T's ""x""" ("C'ol ""Ä""" text, mood "Größe ""1""".mood);
INSERT INTO "Größe ""1"""."T's ""x""" SELECT NULL FROM generate_series(1, 10);
-- Names are looked up in the table's schema, and the caller's search_path stays.
CALL mad_migrate.backfill('T''s "x"', $$"C'ol ""Ä""" = 'it''s', mood = 'glad'::mood$$, $$"C'ol ""Ä""" IS NULL$$, schema => 'Größe "1"');
SHOW search_path;
SELECT *, count(*) FROM "Größe ""1"""."T's ""x""" GROUP BY 1, 2;

CREATE TABLE parted (id int, done boolean) PARTITION BY RANGE (id);
CREATE TABLE part_one PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE part_two PARTITION OF parted FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (id);
CREATE TABLE part_two_one PARTITION OF part_two FOR VALUES FROM (100) TO (1000);
INSERT INTO parted SELECT n FROM generate_series(0, 999) AS n;
CALL mad_migrate.backfill('parted', 'done = true', 'done IS NULL', 30);
SELECT tableoid::regclass, done, count(*) FROM parted GROUP BY 1, 2 ORDER BY 1;
CREATE TABLE child () INHERITS (users);
INSERT INTO child SELECT n FROM generate_series(1, 20) AS n;
CALL mad_migrate.backfill('users', $$status = 'born'$$, 'status IS NULL');
SELECT status, count(*) FROM ONLY child GROUP BY status;
CREATE TABLE nothing (a int);
CALL mad_migrate.backfill('nothing', 'a = 1', 'a IS NULL');

-------------------------------------------------------------------------------------------------
-- What cannot be
-------------------------------------------------------------------------------------------------
INSERT INTO nothing VALUES (1), (2);
CALL mad_migrate.backfill('nothing', 'a = a + 1', 'a > 1');
CALL mad_migrate.backfill('users', NULL, 'true');
CALL mad_migrate.backfill('users', $$status = 'x'$$, NULL);
CALL mad_migrate.backfill('users', $$status = 'x'$$, 'status IS NULL', 0);
CALL mad_migrate.backfill('users', $$status = 'x'$$, 'status IS NULL', NULL);
CALL mad_migrate.backfill('users', $$status = 'x'$$, 'status IS NULL', schema => 'nowhere');
CALL mad_migrate.backfill('no_table', $$status = 'x'$$, 'status IS NULL');
CALL mad_migrate.backfill('outcome', $$status = 'x'$$, 'status IS NULL');
CREATE MATERIALIZED VIEW copied AS SELECT * FROM users;
CALL mad_migrate.backfill('copied', $$status = 'x'$$, 'status IS NULL');
\set VERBOSITY sqlstate
CALL mad_migrate.backfill('users', $$no_column = 'x'$$, 'status IS NULL');
CALL mad_migrate.backfill('users', $$status = $$, 'status IS NULL');
CALL mad_migrate.backfill('users', $$status = 'x'$$, 'status IS');
\set VERBOSITY default
SELECT count(*) FROM mad_migrate.backfill_position;
-- Inside a transaction it cannot commit, and says so before it looks for the table.
BEGIN;
CALL mad_migrate.backfill('no_table', $$status = 'x'$$, $$status = 'late'$$);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
SAVEPOINT here;
CALL mad_migrate.backfill('users', $$status = 'x'$$, $$status = 'late'$$);
ROLLBACK;
CREATE FUNCTION call_backfill() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CALL mad_migrate.backfill('users', 'status = ''x''', 'status = ''late''');
END
$$;
SELECT call_backfill();
SELECT count(*) FROM users WHERE status = 'x';
-- Where a block can commit, so can it, as often as it is called.
DO $$
BEGIN
    CALL mad_migrate.backfill('users', 'status = ''x''', 'status = ''late'' AND id = 1');
    COMMIT;
    CALL mad_migrate.backfill('users', 'status = ''x''', 'status = ''late'' AND id = 2');
    BEGIN
        CALL mad_migrate.backfill('users', 'status = ''x''', 'status = ''late''');
    EXCEPTION
        WHEN others THEN RAISE WARNING '% %', SQLSTATE, SQLERRM;
    END;
END
$$;
SELECT count(*) FROM users WHERE status = 'x';

-------------------------------------------------------------------------------------------------
-- estimate_backfill(table, where, batch_size = 1000, schema = 'public')
-------------------------------------------------------------------------------------------------
DELETE FROM users WHERE id > 5000;
UPDATE users SET status = CASE WHEN id <= 2500 THEN 'late' END;
VACUUM (FULL, ANALYZE) users;
SELECT rows BETWEEN 2400 AND 2600 AS rows, batches BETWEEN 24 AND 26 AS batches, blocks > 10 AS blocks
FROM mad_migrate.estimate_backfill('users', 'status IS NULL', 100);
TRUNCATE nothing;
SELECT blocks FROM mad_migrate.estimate_backfill('nothing', 'a IS NULL');
SELECT rows > 0 FROM mad_migrate.estimate_backfill('T''s "x"', $$mood = 'glad'::mood -- all$$, schema => 'Größe "1"');
SELECT * FROM mad_migrate.estimate_backfill('users', NULL);
SELECT * FROM mad_migrate.estimate_backfill('users', 'true', 0);
SELECT * FROM mad_migrate.estimate_backfill('no_table', 'true');

-------------------------------------------------------------------------------------------------
-- From a script, in the control database and in others: nothing has to be declared
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.create_branch('filled');
SELECT mad_migrate.create_branch('filled_others', template => 'regress_filled_template', database_pattern => 'regress_filled_{org_id}');
CREATE FUNCTION scripts_of(branch text, header text) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY[format($script$/*
Add a column

Revision ID: 1_%s
*/
-- migrate:upgrade
CREATE TABLE filled AS SELECT n AS id, NULL::text AS status FROM generate_series(1, 5000) AS n;
-- migrate:downgrade
DROP TABLE filled;
$script$, branch), format($script$/*
Fill it

Revision ID: 2_%1$s
Revises: 1_%1$s%2$s
*/
-- migrate:upgrade
ALTER TABLE filled ADD note text;
CALL mad_migrate.backfill('filled', 'status = ''active''', 'status IS NULL', batch_size => 100);
CALL mad_migrate.set_not_null_online('filled', 'status');
-- migrate:downgrade
ALTER TABLE filled DROP note, ALTER status DROP NOT NULL;
$script$, branch, header)]
$$;
SELECT mad_migrate.add_scripts('filled', scripts_of('filled', ''));
SELECT mad_migrate.add_scripts('filled_others', scripts_of('others', E'\nTransaction: off'));
SELECT revision, transactional FROM mad_migrate.plan('filled', from_revisions => '{}');
CALL mad_migrate.run_upgrade('filled');
SELECT status, count(*), count(DISTINCT xmin::text) > 40 AS batches FROM filled GROUP BY status;
SELECT attnotnull FROM pg_attribute WHERE attrelid = 'filled'::regclass AND attname = 'status';
SELECT database, status, error FROM mad_migrate.upgrade('filled_others');
ALTER DATABASE regress_filled_template ALLOW_CONNECTIONS true;
\set control :DBNAME
ALTER DATABASE regress_filled_template ALLOW_CONNECTIONS true;
\c regress_filled_template
SELECT status, count(*), count(DISTINCT xmin::text) > 40 AS batches FROM filled GROUP BY status;
\c :control
SET client_min_messages = warning;
CALL mad_migrate.run_downgrade('filled', 'base');

SELECT mad_migrate.drop_branch('filled');
DROP EXTENSION mad_migrate CASCADE;
DROP DATABASE regress_filled_template;
DROP SCHEMA "Größe ""1""" CASCADE;
DROP TABLE users, parted, nothing CASCADE;
DROP FUNCTION count_change, add_rows, call_backfill, scripts_of;
