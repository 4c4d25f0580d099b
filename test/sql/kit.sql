-- The kit of a migrated database: version tables, history, published versions, and who may touch them.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
\pset null '(null)'

-------------------------------------------------------------------------------------------------
-- create_version_table(branch): a table Alembic reads and writes
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.create_version_table('kit');
SELECT mad_migrate.create_version_table('kit');
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
FROM pg_attribute a WHERE a.attrelid = 'mad_migrate.alembic_version_kit'::regclass AND a.attnum > 0;
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'mad_migrate.alembic_version_kit'::regclass;
SELECT obj_description('mad_migrate.alembic_version_kit'::regclass, 'pg_class');

-- A branch names a table and a setting.
SELECT mad_migrate.create_version_table('Kit');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.create_version_table('');
SELECT mad_migrate.create_version_table('a; DROP TABLE x');
SELECT mad_migrate.create_version_table('a' || repeat('b', 40));
SELECT mad_migrate.create_version_table(NULL);
SELECT mad_migrate.create_version_table('a' || repeat('b', 39));
DROP TABLE mad_migrate.alembic_version_abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb;

-------------------------------------------------------------------------------------------------
-- change_heads(branch, deletes, inserts): one step's rows
-------------------------------------------------------------------------------------------------
-- What it does to the table, in order.
CREATE TABLE changes (id int GENERATED ALWAYS AS IDENTITY, change text);
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.changes (change) VALUES (concat_ws(' ', TG_OP, OLD.version_num, NEW.version_num));
    RETURN NULL;
END
$$;
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON mad_migrate.alembic_version_kit
    FOR EACH ROW EXECUTE FUNCTION log_change();
CREATE FUNCTION look() RETURNS TABLE (changes text, heads text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT (SELECT string_agg(change, ', ' ORDER BY id) FROM public.changes),
                        (SELECT string_agg(version_num, ',' ORDER BY version_num COLLATE "C") FROM mad_migrate.alembic_version_kit);
    DELETE FROM public.changes;
END
$$;

-- The first revision, the next, two branches over it, their merge.
SELECT mad_migrate.change_heads('kit', '{}', '{a}');
SELECT mad_migrate.change_heads('kit', '{a}', '{b1}');
SELECT mad_migrate.change_heads('kit', '{}', '{b2}');
SELECT mad_migrate.change_heads('kit', NULL, '{b3}');
SELECT * FROM look();
SELECT mad_migrate.change_heads('kit', '{b1,b2,b3}', '{m}');
SELECT * FROM look();
-- And back.
SELECT mad_migrate.change_heads('kit', '{m}', '{b1,b2,b3}');
SELECT * FROM look();
SELECT mad_migrate.change_heads('kit', '{b1,b2}', '{c1,c2}');
SELECT * FROM look();
SELECT mad_migrate.change_heads('kit', '{b3,c1}', NULL);
SELECT mad_migrate.change_heads('kit', '{c2}', ARRAY[E'It''s "ü", \\']);
SELECT * FROM look();
SELECT mad_migrate.change_heads('kit', ARRAY[E'It''s "ü", \\'], '{}');
SELECT mad_migrate.change_heads('kit', '{}', '{}');
SELECT * FROM look();

-- A row that is not as planned is an error, whichever way it is missed, and nothing is changed.
SELECT mad_migrate.change_heads('kit', '{x}', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.change_heads('kit', '{}', '{a,b}');
SELECT * FROM look();
SELECT mad_migrate.change_heads('kit', '{a,x}', '{}');
SELECT mad_migrate.change_heads('kit', '{x}', '{c}');
SELECT mad_migrate.change_heads('kit', '{x,b}', '{c}');
SELECT mad_migrate.change_heads('kit', '{a}', '{b}');
SELECT mad_migrate.change_heads('kit', '{a}', '{b,c}');
SELECT mad_migrate.change_heads('kit', '{}', '{c,b}');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.change_heads('kit', ARRAY[NULL], '{}');
SELECT * FROM look();

-- Alembic can be told to make the table without a key.
ALTER TABLE mad_migrate.alembic_version_kit DROP CONSTRAINT alembic_version_kit_pkc;
INSERT INTO mad_migrate.alembic_version_kit VALUES ('b');
SELECT mad_migrate.change_heads('kit', '{b}', '{c}');
SELECT mad_migrate.change_heads('kit', '{b}', '{}');
SELECT mad_migrate.change_heads('kit', '{}', '{b}');
DELETE FROM mad_migrate.alembic_version_kit;
ALTER TABLE mad_migrate.alembic_version_kit ADD CONSTRAINT alembic_version_kit_pkc PRIMARY KEY (version_num);

SELECT mad_migrate.change_heads('no_branch', '{}', '{a}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER log_change ON mad_migrate.alembic_version_kit;

-------------------------------------------------------------------------------------------------
-- publish_heads(branch): ALTER DATABASE ... SET mad_revision.<branch>
-------------------------------------------------------------------------------------------------
CREATE VIEW published AS
    SELECT item FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS item
    WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.setrole = 0
      AND item LIKE 'mad_revision.kit%' ORDER BY item COLLATE "C";
SELECT mad_migrate.publish_heads('kit');
SELECT * FROM published;
-- In C order, whatever the database's; of another branch, nothing changes.
SELECT mad_migrate.create_version_table('kit_2');
SELECT mad_migrate.change_heads('kit_2', '{}', ARRAY['It''s \ ü']);
SELECT mad_migrate.publish_heads('kit_2');
SELECT mad_migrate.change_heads('kit', '{}', '{b,a,C}');
SELECT mad_migrate.publish_heads('kit');
SELECT * FROM published;
-- A new session shows it.
\c
SELECT * FROM (VALUES (current_setting('mad_revision.kit'), current_setting('mad_revision.kit_2'))) AS settings;

-- The catalog is left alone when it says so already.
CREATE VIEW written AS
    SELECT s.xmin::text AS writer FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    WHERE d.datname = current_database();
CREATE TEMPORARY TABLE before AS SELECT * FROM written;
SELECT mad_migrate.publish_heads('kit');
SELECT written.writer = before.writer AS untouched FROM written, before;
SELECT mad_migrate.change_heads('kit', '{a}', '{}');
SELECT mad_migrate.publish_heads('kit');
SELECT written.writer = before.writer AS untouched FROM written, before;

-- It is part of the transaction.
BEGIN;
SELECT mad_migrate.change_heads('kit', '{b,C}', '{}');
SELECT mad_migrate.publish_heads('kit');
SELECT * FROM published;
ROLLBACK;
SELECT * FROM published;

-- No heads, no setting; the database's other settings stay.
SELECT mad_migrate.change_heads('kit', '{b,C}', '{}');
SELECT mad_migrate.publish_heads('kit');
SELECT mad_migrate.change_heads('kit_2', ARRAY['It''s \ ü'], '{}');
SELECT mad_migrate.publish_heads('kit_2');
SELECT * FROM published;
SELECT mad_migrate.publish_heads('no_branch');

-------------------------------------------------------------------------------------------------
-- record_step(branch, revision, direction, checksum, deletes, inserts, started_at, run, publish)
-------------------------------------------------------------------------------------------------
CREATE VIEW kit_history AS
    SELECT revision, direction, checksum, finished_at >= started_at AS finished, statements, statements_done AS done,
           statement_started AS started, applied_by = session_user AS by_me, run
    FROM mad_migrate.history WHERE branch = 'kit' ORDER BY id;
SELECT mad_migrate.record_step('kit', 'a', 'upgrade', 'sum a', '{}', '{a}', now(), NULL, false);
SELECT * FROM published;
SELECT mad_migrate.record_step('kit', 'b', 'upgrade', 'sum b', '{a}', '{b}', now(), 7, true);
SELECT * FROM published;
SELECT mad_migrate.record_step('kit', 'b', 'downgrade', 'sum b', '{b}', '{a}', now(), 8, true);
SELECT mad_migrate.record_step('kit', '', 'stamp', NULL, '{a}', '{}', now(), NULL, true);
SELECT * FROM kit_history;
SELECT * FROM published;

-- A step that does not fit is not recorded.
SELECT mad_migrate.record_step('kit', 'b', 'upgrade', 'sum b', '{a}', '{b}', now(), 9, true);
\set VERBOSITY terse
SELECT mad_migrate.record_step('kit', 'a', 'sideways', 'sum a', '{}', '{a}', now(), 9, true);
\set VERBOSITY default
SELECT count(*) FROM kit_history;
SELECT * FROM mad_migrate.alembic_version_kit;

-------------------------------------------------------------------------------------------------
-- Steps that are committed statement by statement
-------------------------------------------------------------------------------------------------
DELETE FROM mad_migrate.history WHERE branch = 'kit';
SELECT mad_migrate.begin_partial_step('kit', 'a', 'upgrade', 'sum a', 2, 10) AS step \gset
SELECT * FROM kit_history;
SELECT mad_migrate.record_statement(:step, 1, finished => false);
SELECT * FROM kit_history;
SELECT mad_migrate.record_statement(:step, 1, finished => true);
SELECT mad_migrate.record_statement(:step, 2, finished => false);
SELECT * FROM kit_history;

-- One unfinished step to a branch; another branch may have one too.
UPDATE mad_migrate.history SET started_at = '2025-10-03 10:00:00+00' WHERE id = :step;
SELECT mad_migrate.begin_partial_step('kit', 'b', 'upgrade', 'sum b', 1, 11);
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT mad_migrate.begin_partial_step('kit_2', 'a', 'upgrade', NULL, 1, NULL) > :step;
ROLLBACK;

-- It is not finished before its last statement is, nor with rows that are not as planned.
SELECT mad_migrate.finish_partial_step(:step, '{}', '{a}', true);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT mad_migrate.record_statement(:step, 3, finished => true);
\set VERBOSITY default
SELECT mad_migrate.record_statement(:step, 2, finished => true);
SELECT mad_migrate.finish_partial_step(:step, '{x}', '{a}', true);
SELECT * FROM kit_history;
SELECT mad_migrate.finish_partial_step(:step, '{}', '{a}', true);
SELECT * FROM kit_history;
SELECT * FROM mad_migrate.alembic_version_kit;
SELECT * FROM published;

-- A script without statements is finished as soon as it is begun.
SELECT mad_migrate.begin_partial_step('kit', 'b', 'upgrade', 'sum b', 0, NULL) AS step \gset
SELECT mad_migrate.finish_partial_step(:step, '{a}', '{b}', false);
SELECT mad_migrate.change_heads('kit', '{b}', '{a}');
SELECT * FROM kit_history;

-- What is finished is finished.
INSERT INTO mad_migrate.history (id, branch, revision, direction, started_at, finished_at, statements, statements_done)
    OVERRIDING SYSTEM VALUE VALUES (-7, 'kit', 'a', 'upgrade', '-infinity', '2025-10-03 10:00:01+00', 1, 1);
SELECT mad_migrate.record_statement(-7, 1, finished => true);
SELECT mad_migrate.finish_partial_step(-7, '{}', '{b}', true);
SELECT mad_migrate.record_statement(-8, 1, finished => true);
\echo :LAST_ERROR_SQLSTATE

-- The history cannot say nonsense.
\set VERBOSITY terse
INSERT INTO mad_migrate.history (branch, revision, direction, started_at) VALUES ('kit', 'x', 'upgrade', now());
INSERT INTO mad_migrate.history (branch, revision, direction, started_at, statements) VALUES ('kit', 'x', 'upgrade', now(), 1);
INSERT INTO mad_migrate.history (branch, revision, direction, started_at, finished_at, statements, statements_done)
    VALUES ('kit', 'x', 'upgrade', now(), now(), 2, 1);
\set VERBOSITY default

-------------------------------------------------------------------------------------------------
-- Who may do what
-------------------------------------------------------------------------------------------------
CREATE ROLE regress_mad_nobody;
-- PUBLIC can do nothing here: no schema, table, sequence or function.
SELECT nspname FROM pg_namespace
WHERE nspname = 'mad_migrate' AND (has_schema_privilege('regress_mad_nobody', oid, 'USAGE')
                                   OR has_schema_privilege('regress_mad_nobody', oid, 'CREATE'));
SELECT oid::regclass FROM pg_class
WHERE relnamespace = 'mad_migrate'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (has_table_privilege('regress_mad_nobody', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege('regress_mad_nobody', oid, 'SELECT, INSERT, UPDATE, REFERENCES'));
SELECT oid::regclass FROM pg_class
WHERE relnamespace = 'mad_migrate'::regnamespace
  AND CASE WHEN relkind = 'S' THEN has_sequence_privilege('regress_mad_nobody', oid, 'USAGE, SELECT, UPDATE') END;
SELECT oid::regprocedure FROM pg_proc
WHERE pronamespace = 'mad_migrate'::regnamespace AND has_function_privilege('regress_mad_nobody', oid, 'EXECUTE');
SET ROLE regress_mad_nobody;
SELECT * FROM mad_migrate.history;
SELECT mad_migrate.change_heads('kit', '{a}', '{}');
RESET ROLE;

-- No function written in SQL is at the mercy of the caller's search_path, and each says what it is for.
-- A procedure that commits can have no setting; the two there are name every schema.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'mad_migrate'::regnamespace AND l.lanname IN ('sql', 'plpgsql')
  AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false) AND p.prokind <> 'p';
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'mad_migrate'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT a.attrelid::regclass, a.attname FROM pg_attribute a
WHERE a.attrelid IN ('mad_migrate.history'::regclass, 'mad_migrate.alembic_version_kit'::regclass)
  AND a.attnum > 0 AND col_description(a.attrelid, a.attnum) IS NULL;

-- The owner of a database publishes once a superuser has allowed the setting.
CREATE ROLE regress_mad_owner;
GRANT USAGE ON SCHEMA mad_migrate TO regress_mad_owner;
GRANT ALL ON mad_migrate.history, mad_migrate.alembic_version_kit TO regress_mad_owner;
GRANT SELECT ON published TO regress_mad_owner;
GRANT EXECUTE ON FUNCTION mad_migrate.publish_heads, mad_migrate.change_heads, mad_migrate.find_version_table TO regress_mad_owner;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO regress_mad_owner', current_database()); END $$;
SET ROLE regress_mad_owner;
SELECT mad_migrate.change_heads('kit', '{a}', '{b}');
SELECT mad_migrate.publish_heads('kit');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SET ON PARAMETER mad_revision.kit TO regress_mad_owner;
SET ROLE regress_mad_owner;
SELECT mad_migrate.publish_heads('kit');
SELECT * FROM published;
SELECT mad_migrate.change_heads('kit', '{b}', '{}');
SELECT mad_migrate.publish_heads('kit');
SELECT * FROM published;
RESET ROLE;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), session_user); END $$;
DROP OWNED BY regress_mad_owner;
DROP ROLE regress_mad_owner, regress_mad_nobody;

SET client_min_messages = warning;
DROP VIEW published, written, kit_history;
DROP FUNCTION log_change CASCADE;
DROP EXTENSION mad_migrate CASCADE;
DROP FUNCTION look;
DROP TABLE changes;
