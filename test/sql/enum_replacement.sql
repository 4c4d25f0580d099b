-- replace_enum_type and drop_enum_value: columns, arrays, defaults, checks and indexes carried over,
-- what cannot be refused by name; and values that are used right after they were added.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
CREATE FUNCTION values_of(regtype) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = $1 ORDER BY enumsortorder)
$$;

-------------------------------------------------------------------------------------------------
-- replace_enum_type(name, values, schema = 'public', replacements = '{}')
-------------------------------------------------------------------------------------------------
CREATE TYPE status AS ENUM ('open', 'it''s "half"', 'done');
COMMENT ON TYPE status IS 'How far it is';
CREATE TABLE tasks (
    id int PRIMARY KEY,
    status status NOT NULL DEFAULT 'open',
    history status[] DEFAULT '{open}' CHECK (history[1] = 'open'),
    CONSTRAINT finished CHECK (status <> 'done' OR id > 0)
);
CREATE INDEX tasks_status ON tasks (status);
CREATE UNIQUE INDEX tasks_open ON tasks (id) WHERE status = 'open';
COMMENT ON INDEX tasks_open IS 'Those to do';
CREATE INDEX tasks_is_done ON tasks ((status = 'done'::status));
INSERT INTO tasks VALUES (1, 'open', '{open}'), (2, 'it''s "half"', '{open,"it''s \"half\"",NULL}'), (3, 'done', NULL);

-- Another order, and more values, which can be used at once.
BEGIN;
SELECT mad_migrate.replace_enum_type('status', ARRAY['new', 'done', 'it''s "half"', 'open']);
INSERT INTO tasks VALUES (4, 'new');
SELECT * FROM tasks ORDER BY status, id;
COMMIT;
SELECT values_of('status'), obj_description('status'::regtype, 'pg_type');
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'tasks'::regclass ORDER BY adnum;
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'tasks'::regclass ORDER BY conname;
SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indrelid = 'tasks'::regclass ORDER BY 1;
SELECT obj_description('tasks_open'::regclass);
SELECT mad_migrate.replace_enum_type('status', ARRAY['new', 'done', 'it''s "half"', 'open']);

-- A value that rows, a default or a check have.
SELECT mad_migrate.replace_enum_type('status', '{new,open,done}');
SELECT mad_migrate.replace_enum_type('status', '{new,open,done}', replacements => '{"it''s \"half\"": "gone"}');
SELECT mad_migrate.replace_enum_type('status', '{new,done}', replacements => '{"it''s \"half\"": "new", "open": "new"}');
SELECT * FROM tasks ORDER BY id;
SELECT mad_migrate.replace_enum_type('status', '{new,open,done}', replacements => '{"it''s \"half\"": "open"}');
SELECT * FROM tasks ORDER BY id;
ALTER TABLE tasks DROP CONSTRAINT tasks_history_check, ALTER history DROP DEFAULT;
DROP INDEX tasks_open;
SELECT mad_migrate.replace_enum_type('status', '{new,done}', replacements => '{"open": "new"}');
SELECT * FROM tasks ORDER BY id;
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'tasks'::regclass;
SELECT values_of('status');

-- What depends on the type and cannot be carried over is named, and nothing is changed.
CREATE VIEW done_tasks AS SELECT id FROM tasks WHERE status = 'done';
CREATE FUNCTION is_done(status) RETURNS boolean LANGUAGE sql AS $$ SELECT $1 = 'done' $$;
CREATE TABLE derived (s status, done boolean GENERATED ALWAYS AS (s = 'done'::status) STORED);
CREATE TYPE pair AS (a status, b int);
CREATE DOMAIN some_status AS status;
SELECT mad_migrate.replace_enum_type('status', '{done,new}');
SELECT values_of('status');
DROP VIEW done_tasks;
DROP FUNCTION is_done;
DROP TABLE derived;
DROP TYPE pair;
DROP DOMAIN some_status;
CREATE TABLE parents (s status PRIMARY KEY);
CREATE TABLE children (s status REFERENCES parents);
SELECT mad_migrate.replace_enum_type('status', '{done,new}');
DROP TABLE children, parents;
CREATE TABLE parted (s status) PARTITION BY LIST (s);
SELECT mad_migrate.replace_enum_type('status', '{done,new}');
DROP TABLE parted;
CREATE TRIGGER on_status BEFORE UPDATE OF status ON tasks FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT mad_migrate.replace_enum_type('status', '{done,new}');
DROP TRIGGER on_status ON tasks;

-- Odd names, another schema, parents and children, and the rights that were given.
CREATE SCHEMA "Größe ""1""";
CREATE ROLE regress_mad_reader;
CREATE TYPE "Größe ""1"""."Art ""Ä""" AS ENUM ('A', 'b''s', 'größer \');
REVOKE ALL ON TYPE "Größe ""1"""."Art ""Ä""" FROM PUBLIC;
GRANT USAGE ON TYPE "Größe ""1"""."Art ""Ä""" TO regress_mad_reader WITH GRANT OPTION;
CREATE TABLE "Größe ""1"""."T's" ("C ""1""" "Größe ""1"""."Art ""Ä""" DEFAULT 'b''s', id int) PARTITION BY RANGE (id);
CREATE TABLE "Größe ""1""".part PARTITION OF "Größe ""1"""."T's" FOR VALUES FROM (0) TO (10);
ALTER TABLE "Größe ""1""".part ALTER "C ""1""" SET DEFAULT 'A';
INSERT INTO "Größe ""1"""."T's" VALUES ('größer \', 1), ('A', 2), (DEFAULT, 3);
SELECT mad_migrate.replace_enum_type('Art "Ä"', ARRAY['größer \', 'c; DROP TABLE tasks'], 'Größe "1"',
                                     '{"A": "größer \\", "b''s": "c; DROP TABLE tasks"}');
SELECT * FROM "Größe ""1"""."T's" ORDER BY id;
SELECT adrelid::regclass, pg_get_expr(adbin, adrelid) FROM pg_attrdef
WHERE adrelid IN ('"Größe ""1"""."T''s"'::regclass, '"Größe ""1""".part'::regclass) ORDER BY 1;
SELECT regexp_replace(typacl::text, '\m(?!regress)\w+', 'owner', 'g') FROM pg_type WHERE oid = '"Größe ""1"""."Art ""Ä"""'::regtype;
SELECT count(*) FROM pg_type WHERE typname LIKE 'replaced%';

SELECT mad_migrate.replace_enum_type('nothing', '{a}');
SELECT mad_migrate.replace_enum_type('status', '{a,NULL}');
SELECT mad_migrate.replace_enum_type('status', '{a,a}');
SELECT mad_migrate.replace_enum_type('status', NULL);
SELECT mad_migrate.replace_enum_type('tasks', '{a}');
SELECT mad_migrate.replace_enum_type('status', '{a}', 'nowhere');

-------------------------------------------------------------------------------------------------
-- drop_enum_value(name, value, replacement = NULL, schema = 'public')
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_enum_value('status', 'late', after => 'new');
SELECT mad_migrate.drop_enum_value('status', 'late');
SELECT mad_migrate.drop_enum_value('status', 'late');
SELECT mad_migrate.drop_enum_value('status', 'done');
SELECT mad_migrate.drop_enum_value('status', 'done', 'new');
SELECT mad_migrate.drop_enum_value('Art "Ä"', 'c; DROP TABLE tasks', 'größer \', 'Größe "1"');
SELECT values_of('status'), values_of('"Größe ""1"""."Art ""Ä"""');
SELECT * FROM tasks ORDER BY id;

-------------------------------------------------------------------------------------------------
-- add_enum_value, with the value used below in the same script
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.create_branch('moods');
SELECT mad_migrate.add_scripts('moods', ARRAY[$script$/*
Add moods

Revision ID: m1
*/
-- migrate:upgrade
CREATE TYPE mood AS ENUM ('glad');
CREATE TABLE moods (mood mood);
-- migrate:downgrade
DROP TABLE moods;
DROP TYPE mood;
$script$, $script$/*
Add a value that nobody uses yet

Revision ID: m2
Revises: m1
*/
-- migrate:upgrade
SELECT mad_migrate.add_enum_value('mood', 'sad');
ALTER TYPE mood ADD VALUE 'calm';
-- migrate:downgrade
SELECT mad_migrate.drop_enum_value('mood', 'sad', 'glad'), mad_migrate.drop_enum_value('mood', 'calm', 'glad');
$script$, $script$/*
Add values and use them

Revision ID: m3
Revises: m2
*/
-- migrate:upgrade
SELECT mad_migrate.add_enum_value('mood', value => 'it''s so-so', after => 'glad');
ALTER TYPE mood ADD VALUE 'odd';
INSERT INTO moods VALUES ('it''s so-so'), ($$odd$$);
-- migrate:downgrade
SELECT mad_migrate.replace_enum_type('mood', '{glad,sad,calm}', replacements => '{"it''s so-so": "calm", "odd": "sad"}');
$script$]);
SELECT revision, transactional FROM mad_migrate.plan('moods', from_revisions => '{}');
SELECT status FROM mad_migrate.upgrade('moods', 'm2');
CALL mad_migrate.run_upgrade('moods');
SELECT * FROM moods;
SELECT status FROM mad_migrate.downgrade('moods', 'm2');
SELECT * FROM moods;
SELECT status FROM mad_migrate.downgrade('moods', 'base');

SET client_min_messages = warning;
SELECT mad_migrate.drop_branch('moods');
DROP EXTENSION mad_migrate CASCADE;
DROP SCHEMA "Größe ""1""" CASCADE;
DROP TABLE tasks;
DROP TYPE status;
DROP FUNCTION values_of;
DROP ROLE regress_mad_reader;
