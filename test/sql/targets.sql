-- Every form of a target, run for real on a branch of scripts with several bases and heads, a merge,
-- labels and dependencies.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
\pset null '(null)'

--   aaaa1 --- blue1 --- blue2 --- merge --- after        aaaa1 is labelled app, blue1 blue, green1 green
--        \--- green1 -- green2 --/
--   xxxx1 --- xxxx2 (depends on blue1)                   xxxx1 is labelled lib
--   zzzz1 (depends on lib)
SELECT mad_migrate.create_branch('tree');
CREATE FUNCTION script_of(revision text, revises text, labels text DEFAULT '', depends_on text DEFAULT '') RETURNS text
LANGUAGE sql AS $$
    SELECT format(E'/*\nRevision %1$s\n\nRevision ID: %1$s\nRevises: %2$s\nBranch Labels: %3$s\nDepends On: %4$s\n*/\n'
                  '-- migrate:upgrade\nCREATE TABLE t_%1$s ();\n-- migrate:downgrade\nDROP TABLE t_%1$s;\n',
                  revision, revises, labels, depends_on)
$$;
SELECT mad_migrate.add_scripts('tree', ARRAY[
    script_of('aaaa1', '', 'app'),
    script_of('blue1', 'aaaa1', 'blue'), script_of('blue2', 'blue1'),
    script_of('green1', 'aaaa1', 'green'), script_of('green2', 'green1'),
    script_of('merge', 'blue2, green2'), script_of('after', 'merge'),
    script_of('xxxx1', '', 'lib'), script_of('xxxx2', 'xxxx1', '', 'blue1'),
    script_of('zzzz1', '', '', 'lib')]);
SELECT revision, labels FROM mad_migrate.heads('tree');
SELECT revision FROM mad_migrate.branch_points('tree');
SELECT mad_migrate.history_graph('tree');

-- One call: what was planned, the version rows after it, the tables that are there. The plan must
-- be what was run.
CREATE FUNCTION tables() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(substr(relname, 3), ' ' ORDER BY relname COLLATE "C"), '(none)') FROM pg_class
     WHERE relname LIKE 't\_%' AND relnamespace = 'public'::regnamespace
$$;
CREATE FUNCTION go(direction text, target text) RETURNS TABLE (planned text, rows text, tables text) LANGUAGE plpgsql AS $$
DECLARE
    heads text;
BEGIN
    SELECT coalesce(string_agg(p.revision, ' ' ORDER BY p.step), '(nothing)'), (array_agg(p.heads::text ORDER BY p.step DESC))[1]
      INTO planned, heads FROM mad_migrate.plan('tree', target, direction) p;
    EXECUTE format('SELECT to_revisions FROM mad_migrate.%I(''tree'', $1)', direction) USING target INTO rows;
    ASSERT heads IS NULL OR heads = rows, format('planned %s, got %s', heads, rows);
    tables := tables();
    RETURN NEXT;
END
$$;
CREATE FUNCTION start(revisions text) RETURNS void LANGUAGE sql AS $$
    SELECT mad_migrate.downgrade('tree', 'base');
    SELECT mad_migrate.upgrade('tree', revisions);
$$;

-------------------------------------------------------------------------------------------------
-- upgrade: absolute
-------------------------------------------------------------------------------------------------
SELECT * FROM go('upgrade', 'base');
SELECT * FROM go('upgrade', 'blue2');
SELECT * FROM go('upgrade', 'gree');
SELECT * FROM go('upgrade', 'green2');
SELECT * FROM go('upgrade', 'app@head');
SELECT * FROM go('upgrade', 'heads');
SELECT * FROM go('upgrade', 'heads');
SELECT * FROM go('upgrade', 'blue1');
-- a dependency brings its own line with it, a label stands for the revision that declares it
SELECT start('base');
SELECT * FROM go('upgrade', 'lib@head');
SELECT start('base');
SELECT * FROM go('upgrade', 'lib');
SELECT * FROM go('upgrade', 'lib@xxxx2');
SELECT start('base');
SELECT * FROM go('upgrade', 'zzzz1');
-- several targets
SELECT start('base');
SELECT * FROM go('upgrade', 'blue2,green1');
SELECT * FROM go('upgrade', 'green2, xxxx1');
SELECT * FROM go('upgrade', 'blue@heads');

-------------------------------------------------------------------------------------------------
-- upgrade: relative
-------------------------------------------------------------------------------------------------
SELECT start('blue1');
SELECT * FROM go('upgrade', '+1');
SELECT * FROM go('upgrade', '+1');
SELECT start('base');
SELECT * FROM go('upgrade', 'blue@+2');
SELECT * FROM go('upgrade', 'green@+1');
SELECT * FROM go('upgrade', 'green1+1');
SELECT * FROM go('upgrade', 'blue2+1');
SELECT * FROM go('upgrade', 'lib@+1');
SELECT * FROM go('upgrade', 'app@head-0');
SELECT start('base');
SELECT * FROM go('upgrade', 'app@head-2');
SELECT * FROM go('upgrade', 'app@after-1');
SELECT * FROM go('upgrade', 'green@blue1+3');

-------------------------------------------------------------------------------------------------
-- downgrade
-------------------------------------------------------------------------------------------------
SELECT start('app@head');
SELECT * FROM go('downgrade', '-1');
-- below a merge there are two ways on, so each is taken by its name
SELECT * FROM go('downgrade', '-1');
SELECT * FROM go('downgrade', 'blue2');
SELECT * FROM go('downgrade', 'blue@-1');
SELECT * FROM go('downgrade', 'green@aaaa1');
SELECT * FROM go('downgrade', 'aaaa1');
SELECT * FROM go('downgrade', 'base+1');
SELECT start('heads');
SELECT * FROM go('downgrade', 'merge');
-- what depends on a revision goes with it, what it depends on stays
SELECT * FROM go('downgrade', 'app@base');
SELECT * FROM go('downgrade', 'lib@base');
SELECT start('heads');
SELECT * FROM go('downgrade', 'lib@base');
SELECT * FROM go('downgrade', 'after-2');
SELECT * FROM go('downgrade', 'app@head-1');
SELECT * FROM go('downgrade', 'green1+1');
SELECT start('blue2,xxxx1');
SELECT * FROM go('downgrade', 'lib@-1');
SELECT * FROM go('downgrade', 'blue2-1');
SELECT * FROM go('downgrade', 'base');

-------------------------------------------------------------------------------------------------
-- stamp: rows alone
-------------------------------------------------------------------------------------------------
SELECT * FROM go('stamp', 'heads');
SELECT * FROM go('stamp', 'blue2');
SELECT * FROM go('stamp', 'base');
SELECT * FROM go('stamp', 'blue2,green1');
SELECT * FROM go('stamp', 'green@head');
SELECT * FROM go('stamp', 'lib@head');
SELECT * FROM go('stamp', 'lib@base');
SELECT * FROM go('stamp', 'base');

-------------------------------------------------------------------------------------------------
-- What each says when it cannot
-------------------------------------------------------------------------------------------------
SELECT * FROM go('upgrade', 'head');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('upgrade', 'nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('upgrade', 'b');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('upgrade', 'xxxx');
SELECT * FROM go('upgrade', 'blue@xxxx1');
SELECT * FROM go('upgrade', 'nothing@head');
SELECT * FROM go('upgrade', 'blue1,blue2');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('upgrade', '+1');
SELECT * FROM go('upgrade', 'xxxx1+9');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('upgrade', '-1');
SELECT * FROM go('upgrade', 'blue@-1');
SELECT * FROM go('upgrade', '+0');
SELECT * FROM go('upgrade', 'aaaa1-2');
SELECT * FROM go('upgrade', 'blue2+1x');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('upgrade', 'base:head');
SELECT * FROM go('upgrade', 'a@b@c');
SELECT * FROM go('upgrade', '');
SELECT * FROM go('upgrade', ',');
SELECT * FROM go('upgrade', '+1,+2');
SELECT * FROM go('upgrade', NULL);
SELECT start('blue2,green1');
SELECT * FROM go('upgrade', '+1');
SELECT * FROM go('downgrade', '-1');
SELECT * FROM go('downgrade', 'blue@-9');
SELECT * FROM go('downgrade', '+1');
SELECT * FROM go('downgrade', 'xxxx1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM go('downgrade', 'after');
SELECT * FROM go('downgrade', 'nothing@base');
SELECT * FROM go('downgrade', 'lib@aaaa1');
SELECT * FROM go('downgrade', 'blue1,green1');
SELECT * FROM go('downgrade', 'heads');
SELECT * FROM go('stamp', 'head');
SELECT * FROM go('stamp', 'blue2,blue1');
SELECT * FROM go('stamp', '+1');
SELECT * FROM go('stamp', '-1');
SELECT * FROM mad_migrate.plan('tree', 'head', 'sideways');
-- nothing of that did anything
SELECT revision FROM mad_migrate.current('tree');
SELECT tables();

SELECT start('base');
DROP FUNCTION script_of, tables, go, start;
DROP EXTENSION mad_migrate CASCADE;
