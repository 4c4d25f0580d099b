-- New revisions: what revision() and merge() write, as a draft to fill in or added at once.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
-- A script's text without what differs from run to run: its date and, where none was given, its id.
CREATE FUNCTION show_text(script text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(script, '(?<=Revision ID: )[0-9a-f]{12}', '<12 hex digits>'),
                          '(?<=Create Date: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d', '<now>')
$$;
SELECT mad_migrate.create_branch('app');

-------------------------------------------------------------------------------------------------
-- revision(branch, message, head, splice, rev_id, labels, depends_on, sql, downgrade_sql)
-------------------------------------------------------------------------------------------------
-- Without SQL it is a draft, and the branch is as before.
SET client_min_messages = warning;  -- the id differs from run to run
SELECT show_text(mad_migrate.revision('app', 'Add customers'));
RESET client_min_messages;
SELECT count(*) FROM mad_migrate.heads('app');
-- A draft that is filled in goes through add_script; the file's name is made of its id and message.
SELECT mad_migrate.add_script('app', replace(mad_migrate.revision('app', 'Add customers: name, "größe" & more', rev_id => '001'),
                                             '-- migrate:upgrade', E'-- migrate:upgrade\nCREATE TABLE customers (id int);'));
SELECT filename, message FROM mad_migrate.script WHERE branch = 'app';
-- A draft as it is can be added, too: both of its sections are empty.
SELECT mad_migrate.add_script('app', mad_migrate.revision('app', 'Nothing yet', rev_id => '002'));

-- With SQL it is added, on top of the head.
SELECT show_text(mad_migrate.revision('app', 'Add orders', rev_id => '003', sql => E'\nCREATE TABLE orders (\n    id int\n);\n\n',
                                      downgrade_sql => 'DROP TABLE orders;'));
-- Without a message, and with an id that nobody had to think of.
SELECT show_text(mad_migrate.revision('app', sql => ''));
SELECT revision ~ '^[0-9a-f]{12}$', down_revisions, message, created_at <= now() FROM mad_migrate.heads('app');
SELECT mad_migrate.remove_script('app', revision) FROM mad_migrate.heads('app');
-- Without a downgrade there is no way back, and the script says so, as we are told.
SELECT show_text(mad_migrate.revision('app', 'One way', rev_id => 'once', sql => 'SELECT 1'));
SELECT mad_migrate.remove_script('app', 'once');
-- A message of several lines becomes one line.
SELECT show_text(mad_migrate.revision('app', E'  Two\n\n lines\t', rev_id => '004', sql => 'SELECT 1', downgrade_sql => 'SELECT 2'));

-- A second line: from any revision with splice, or from the base.
SELECT mad_migrate.revision('app', 'Aside', head => '002', rev_id => '003b');
SELECT show_text(mad_migrate.revision('app', 'Aside', head => '002', splice => true, rev_id => '003b', labels => '{aside,beside}',
                                      sql => 'SELECT 1', downgrade_sql => 'SELECT 2'));
SELECT show_text(mad_migrate.revision('app', 'Reports', head => 'base', rev_id => 'r1', labels => '{reports}',
                                      depends_on => '{aside,003}', sql => 'SELECT 1', downgrade_sql => 'SELECT 2'));
SELECT revision, down_revisions, depends_on, labels, message FROM mad_migrate.heads('app');
-- Now there are several heads, and one must be named.
SELECT mad_migrate.revision('app', 'More reports', sql => 'SELECT 1');
SELECT show_text(mad_migrate.revision('app', 'More reports', head => 'reports@head', rev_id => 'r2', sql => 'SELECT 1', downgrade_sql => 'SELECT 2'));

-- merge(branch, revisions, message, splice, rev_id, labels): a revision without statements that joins heads.
SELECT show_text(mad_migrate.merge('app', '{004,aside}', rev_id => '005'));
SELECT show_text(mad_migrate.merge('app', '{heads}', 'All together', rev_id => '006', labels => '{joined}'));
SELECT revision, down_revisions, labels FROM mad_migrate.heads('app');
SELECT mad_migrate.merge('app', '{r1,002}', rev_id => '007');
SELECT mad_migrate.merge('app', '{006,006}', rev_id => '007');
SELECT mad_migrate.merge('app', '{}');

-- What they refuse; nothing is added then.
SELECT mad_migrate.revision('app', 'Again', rev_id => '001', sql => 'SELECT 1');
SELECT mad_migrate.revision('app', 'Again', rev_id => 'aside');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.revision('app', 'Bad id', rev_id => 'a b', sql => 'SELECT 1');
SELECT mad_migrate.revision('app', 'Bad id', rev_id => '');
SELECT mad_migrate.revision('app', 'Bad label', labels => '{a@b}');
SELECT mad_migrate.revision('app', 'Label taken', rev_id => '007', labels => '{aside}', sql => 'SELECT 1');
SELECT mad_migrate.revision('app', 'Bad dependency', depends_on => '{nowhere}');
SELECT mad_migrate.revision('app', 'Bad head', head => 'nowhere');
SELECT mad_migrate.revision('app', 'Bad SQL', rev_id => '007', sql => 'SELEC 1');
SELECT mad_migrate.revision('app', 'Half', rev_id => '007', downgrade_sql => 'DROP TABLE');
SELECT mad_migrate.revision('app', 'Branch Labels: x', rev_id => '007', sql => 'SELECT 1');
SELECT mad_migrate.revision('app', 'Ends */ here', rev_id => '007', sql => 'SELECT 1');
SELECT mad_migrate.revision('app', 'Markers', rev_id => '007', sql => E'SELECT 1;\n-- migrate:downgrade\nSELECT 2;', downgrade_sql => 'SELECT 3');
SELECT revision FROM mad_migrate.heads('app');

-- What was written is what runs. What another line depends on stays when it is left.
SELECT steps FROM mad_migrate.upgrade('app');
SELECT to_regclass('customers'), to_regclass('orders');
SELECT steps FROM mad_migrate.downgrade('app', '003');
SELECT * FROM mad_migrate.alembic_version_app;

SET client_min_messages = warning;
DROP FUNCTION show_text;
DROP TABLE customers, orders;
DROP EXTENSION mad_migrate CASCADE;
