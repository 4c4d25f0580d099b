-- Version rows without scripts: stamp, purge, unknown revisions; and what looks at them.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
CREATE FUNCTION script_of(revision text, revises text, labels text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\nRevision %1$s\n\nRevision ID: %1$s\nRevises: %2$s\nBranch Labels: %3$s\n*/\n'
                  '-- migrate:upgrade\nCREATE TABLE t_%1$s ();\n-- migrate:downgrade\nDROP TABLE t_%1$s;\n',
                  revision, revises, labels)
$$;
-- root --- left1 --- left2
--     \--- right1
SELECT mad_migrate.create_branch('tree');
SELECT mad_migrate.add_scripts('tree', ARRAY[script_of('root', ''), script_of('left1', 'root', 'left'),
                                             script_of('left2', 'left1'), script_of('right1', 'root', 'right')]);

-- ensure_version makes the table and nothing else; a second time it does nothing.
SELECT to_regclass('mad_migrate.alembic_version_tree');
SELECT mad_migrate.ensure_version('tree');
SELECT mad_migrate.ensure_version('tree');
SELECT * FROM mad_migrate.alembic_version_tree;
SELECT * FROM mad_migrate.current('tree');
SELECT * FROM mad_migrate.status('tree');

-- A database whose schema came from elsewhere is told where it stands. Nothing is run.
SELECT database, from_revisions, to_revisions, steps, status, error FROM mad_migrate.stamp('tree', 'left1');
SELECT to_regclass('t_root');
SELECT * FROM mad_migrate.current('tree');
SELECT * FROM mad_migrate.status('tree');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left1');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'right@head');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'heads');
SELECT * FROM mad_migrate.current('tree');
SELECT * FROM mad_migrate.status('tree');
SELECT revision, down_revisions, labels, is_head, is_current FROM mad_migrate.heads('tree');
SELECT revision, is_head, is_current FROM mad_migrate.branch_points('tree');
SELECT revision, is_head, is_current FROM mad_migrate.history('tree');
SELECT revision, is_head, is_current FROM mad_migrate.history('tree', 'root:left@head');
SELECT revision FROM mad_migrate.show('tree', 'current');
SELECT revision FROM mad_migrate.show('tree', 'right');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'root');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'base');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left@head,right1');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left@base');
SELECT branch, revision, direction, checksum, finished_at IS NOT NULL AS finished FROM mad_migrate.history
 WHERE branch = 'tree' ORDER BY id;
\c -
SHOW mad_revision.tree;

-- In a transaction that is rolled back a stamp leaves nothing behind.
BEGIN;
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left2');
SELECT revision, is_current FROM mad_migrate.heads('tree');
ROLLBACK;
SELECT * FROM mad_migrate.alembic_version_tree;

-- A row that no script has: of another checkout, or of a script that was taken away
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left1', purge => true);
UPDATE mad_migrate.alembic_version_tree SET version_num = 'lost';
SELECT * FROM mad_migrate.upgrade('tree', 'heads');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.downgrade('tree', 'base');
SELECT * FROM mad_migrate.stamp('tree', 'left1');
SELECT * FROM mad_migrate.current('tree');
SELECT * FROM mad_migrate.plan('tree');
SELECT * FROM mad_migrate.status('tree');
SELECT revision, is_current FROM mad_migrate.heads('tree');
SELECT mad_migrate.history_graph('tree');
-- with purge, whatever is there is forgotten
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left1', purge => true);
SELECT * FROM mad_migrate.current('tree');
INSERT INTO mad_migrate.alembic_version_tree VALUES ('lost');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'base', purge => true);
SELECT * FROM mad_migrate.alembic_version_tree;
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'base', purge => true);
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left@-1', purge => true);

-- A row beside its own descendant
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left1', purge => true);
INSERT INTO mad_migrate.alembic_version_tree VALUES ('root');
SELECT * FROM mad_migrate.upgrade('tree', 'heads');
\echo :LAST_ERROR_SQLSTATE
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'left1');
-- Neither call knows what the rows mean; purge does not ask.
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'root', purge => true);

-- What is not there
SELECT mad_migrate.ensure_version('nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.stamp('nothing', 'head');
SELECT * FROM mad_migrate.current('nothing');
SELECT * FROM mad_migrate.status('nothing');
SELECT * FROM mad_migrate.heads('nothing');
SELECT * FROM mad_migrate.branch_points('nothing');
SELECT * FROM mad_migrate.stamp('tree', 'nothing');
SELECT * FROM mad_migrate.show('tree', 'nothing');
SELECT * FROM mad_migrate.history('tree', 'nothing:');
SELECT * FROM mad_migrate.history('tree', 'left2:right1');
SELECT * FROM mad_migrate.history('tree', 'left2');
SELECT * FROM mad_migrate.current('tree', '{postgres}');
-- A branch without scripts has nothing to do.
SELECT mad_migrate.create_branch('bare');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('bare');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.downgrade('bare', 'base');
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('bare', 'head');
SELECT * FROM mad_migrate.status();
SELECT * FROM mad_migrate.heads('bare');

SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.stamp('tree', 'base');
DROP FUNCTION script_of;
SET client_min_messages = warning;
DROP EXTENSION mad_migrate CASCADE;
