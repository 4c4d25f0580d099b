-- Bad input to a branch and its scripts: each gives one error that says what is wrong, where, and
-- what to do, and nothing is changed by it.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
CREATE FUNCTION script(revision text, revises text, upgrade text DEFAULT '', keys text DEFAULT '') RETURNS text
LANGUAGE sql AS $$
    SELECT format(E'/*\nA script\n\nRevision ID: %s\nRevises: %s\n%s*/\n-- migrate:upgrade\n%s\n-- migrate:downgrade\n',
                  revision, revises, keys, upgrade)
$$;
-- base - one - two_left
--           \ two_right, labelled "right"
SELECT mad_migrate.create_branch('fork');
SELECT mad_migrate.add_scripts('fork', ARRAY[script('base_tables', ''), script('one', 'base_tables', 'CREATE TABLE one (id int);'),
                                             script('two_left', 'one'), script('two_right', 'one', keys => E'Branch Labels: right\n')]);
SELECT status FROM mad_migrate.upgrade('fork', 'one');

-- All that a call could have changed.
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat((SELECT json_agg(b ORDER BY b.branch) FROM mad_migrate.branch b),
                      (SELECT json_agg(s ORDER BY s.branch, s.revision) FROM mad_migrate.script s),
                      (SELECT json_agg(h ORDER BY h.id) FROM mad_migrate.history h),
                      (SELECT json_agg(v) FROM mad_migrate.alembic_version_fork v),
                      (SELECT json_agg(c.relname ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace)))
$$;
SELECT state() AS before \gset

-------------------------------------------------------------------------------------------------
-- Unknown branch, revision, label
-------------------------------------------------------------------------------------------------
SELECT * FROM mad_migrate.upgrade('forks');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('Fork');
SELECT mad_migrate.add_script('forks', script('x', ''));
SELECT * FROM mad_migrate.upgrade('branches');
SELECT * FROM mad_migrate.upgrade('fork', 'three');
SELECT * FROM mad_migrate.upgrade('fork', 'two_lift');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.downgrade('fork', 'three');
SELECT * FROM mad_migrate.stamp('fork', 'three');
SELECT * FROM mad_migrate.show('fork', 'three');
SELECT * FROM mad_migrate.history('fork', 'three:');
SELECT mad_migrate.remove_script('fork', 'three');
SELECT * FROM mad_migrate.upgrade('fork', 'left@head');
SELECT * FROM mad_migrate.upgrade('fork', 'right@two_left');
\echo :LAST_ERROR_SQLSTATE
-- A prefix may be as short as it is unique, but is not empty; a name of three characters is no prefix's.
SELECT revision FROM mad_migrate.show('fork', 'b');
SELECT mad_migrate.remove_script('fork', '');
SELECT revision FROM mad_migrate.show('fork', 'on');

-------------------------------------------------------------------------------------------------
-- Ambiguous prefix, several heads, too far
-------------------------------------------------------------------------------------------------
SELECT * FROM mad_migrate.upgrade('fork', 'two_');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('fork');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('fork', 'head');
SELECT * FROM mad_migrate.stamp('fork', 'head');
SELECT mad_migrate.revision('fork', 'next');
SELECT * FROM mad_migrate.downgrade('fork', '-9');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('fork', '+9');
SELECT * FROM mad_migrate.upgrade('fork', '+1');
SELECT * FROM mad_migrate.upgrade('fork', 'one+9');
SELECT * FROM mad_migrate.downgrade('fork', 'one-9');
SELECT * FROM mad_migrate.downgrade('fork', 'right@-9');
SELECT * FROM mad_migrate.upgrade('fork', '-1');
SELECT * FROM mad_migrate.downgrade('fork', '+1');
SELECT * FROM mad_migrate.downgrade('fork', 'two_left');
\echo :LAST_ERROR_SQLSTATE
SELECT state() = :'before';

-------------------------------------------------------------------------------------------------
-- Targets that are none
-------------------------------------------------------------------------------------------------
SELECT * FROM mad_migrate.upgrade('fork', '');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('fork', ' ');
SELECT * FROM mad_migrate.upgrade('fork', 'one two');
SELECT * FROM mad_migrate.upgrade('fork', 'one+1x');
SELECT * FROM mad_migrate.upgrade('fork', '+99999999999999999999');
SELECT * FROM mad_migrate.upgrade('fork', 'right@');
SELECT * FROM mad_migrate.upgrade('fork', 'a@b@c');
SELECT * FROM mad_migrate.upgrade('fork', 'one:two_left');
SELECT * FROM mad_migrate.downgrade('fork', 'one,two_left');
SELECT * FROM mad_migrate.upgrade('fork', 'two_left,');
SELECT * FROM mad_migrate.upgrade('fork', E'it''s "größe"\n');
SELECT * FROM mad_migrate.upgrade('fork', repeat('x', 300));
SELECT mad_migrate.downgrade_sql('fork', 'one');
SELECT mad_migrate.upgrade_sql('fork', 'base:one:two_left');
SELECT * FROM mad_migrate.history('fork', 'one');
SELECT * FROM mad_migrate.history('fork', 'two_left:two_right');
SELECT mad_migrate.history_graph('fork', 'png');
SELECT * FROM mad_migrate.plan('fork', 'two_left', 'sideways');
SELECT * FROM mad_migrate.plan('fork', 'two_left', from_revisions => '{three}');
SELECT state() = :'before';

-------------------------------------------------------------------------------------------------
-- Scripts that make no graph: missing parent, cycle, duplicate and illegal ids
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_script('fork', script('three', 'gone'));
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_script('fork', script('three', 'right'));
SELECT mad_migrate.add_script('fork', script('three', 'two_left', keys => E'Depends On: gone\n'));
-- Parents are named in full.
SELECT mad_migrate.add_script('fork', script('three', 'two_lef'));
SELECT mad_migrate.add_script('fork', script('three', 'three'));
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_scripts('fork', ARRAY[script('a', 'c'), script('b', 'a'), script('c', 'b')]);
SELECT mad_migrate.add_scripts('fork', ARRAY[script('a', 'one', keys => E'Depends On: b\n'), script('b', 'a')]);
SELECT mad_migrate.add_script('fork', script('base_tables', 'two_left'));
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_scripts('fork', ARRAY[script('a', ''), script('a', 'one')], ARRAY['1.sql', '2.sql']);
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_script('fork', script('right', 'one'));
SELECT mad_migrate.add_script('fork', script('three', 'one', keys => E'Branch Labels: right\n'));
SELECT mad_migrate.add_script('fork', script('three', 'one', keys => E'Branch Labels: two_left\n'));
SELECT mad_migrate.add_script('fork', script('three', 'two_left, two_left'));
SELECT mad_migrate.add_script('fork', script('a@b', ''));
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_script('fork', script('a-b', ''));
SELECT mad_migrate.add_script('fork', script('a+b:c', ''));
SELECT mad_migrate.add_script('fork', script('a b', ''));
SELECT mad_migrate.add_script('fork', script('head', ''));
SELECT mad_migrate.add_script('fork', script(repeat('x', 256), ''));
SELECT mad_migrate.add_script('fork', script('three', 'one', keys => E'Branch Labels: a@b\n'));
SELECT mad_migrate.add_script('fork', script('three', 'one', keys => E'Requires: metadata\n'));
SELECT mad_migrate.add_script('fork', script('three', 'one', keys => E'Requires: Meta@x\n'));
-- Any other name is an id, as long as 255 bytes, with quotes, in any script.
SELECT length(mad_migrate.add_script('fork', script(repeat('x', 255), '')));
SELECT mad_migrate.add_script('fork', script('it''s/"größe".1', 'two_left'));
SELECT status FROM mad_migrate.upgrade('fork', 'it''s/"größe".1');
SELECT status FROM mad_migrate.downgrade('fork', 'it''s/"größe".1-2');
SELECT mad_migrate.remove_script('fork', 'it''s/"größe".1');
SELECT mad_migrate.remove_script('fork', repeat('x', 255));
SELECT state() AS before \gset

-------------------------------------------------------------------------------------------------
-- Scripts that are none, and statements that no script may hold
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_script('fork', 'CREATE TABLE two (id int);', 'two.sql');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_script('fork', E'/*\nRevision ID: two\n', 'two.sql');
SELECT mad_migrate.add_script('fork', E'/*\nNo id\n*/\n-- migrate:upgrade\n', 'two.sql');
SELECT mad_migrate.add_script('fork', E'/*\nNothing\n\nRevision ID: two\n*/\n', 'two.sql');
SELECT mad_migrate.add_script('fork', E'/*\nOne way\n\nRevision ID: two\n*/\n-- migrate:upgrade\nSELECT 1;\n', 'two.sql');
SELECT mad_migrate.add_script('fork', E'/*\nBoth\n\nRevision ID: two\n*/\n-- migrate:downgrade\nSELECT 1;\n', 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', keys => E'Author: me\n'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', keys => E'Revision ID: three\n'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', keys => E'and more text\n'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', keys => E'Transaction: maybe\n'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', keys => E'Create Date: yesterday or so\n'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', keys => E'Irreversible: no way back\n'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'-- migrate:upgrade\nSELECT 1;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'-- migrate:sideways\nSELECT 1;'), 'two.sql');
SELECT mad_migrate.add_script('fork', replace(script('two', 'one'), '*/', E'*/\nSELECT 1;'), 'two.sql');
-- The server's own parser reads every statement when the script is added.
SELECT mad_migrate.add_script('fork', script('two', 'one', E'CREATE TABLE two (id int);\n\nCREATE TABEL three (id int);'), 'two.sql');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_script('fork', script('two', 'one', E'SELECT 1;\nSELECT ''it;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'SELECT $body$ 1 $boby$;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'SELECT 1 /* /* */;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'SELECT 1;\nBEGIN;\nSELECT 1;\nCOMMIT;'), 'two.sql');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_script('fork', script('two', 'one', 'COMMIT;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', 'SAVEPOINT a;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'SELECT 1;\n\\i other.sql'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'\\copy one FROM one.csv'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', E'COPY one FROM STDIN;\n1\n\\.'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', 'COPY one FROM STDIN;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', 'COPY one TO STDOUT;'), 'two.sql');
SELECT mad_migrate.add_script('fork', script('two', 'one', 'DISCARD ALL;'), 'two.sql');
-- A file that is not UTF-8, read from the server's disk.
COPY (SELECT) TO PROGRAM 'mkdir regress_mad_input && printf "/*\\nGr\\374n\\n" >regress_mad_input/latin1.sql';
SELECT mad_migrate.load_scripts('fork', 'regress_mad_input');
\echo :LAST_ERROR_SQLSTATE
COPY (SELECT) TO PROGRAM 'rm -r regress_mad_input';
-- An edited script that is applied.
SELECT mad_migrate.add_script('fork', script('one', 'base_tables', 'CREATE TABLE one (id bigint);'));
\echo :LAST_ERROR_SQLSTATE
SELECT state() = :'before';

-- A statement that fails in the middle is told as psql tells it, and what was before it is undone.
SELECT mad_migrate.add_script('fork', script('three', 'two_left', E'CREATE TABLE three (id int);\nINSERT INTO three\nVALUES (1),\n       (1 / 0);\nCREATE TABLE four ();'));
SELECT state() AS before \gset
SELECT * FROM mad_migrate.upgrade('fork', 'three');
\echo :LAST_ERROR_SQLSTATE
SELECT state() = :'before';
SELECT mad_migrate.add_script('fork', script('three', 'two_left', E'CREATE TABLE three (id int);\nINSERT INTO three\nVALUES (größe);'));
SELECT * FROM mad_migrate.upgrade('fork', 'three');
SELECT mad_migrate.remove_script('fork', 'three');
SELECT state() AS before \gset

-------------------------------------------------------------------------------------------------
-- Arguments: NULL, empty, of the wrong type
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_script('fork', NULL);
SELECT mad_migrate.add_script(NULL, script('three', 'one'));
SELECT mad_migrate.add_scripts('fork', NULL);
SELECT mad_migrate.add_scripts('fork', ARRAY[NULL]);
SELECT mad_migrate.add_scripts('fork', '{}');
SELECT mad_migrate.add_scripts('fork', ARRAY[script('a', 'one')], ARRAY['1.sql', '2.sql']);
SELECT mad_migrate.add_scripts('fork', ARRAY[script('a', 'one')], ARRAY[NULL]);
SELECT mad_migrate.add_script('fork', '');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.remove_script('fork', NULL);
SELECT mad_migrate.remove_script('fork', 'head');
SELECT * FROM mad_migrate.upgrade(NULL);
SELECT * FROM mad_migrate.upgrade('fork', NULL);
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', on_error => 'ignore');
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', on_error => NULL);
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', jobs => 0);
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', databases => '{nowhere}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', databases => '{}');
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', databases => ARRAY[NULL]);
SELECT * FROM mad_migrate.upgrade('fork', 'two_left', jobs => 'many');
SELECT * FROM mad_migrate.downgrade('fork');
SELECT * FROM mad_migrate.downgrade('fork', NULL);
SELECT * FROM mad_migrate.stamp('fork', 'one', purge => NULL);
SELECT mad_migrate.ensure_version(NULL);
SELECT * FROM mad_migrate.plan('fork', NULL);
SELECT * FROM mad_migrate.plan('fork', 'two_left', direction => NULL);
SELECT * FROM mad_migrate.plan('fork', 'two_left', database => 'nowhere');
SELECT * FROM mad_migrate.plan('fork', 'two_left', from_revisions => ARRAY[NULL]);
SELECT mad_migrate.upgrade_sql('fork', NULL);
SELECT * FROM mad_migrate.current(NULL);
SELECT * FROM mad_migrate.current('fork', '{nowhere}');
SELECT * FROM mad_migrate.heads(NULL);
SELECT * FROM mad_migrate.branch_points('');
SELECT * FROM mad_migrate.show('fork', NULL);
SELECT * FROM mad_migrate.history(NULL);
SELECT * FROM mad_migrate.history_graph('fork', NULL);
SELECT * FROM mad_migrate.status('');
SELECT mad_migrate.revision('fork', NULL);
SELECT mad_migrate.revision('fork', head => '');
SELECT mad_migrate.merge('fork', NULL);
SELECT mad_migrate.merge('fork', '{}');
SELECT mad_migrate.merge('fork', '{one}');
SELECT mad_migrate.merge('fork', '{two_left,two_left}');
SELECT mad_migrate.load_scripts('fork', '');
CALL mad_migrate.run_upgrade(NULL);
CALL mad_migrate.run_downgrade('fork', NULL);
SELECT state() = :'before';

SET client_min_messages = warning;
DROP FUNCTION state, script;
DROP TABLE one;
DROP EXTENSION mad_migrate CASCADE;
