-- The helpers scripts call: what each makes, that a second call does nothing, that every name may
-- hold anything, and what each says when something else is there already.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '

CREATE SCHEMA "Größe ""1""";
CREATE VIEW enum_types AS
    SELECT t.oid::regtype, ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder)
    FROM pg_type t WHERE t.typtype = 'e' AND t.typnamespace <> 'mad_migrate'::regnamespace ORDER BY t.typname COLLATE "C";
CREATE FUNCTION columns_of(regclass) RETURNS TABLE (column_name name, definition text) LANGUAGE sql AS $$
    SELECT a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                                'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
$$;
CREATE FUNCTION indexes_of(regclass) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', CASE WHEN NOT i.indisvalid THEN 'INVALID' END, pg_get_indexdef(i.indexrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1 ORDER BY c.relname COLLATE "C"
$$;
CREATE FUNCTION constraints_of(regclass) RETURNS TABLE (constraint_name name, definition text) LANGUAGE sql AS $$
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1 ORDER BY conname COLLATE "C"
$$;

-------------------------------------------------------------------------------------------------
-- create_enum_type(name, values, schema = 'public')
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.create_enum_type('job_status', ARRAY['pending', 'running', 'it''s "done"', 'größer \']);
SELECT mad_migrate.create_enum_type('Job "Status"', ARRAY['A'], 'Größe "1"');
SELECT mad_migrate.create_enum_type('nothing', '{}');
SELECT * FROM enum_types;

-- A second call does nothing.
SELECT mad_migrate.create_enum_type('job_status', ARRAY['pending', 'running', 'it''s "done"', 'größer \']);
SELECT mad_migrate.create_enum_type('Job "Status"', ARRAY['A'], schema => 'Größe "1"');
SELECT mad_migrate.create_enum_type('nothing', '{}');

-- Other values, or the same in another order, are an error.
SELECT mad_migrate.create_enum_type('job_status', ARRAY['pending', 'done']);
SELECT mad_migrate.create_enum_type('nothing', ARRAY['something']);
SELECT mad_migrate.create_enum_type('Job "Status"', '{}', 'Größe "1"');
SELECT mad_migrate.create_enum_type('broken', ARRAY['a', NULL]);
SELECT mad_migrate.create_enum_type('broken', NULL);
SELECT mad_migrate.create_enum_type('broken', ARRAY['a', 'b', 'a']);
SELECT mad_migrate.create_enum_type('broken', ARRAY['a'], 'nowhere');
SELECT mad_migrate.create_enum_type(NULL, ARRAY['a']);
CREATE DOMAIN percentage AS int;
SELECT mad_migrate.create_enum_type('percentage', ARRAY['a']);
SELECT * FROM enum_types;

-------------------------------------------------------------------------------------------------
-- add_enum_value(name, value, before = NULL, after = NULL, schema = 'public')
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_enum_value('nothing', 'b');
SELECT mad_migrate.add_enum_value('nothing', 'a', before => 'b');
SELECT mad_migrate.add_enum_value('nothing', 'a''s "and" \', after => 'a');
SELECT mad_migrate.add_enum_value('Job "Status"', 'Ä', after => 'A', schema => 'Größe "1"');
SELECT * FROM enum_types;

-- A second call does nothing, even if more values have come in between.
SELECT mad_migrate.add_enum_value('nothing', 'b');
SELECT mad_migrate.add_enum_value('nothing', 'a', before => 'b');
SELECT mad_migrate.add_enum_value('nothing', 'b', after => 'a');

SELECT mad_migrate.add_enum_value('nothing', 'b', before => 'a');
SELECT mad_migrate.add_enum_value('nothing', 'a', after => 'b');
SELECT mad_migrate.add_enum_value('nothing', 'c', before => 'x');
SELECT mad_migrate.add_enum_value('nothing', 'c', before => 'a', after => 'b');
SELECT mad_migrate.add_enum_value('nothing', NULL);
SELECT mad_migrate.add_enum_value('Job "Status"', 'c');
SELECT mad_migrate.add_enum_value('percentage', 'c');
SELECT * FROM enum_types;

-------------------------------------------------------------------------------------------------
-- drop_enum_type(name, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TABLE uses_enum (status job_status);
SELECT mad_migrate.drop_enum_type('job_status');
DROP TABLE uses_enum;
SELECT mad_migrate.drop_enum_type('job_status');
SELECT mad_migrate.drop_enum_type('nothing');
SELECT mad_migrate.drop_enum_type('nothing');
SELECT mad_migrate.drop_enum_type('Job "Status"');
SELECT mad_migrate.drop_enum_type('percentage');
SELECT * FROM enum_types;
SELECT mad_migrate.drop_enum_type('Job "Status"', 'Größe "1"');
SELECT * FROM enum_types;

-------------------------------------------------------------------------------------------------
-- add_audit_columns(table, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TABLE jobs (name text);
CREATE TABLE "Größe ""1"""."Job's ""Übung""" (name text);
SELECT mad_migrate.add_audit_columns('jobs');
SELECT * FROM columns_of('jobs');
SELECT mad_migrate.add_audit_columns('Job''s "Übung"', 'Größe "1"');
SELECT * FROM columns_of('"Größe ""1"""."Job''s ""Übung"""');

-- A second call does nothing; of several columns it adds those that are missing.
SELECT mad_migrate.add_audit_columns('jobs');
ALTER TABLE jobs DROP COLUMN updated_at;
SELECT mad_migrate.add_audit_columns('jobs');
SELECT * FROM columns_of('jobs');

CREATE TABLE other_columns (created_by int);
SELECT mad_migrate.add_audit_columns('other_columns');
SELECT * FROM columns_of('other_columns');
CREATE TABLE "Größe ""1""".only_there ();
SELECT mad_migrate.add_audit_columns('only_there');
SELECT mad_migrate.add_audit_columns('not_there');
SELECT mad_migrate.add_audit_columns('jobs', 'nowhere');
SELECT mad_migrate.add_audit_columns('enum_types');

-------------------------------------------------------------------------------------------------
-- drop_audit_columns(table, schema = 'public')
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.drop_audit_columns('only_there', 'Größe "1"');
SELECT mad_migrate.add_audit_columns('only_there', 'Größe "1"');
SELECT mad_migrate.drop_audit_columns('only_there', 'Größe "1"');
SELECT mad_migrate.drop_audit_columns('only_there', 'Größe "1"');
SELECT * FROM columns_of('"Größe ""1""".only_there');
SELECT mad_migrate.drop_audit_columns('only_there');
CREATE TABLE "Größe ""1"""."T ""; DROP" (x int);
SELECT mad_migrate.add_audit_columns('T "; DROP', 'Größe "1"'), mad_migrate.drop_audit_columns('T "; DROP', 'Größe "1"');
SELECT * FROM columns_of('"Größe ""1"""."T ""; DROP"');

-------------------------------------------------------------------------------------------------
-- create_updated_at_trigger(table, schema = 'public'), drop_updated_at_function(schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE FUNCTION triggers() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgname LIKE 'update%' ORDER BY t.tgname COLLATE "C"
$$;
CREATE FUNCTION updated_at_functions() RETURNS SETOF regprocedure LANGUAGE sql AS $$
    SELECT oid::regprocedure FROM pg_proc WHERE proname = 'update_updated_at_column' ORDER BY pronamespace::regnamespace::text COLLATE "C"
$$;
SELECT mad_migrate.create_updated_at_trigger('jobs');
SELECT mad_migrate.create_updated_at_trigger('Job''s "Übung"', 'Größe "1"');
SELECT triggers();
-- The function stands in the table's schema.
SELECT updated_at_functions();

INSERT INTO jobs (name, updated_at) VALUES ('one', '2001-01-01');
BEGIN;
UPDATE jobs SET name = 'two';
SELECT name, updated_at = now() AS updated FROM jobs;
COMMIT;

-- A second call does nothing.
SELECT mad_migrate.create_updated_at_trigger('jobs');
SELECT mad_migrate.create_updated_at_trigger('Job''s "Übung"', 'Größe "1"');
SELECT triggers();

-- A name of 63 bytes: the trigger's is cut as the server cuts names, and found again.
CREATE TABLE a23456789_123456789_123456789_123456789_123456789_123456789_123 (updated_at timestamptz);
SELECT mad_migrate.create_updated_at_trigger('a23456789_123456789_123456789_123456789_123456789_123456789_123');
SELECT mad_migrate.create_updated_at_trigger('a23456789_123456789_123456789_123456789_123456789_123456789_123');
SELECT triggers();
DROP TABLE a23456789_123456789_123456789_123456789_123456789_123456789_123;

SELECT mad_migrate.create_updated_at_trigger('other_columns');
ALTER TABLE jobs DISABLE TRIGGER update_jobs_updated_at;
SELECT mad_migrate.create_updated_at_trigger('jobs');
DROP TRIGGER update_jobs_updated_at ON jobs;
CREATE TRIGGER update_jobs_updated_at AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
SELECT mad_migrate.create_updated_at_trigger('jobs');

DROP TRIGGER update_jobs_updated_at ON jobs;
SELECT mad_migrate.create_updated_at_trigger('jobs');
SELECT mad_migrate.drop_updated_at_trigger('jobs');
SELECT mad_migrate.drop_updated_at_trigger('jobs');
SELECT mad_migrate.drop_updated_at_trigger('not_there');
SELECT mad_migrate.drop_updated_at_trigger('Job''s "Übung"', 'Größe "1"');
SELECT mad_migrate.drop_updated_at_trigger('Job''s "Übung"', 'Größe "1"');
SELECT mad_migrate.create_updated_at_trigger('Job''s "Übung"', 'Größe "1"');
SELECT triggers();
SELECT mad_migrate.create_updated_at_trigger('jobs');

-- The function goes when no trigger of its schema needs it.
SELECT mad_migrate.drop_updated_at_function();
SELECT updated_at_functions();
DROP TRIGGER update_jobs_updated_at ON jobs;
SELECT mad_migrate.drop_updated_at_function();
SELECT mad_migrate.drop_updated_at_function();
SELECT updated_at_functions();
DROP TABLE "Größe ""1"""."Job's ""Übung""";
SELECT mad_migrate.drop_updated_at_function('Größe "1"');
SELECT updated_at_functions();

-------------------------------------------------------------------------------------------------
-- add_uuid_primary_key(table, column = 'id', schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TABLE "Größe ""1"""."Ünder 100%" (x int);
INSERT INTO "Größe ""1"""."Ünder 100%" VALUES (1), (2);
SELECT mad_migrate.add_uuid_primary_key('Ünder 100%', 'The "Id"', 'Größe "1"');
SELECT mad_migrate.add_uuid_primary_key('Ünder 100%', 'The "Id"', 'Größe "1"');
SELECT * FROM columns_of('"Größe ""1"""."Ünder 100%"');
SELECT * FROM constraints_of('"Größe ""1"""."Ünder 100%"');
SELECT count(DISTINCT "The ""Id""") FROM "Größe ""1"""."Ünder 100%";
SELECT mad_migrate.add_uuid_primary_key('jobs');
SELECT mad_migrate.add_uuid_primary_key('jobs');
SELECT * FROM constraints_of('jobs');

SELECT mad_migrate.add_uuid_primary_key('jobs', 'other_id');
CREATE TABLE numbered (id int PRIMARY KEY);
SELECT mad_migrate.add_uuid_primary_key('numbered');
CREATE TABLE nullable (id uuid);
SELECT mad_migrate.add_uuid_primary_key('nullable');
SELECT mad_migrate.add_uuid_primary_key('not_there');

-------------------------------------------------------------------------------------------------
-- drop_uuid_primary_key(table, column = 'id', schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TABLE keyed (x int);
SELECT mad_migrate.add_uuid_primary_key('keyed');
SELECT mad_migrate.drop_uuid_primary_key('keyed');
SELECT mad_migrate.drop_uuid_primary_key('keyed');
SELECT * FROM columns_of('keyed');
SELECT mad_migrate.drop_uuid_primary_key('keyed', 'x');
SELECT mad_migrate.drop_uuid_primary_key('numbered');
SELECT mad_migrate.drop_uuid_primary_key('nullable');
DROP TABLE keyed;
SELECT mad_migrate.add_uuid_primary_key('T "; DROP', 'The "Ü"', 'Größe "1"');
SELECT mad_migrate.drop_uuid_primary_key('T "; DROP', 'The "Ü"', 'Größe "1"');
SELECT * FROM columns_of('"Größe ""1"""."T ""; DROP"');
-- Not while others refer to it.
SELECT mad_migrate.add_uuid_primary_key('T "; DROP', 'The "Ü"', 'Größe "1"');
CREATE TABLE referring (t uuid REFERENCES "Größe ""1"""."T ""; DROP");
SELECT mad_migrate.drop_uuid_primary_key('T "; DROP', 'The "Ü"', 'Größe "1"');
DROP TABLE referring;

-------------------------------------------------------------------------------------------------
-- create_index_if_not_exists(name, table, columns, "unique" = false, schema = 'public')
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.create_index_if_not_exists('idx_jobs_name', 'jobs', ARRAY['name', 'created_at']);
SELECT mad_migrate.create_index_if_not_exists('Übung; DROP TABLE jobs', 'Ünder 100%', ARRAY['x', 'The "Id"'], true, 'Größe "1"');
SELECT indexes_of('jobs');
SELECT indexes_of('"Größe ""1"""."Ünder 100%"');

-- A second call does nothing.
SELECT mad_migrate.create_index_if_not_exists('idx_jobs_name', 'jobs', ARRAY['name', 'created_at']);
SELECT mad_migrate.create_index_if_not_exists('Übung; DROP TABLE jobs', 'Ünder 100%', ARRAY['x', 'The "Id"'], true, 'Größe "1"');

-- Another index under that name is an error.
SELECT mad_migrate.create_index_if_not_exists('idx_jobs_name', 'jobs', ARRAY['created_at', 'name']);
SELECT mad_migrate.create_index_if_not_exists('idx_jobs_name', 'jobs', ARRAY['name', 'created_at'], "unique" => true);
SELECT mad_migrate.create_index_if_not_exists('idx_jobs_name', 'numbered', ARRAY['id']);
SELECT mad_migrate.create_index_if_not_exists('jobs', 'numbered', ARRAY['id']);
CREATE INDEX descending ON jobs (name DESC);
SELECT mad_migrate.create_index_if_not_exists('descending', 'jobs', ARRAY['name']);
CREATE INDEX hashed ON jobs USING hash (name);
SELECT mad_migrate.create_index_if_not_exists('hashed', 'jobs', ARRAY['name']);
SELECT mad_migrate.create_index_if_not_exists('broken', 'jobs', ARRAY['no_column']);
SELECT mad_migrate.create_index_if_not_exists('broken', 'jobs', '{}');
SELECT mad_migrate.create_index_if_not_exists('broken', 'jobs', '{name,NULL}');
SELECT mad_migrate.create_index_if_not_exists('broken', 'not_there', ARRAY['x']);

-- An INVALID index counts as absent.
CREATE TABLE doubles (x int);
INSERT INTO doubles VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY doubles_key ON doubles (x);
SELECT indexes_of('doubles');
SELECT mad_migrate.create_index_if_not_exists('doubles_key', 'doubles', ARRAY['x'], "unique" => true);
DELETE FROM doubles WHERE ctid = '(0,1)';
SELECT mad_migrate.create_index_if_not_exists('doubles_key', 'doubles', ARRAY['x'], "unique" => true);
SELECT indexes_of('doubles');

-------------------------------------------------------------------------------------------------
-- create_partial_index(name, table, columns, "where", "unique" = false, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TYPE "Größe ""1""".size AS ENUM ('small', 'large');
CREATE TABLE "Größe ""1""".boxes (size "Größe ""1""".size, weight int);
SELECT mad_migrate.create_partial_index('light', 'boxes', ARRAY['weight'], 'weight IN (1, 2)', schema => 'Größe "1"');
-- Names in the predicate are looked up in the table's schema, and the caller's search_path stays.
SELECT mad_migrate.create_partial_index('Große', 'boxes', ARRAY['weight'], $$boxes.size = 'large'::size$$, true, 'Größe "1"');
SHOW search_path;
SELECT indexes_of('"Größe ""1""".boxes');

-- A second call does nothing, nor does another spelling of the same predicate.
SELECT mad_migrate.create_partial_index('light', 'boxes', ARRAY['weight'], 'weight IN (1, 2)', schema => 'Größe "1"');
SELECT mad_migrate.create_partial_index('light', 'boxes', ARRAY['weight'], '(boxes.weight = ANY (ARRAY[1,2]))', schema => 'Größe "1"');
SELECT mad_migrate.create_partial_index('Große', 'boxes', ARRAY['weight'], $$boxes.size = 'large'::size$$, true, 'Größe "1"');

SELECT mad_migrate.create_partial_index('light', 'boxes', ARRAY['weight'], 'weight IN (1, 3)', schema => 'Größe "1"');
SELECT mad_migrate.create_index_if_not_exists('light', 'boxes', ARRAY['weight'], schema => 'Größe "1"');
SELECT mad_migrate.create_partial_index('broken', 'boxes', ARRAY['weight'], NULL, schema => 'Größe "1"');
SELECT mad_migrate.create_partial_index('broken', 'boxes', ARRAY['weight'], 'height > 1', schema => 'Größe "1"');
SELECT mad_migrate.create_partial_index('broken', 'boxes', ARRAY['weight'], 'weight > ', schema => 'Größe "1"');
SELECT indexes_of('"Größe ""1""".boxes');

-------------------------------------------------------------------------------------------------
-- add_foreign_key_with_index(table, column, referenced table, referenced column = 'id',
--                            ondelete = 'NO ACTION', name = NULL, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TABLE tasks (job_id uuid, number int);
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'job_id', 'jobs');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'number', 'numbered', ondelete => 'set null', name => 'Fk "Nümber"');
SELECT * FROM constraints_of('tasks');
SELECT indexes_of('tasks');
CREATE TABLE "Größe ""1"""."T's" ("C'ol" uuid);
SELECT mad_migrate.add_foreign_key_with_index('T''s', 'C''ol', 'Ünder 100%', 'The "Id"', 'CASCADE', schema => 'Größe "1"');
SELECT * FROM constraints_of('"Größe ""1"""."T''s"');
SELECT indexes_of('"Größe ""1"""."T''s"');

-- A second call does nothing, except for what is missing.
DROP INDEX idx_tasks_job_id;
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'job_id', 'jobs', ondelete => 'no action');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'number', 'numbered', ondelete => 'SET NULL', name => 'Fk "Nümber"');
SELECT mad_migrate.add_foreign_key_with_index('T''s', 'C''ol', 'Ünder 100%', 'The "Id"', 'CASCADE', schema => 'Größe "1"');
SELECT indexes_of('tasks');

SELECT mad_migrate.add_foreign_key_with_index('tasks', 'job_id', 'jobs', ondelete => 'RESTRICT');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'number', 'jobs', name => 'Fk "Nümber"');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'job_id', 'jobs', ondelete => 'CASCADE; DROP TABLE jobs');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'job_id', 'jobs', ondelete => NULL);
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'job_id', 'not_there');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'no_column', 'jobs');
SELECT mad_migrate.add_foreign_key_with_index('tasks', 'number', 'jobs');

-- Without a look at the rows that are there: later, or never where they do not fit.
CREATE TABLE parts (id int PRIMARY KEY, number int);
INSERT INTO parts VALUES (1, 7);
SELECT mad_migrate.add_foreign_key_with_index('parts', 'number', 'numbered', validate => false);
SELECT mad_migrate.add_foreign_key_with_index('parts', 'number', 'numbered', validate => false);
SELECT * FROM constraints_of('parts');
SELECT mad_migrate.add_foreign_key_with_index('parts', 'number', 'numbered');
UPDATE parts SET number = NULL;
SELECT mad_migrate.add_foreign_key_with_index('parts', 'number', 'numbered');
SELECT * FROM constraints_of('parts');
-- To a table of another schema.
SELECT mad_migrate.add_uuid_primary_key('T''s', schema => 'Größe "1"');
ALTER TABLE parts ADD t uuid;
SELECT mad_migrate.add_foreign_key_with_index('parts', 't', 'T''s', referenced_schema => 'Größe "1"');
SELECT * FROM constraints_of('parts');

-------------------------------------------------------------------------------------------------
-- drop_foreign_key_with_index(table, column, name = NULL, schema = 'public')
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.drop_foreign_key_with_index('parts', 't');
SELECT mad_migrate.drop_foreign_key_with_index('parts', 't');
SELECT mad_migrate.drop_foreign_key_with_index('parts', 'number');
SELECT mad_migrate.drop_foreign_key_with_index('T''s', 'C''ol', schema => 'Größe "1"');
SELECT mad_migrate.drop_foreign_key_with_index('tasks', 'number', 'Fk "Nümber"');
SELECT mad_migrate.drop_foreign_key_with_index('parts', 'id', 'parts_pkey');
SELECT * FROM constraints_of('parts');
SELECT indexes_of('parts');
SELECT indexes_of('"Größe ""1"""."T''s"');
SELECT * FROM constraints_of('tasks');

-------------------------------------------------------------------------------------------------
-- set_not_null_online(table, column, schema = 'public')
-------------------------------------------------------------------------------------------------
INSERT INTO "Größe ""1"""."T's" VALUES (NULL);
CALL mad_migrate.set_not_null_online('T''s', 'C''ol', 'Größe "1"');
-- New nulls are refused from the first call on.
\set VERBOSITY terse
INSERT INTO "Größe ""1"""."T's" VALUES (NULL);
\set VERBOSITY default
UPDATE "Größe ""1"""."T's" SET "C'ol" = gen_random_uuid();
CALL mad_migrate.set_not_null_online('T''s', 'C''ol', 'Größe "1"');
CALL mad_migrate.set_not_null_online('T''s', 'C''ol', 'Größe "1"');
SELECT * FROM columns_of('"Größe ""1"""."T''s"');
SELECT * FROM constraints_of('"Größe ""1"""."T''s"');
CALL mad_migrate.set_not_null_online('tasks', 'no_column');
CALL mad_migrate.set_not_null_online('not_there', 'x');
ALTER TABLE tasks ADD CONSTRAINT tasks_number_not_null CHECK (number > 0);
CALL mad_migrate.set_not_null_online('tasks', 'number');
-- Inside a transaction it cannot commit, and says so before it looks for the table.
BEGIN;
CALL mad_migrate.set_not_null_online('no_table', 'job_id');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
DO $$
BEGIN
    CALL mad_migrate.set_not_null_online('tasks', 'job_id');
EXCEPTION
    WHEN others THEN RAISE WARNING '% %', SQLSTATE, SQLERRM;
END
$$;
SELECT * FROM columns_of('tasks');

-------------------------------------------------------------------------------------------------
-- grant_helpers(grantee): a role that runs scripts calls every helper, and nothing else
-------------------------------------------------------------------------------------------------
CREATE ROLE "regress_mad Script";
SELECT mad_migrate.grant_helpers('regress_mad Script');
SELECT mad_migrate.grant_helpers('regress_mad Script');
SELECT mad_migrate.grant_helpers('PUBLIC');
CREATE SCHEMA mine AUTHORIZATION "regress_mad Script";
SET ROLE "regress_mad Script";
CREATE TABLE mine.parent ();
CREATE TABLE mine.child (parent_id uuid);
SELECT mad_migrate.create_enum_type('mood', ARRAY['glad'], 'mine');
SELECT mad_migrate.add_enum_value('mood', 'sad', schema => 'mine');
CREATE TABLE mine.moods (mood mine.mood DEFAULT 'sad' CHECK (mood <> 'glad'), moods mine.mood[]);
CREATE INDEX moods_idx ON mine.moods (mood) WHERE mood = 'sad';
SELECT mad_migrate.replace_enum_type('mood', '{sad,glad,mad}', 'mine');
SELECT mad_migrate.drop_enum_value('mood', 'mad', schema => 'mine');
DROP TABLE mine.moods;
SELECT mad_migrate.drop_enum_type('mood', 'mine');
SELECT mad_migrate.add_uuid_primary_key('parent', schema => 'mine');
SELECT mad_migrate.add_audit_columns('parent', 'mine');
SELECT mad_migrate.create_updated_at_trigger('parent', 'mine');
SELECT mad_migrate.drop_updated_at_trigger('parent', 'mine');
SELECT mad_migrate.add_foreign_key_with_index('child', 'parent_id', 'parent', schema => 'mine');
CALL mad_migrate.set_not_null_online('child', 'parent_id', 'mine');
SELECT mad_migrate.drop_foreign_key_with_index('child', 'parent_id', schema => 'mine');
SELECT mad_migrate.create_index_if_not_exists('idx_parent', 'parent', ARRAY['created_at'], schema => 'mine');
SELECT mad_migrate.create_partial_index('idx_created', 'parent', ARRAY['created_at'], 'created_by IS NULL', schema => 'mine');
SELECT mad_migrate.create_partial_index('idx_created', 'parent', ARRAY['created_at'], 'created_by IS NULL', schema => 'mine');
SELECT mad_migrate.drop_audit_columns('parent', 'mine');
SELECT mad_migrate.drop_uuid_primary_key('parent', schema => 'mine');
INSERT INTO mine.child VALUES (gen_random_uuid());
SET client_min_messages = warning;
SELECT mad_migrate.begin_column_rename('child', 'parent_id', 'p', 'mine');
SELECT mad_migrate.finish_column_rename('child', 'parent_id', 'p', 'mine');
SELECT mad_migrate.begin_column_type_change('child', 'p', 'text', schema => 'mine', backfill => false);
CALL mad_migrate.backfill('child', 'new_p = p::text', 'new_p IS NULL', schema => 'mine');
SELECT batches FROM mad_migrate.estimate_backfill('child', 'new_p IS NULL', schema => 'mine');
SELECT mad_migrate.finish_column_type_change('child', 'p', 'mine');
RESET client_min_messages;
DROP TABLE mine.child, mine.parent;
SELECT mad_migrate.drop_updated_at_function('mine');
-- Its rights end where the role's own end.
SELECT mad_migrate.add_audit_columns('numbered');
SELECT mad_migrate.change_heads('results', '{}', '{x}');
SELECT * FROM mad_migrate.history;
-- It sees its own backfills only.
RESET ROLE;
INSERT INTO mad_migrate.backfill_position (table_schema, table_name, assignments, condition, end_block)
VALUES ('mine', 'x', 'a', 'b', 1);
SET ROLE "regress_mad Script";
SELECT count(*) FROM mad_migrate.backfill_position;
INSERT INTO mad_migrate.backfill_position (started_by, table_schema, table_name, assignments, condition, end_block)
VALUES ('postgres', 'mine', 'x', 'a', 'b', 1);
RESET ROLE;
DROP OWNED BY "regress_mad Script";
DROP ROLE "regress_mad Script";

SET client_min_messages = warning;
DROP VIEW enum_types;
DROP EXTENSION mad_migrate;
DROP SCHEMA "Größe ""1""" CASCADE;
DROP TABLE other_columns, nullable, jobs, doubles, tasks, parts, numbered CASCADE;
DROP DOMAIN percentage;
DROP FUNCTION columns_of, indexes_of, constraints_of, triggers, updated_at_functions;
