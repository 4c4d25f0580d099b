-- A branch of the control database, up and down, in the caller's own transaction.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;

-- What the extension brings
SELECT revision, down_revisions, labels, message, is_head, is_current FROM mad_migrate.history('metadata');
SELECT * FROM mad_migrate.status();

-- Nothing runs before it is asked for, and looking leaves no trace
SELECT * FROM mad_migrate.current('metadata');
SELECT to_regclass('mad_migrate.alembic_version_metadata');
SELECT step, revision, transactional, deletes, inserts, heads FROM mad_migrate.plan('metadata');

-- In a transaction that is rolled back, an upgrade leaves nothing behind
BEGIN;
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('metadata', 'head');
SELECT to_regclass('public.organizations');
ROLLBACK;
SELECT to_regclass('public.organizations');
SELECT to_regclass('mad_migrate.alembic_version_metadata');
SELECT * FROM mad_migrate.status('metadata');

-- Committed, it stays; a second time there is nothing to do
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('metadata', '+2');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('metadata');
SELECT database, from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('metadata');
SELECT * FROM mad_migrate.current('metadata');
SELECT * FROM mad_migrate.alembic_version_metadata;
SELECT * FROM mad_migrate.status('metadata');
SELECT branch, revision, direction, statements, statements_done, finished_at IS NOT NULL AS finished
  FROM mad_migrate.history ORDER BY id;
\c -
SHOW mad_revision.metadata;
SELECT enum_range(NULL::organization_status);

-- Down again
SELECT step, revision, deletes, inserts, heads FROM mad_migrate.plan('metadata', '-2', 'downgrade');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('metadata', '-1');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('metadata', '002');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('metadata', 'metadata@base');
SELECT * FROM mad_migrate.alembic_version_metadata;
\c -
-- (at base there is no such setting)
SHOW mad_revision.metadata;
SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace;

-- A failing statement in the middle of a script: the error tells where, and nothing of it stays
CREATE FUNCTION public.add_failing() RETURNS text LANGUAGE sql AS $$
    SELECT mad_migrate.add_script('metadata', E'/*\nHalf of it works\n\nRevision ID: 005_meta\nRevises: 004_meta\n*/\n\n'
        '-- migrate:upgrade\nCREATE TABLE half (id int);\n\nINSERT INTO half VALUES (1);\nINSERT INTO half\n    VALUES (1/0);\n'
        'CREATE TABLE never (id int);\n-- migrate:downgrade\nDROP TABLE half;\n')
$$;
SELECT public.add_failing();
SELECT steps, status FROM mad_migrate.upgrade('metadata', '004_meta');
SELECT * FROM mad_migrate.upgrade('metadata');
SELECT revision FROM mad_migrate.current('metadata');
SELECT to_regclass('public.half');
-- reported instead of raised
SELECT from_revisions, to_revisions, steps, status, error FROM mad_migrate.upgrade('metadata', on_error => 'report');
SELECT to_regclass('public.half');

DROP FUNCTION public.add_failing();
SELECT steps FROM mad_migrate.downgrade('metadata', 'base');
-- A version table says what is applied, so the extension does not go without being told
DROP EXTENSION mad_migrate;
DROP EXTENSION mad_migrate CASCADE;
