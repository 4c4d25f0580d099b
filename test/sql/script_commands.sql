-- Scripts: adding them from any client or from the server's disk, changing, removing, and what their texts may hold.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
\pset null '(null)'
CREATE FUNCTION script(revision text, revises text, upgrade text DEFAULT '', keys text DEFAULT '', downgrade text DEFAULT '')
RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\nScript %1$s\n\nRevision ID: %1$s\nRevises: %2$s\n%3$s*/\n\n-- migrate:upgrade\n%4$s\n-- migrate:downgrade\n%5$s\n',
                  revision, revises, keys, upgrade, downgrade)
$$;
CREATE TABLE noted (id int GENERATED ALWAYS AS IDENTITY, note text);
SELECT mad_migrate.create_branch('app');

-------------------------------------------------------------------------------------------------
-- add_script(branch, script, filename) returns the revision; add_scripts judges all of them as one set
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_script('app', script('a', ''));
-- The same again is nothing new, wherever it comes from.
SELECT mad_migrate.add_script('app', script('a', ''));
SELECT mad_migrate.add_scripts('app', ARRAY[script('a', ''), script('b', 'a')]);
-- In any order, with parents that come later.
SELECT mad_migrate.add_scripts('app', ARRAY[script('e', 'd'), script('d', 'c'), script('c', 'b')],
                               ARRAY['5.sql', '4.sql', '3.sql']);
-- All or none
SELECT mad_migrate.add_scripts('app', ARRAY[script('f', 'e'), script('g', 'nowhere')]);
SELECT revision, down_revisions, filename, checksum = encode(sha256(convert_to(script, 'UTF8')), 'hex') AS checksum
  FROM mad_migrate.script WHERE branch = 'app' ORDER BY revision COLLATE "C";

-- What is not applied may be changed, its place in the graph included; what is applied may not.
SELECT status FROM mad_migrate.upgrade('app', 'c');
SELECT mad_migrate.add_script('app', script('e', 'd', 'SELECT 2;'), '5.sql');
SELECT mad_migrate.add_script('app', script('e', 'a', 'SELECT 3;'), '5.sql');
SELECT mad_migrate.add_script('app', script('c', 'b'), '3.sql');
SELECT mad_migrate.add_script('app', script('c', 'b', '-- a comment'), '3.sql');
SELECT mad_migrate.add_script('app', script('a', '', keys => E'Branch Labels: first\n'));
-- A renamed file is no other script.
SELECT mad_migrate.add_script('app', script('c', 'b'), '03.sql');
-- After a downgrade it is free again.
SELECT status FROM mad_migrate.downgrade('app', 'b');
SELECT mad_migrate.add_script('app', script('c', 'b', 'SELECT 3;'), '03.sql');

-- remove_script(branch, revision): one on which none builds and that is applied nowhere
SELECT mad_migrate.remove_script('app', 'c');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.remove_script('app', 'd');
SELECT mad_migrate.remove_script('app', 'c');
SELECT mad_migrate.remove_script('app', 'e');
SELECT mad_migrate.remove_script('app', 'b');
\echo :LAST_ERROR_SQLSTATE
SELECT status FROM mad_migrate.downgrade('app', 'base');
SELECT mad_migrate.remove_script('app', 'b'), mad_migrate.remove_script('app', 'a');
SELECT count(*) FROM mad_migrate.script WHERE branch = 'app';
-- What another depends on stays, too.
SELECT mad_migrate.add_scripts('app', ARRAY[script('a', ''), script('b', '', keys => E'Depends On: a\n')]);
SELECT mad_migrate.remove_script('app', 'a');
SELECT mad_migrate.remove_script('app', 'b'), mad_migrate.remove_script('app', 'a');

-------------------------------------------------------------------------------------------------
-- load_scripts(branch, directory): the .sql files of a folder on the server's disk
-------------------------------------------------------------------------------------------------
-- A relative name is below the server's data directory. What does not end with .sql, and folders, are left alone.
COPY (SELECT) TO PROGRAM 'mkdir -p regress_mad_scripts/nested.d regress_mad_none';
CREATE FUNCTION write_file(name text, content bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id CONSTANT oid := lo_from_bytea(0, content);
BEGIN
    PERFORM lo_export(id, name), lo_unlink(id);
END
$$;
SELECT count(write_file('regress_mad_scripts/' || name, convert_to(content, 'UTF8')))
  FROM (VALUES ('1_unix.sql', script('unix', '', 'INSERT INTO noted (note) VALUES (''grün'');')),
               ('2_windows.sql', U&'\FEFF' || replace(script('windows', 'unix', E'INSERT INTO noted (note)\n\tVALUES (''one\ntwo'');\n'), E'\n', E'\r\n')),
               ('.hidden.sql', 'no script'), ('notes.txt', 'no script'), ('nested.d/3.sql', 'no script'),
               ('3_backup.sql~', 'no script')) AS files (name, content);
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts');
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts/');
SELECT filename, message FROM mad_migrate.script WHERE branch = 'app' ORDER BY 1;
-- A byte order mark and the carriage returns of Windows change nothing.
SELECT steps FROM mad_migrate.upgrade('app');
SELECT to_json(note) FROM noted ORDER BY id;
-- One bad file, and none is loaded.
SELECT write_file('regress_mad_scripts/0_good.sql', convert_to(script('good', 'windows'), 'UTF8'));
SELECT write_file('regress_mad_scripts/4_latin1.sql', convert_to(script('latin1', 'windows', E'-- gut\n-- grün\n'), 'LATIN1'));
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts');
\echo :LAST_ERROR_SQLSTATE
SELECT write_file('regress_mad_scripts/4_latin1.sql', '\x2f2a00');
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts');
COPY (SELECT) TO PROGRAM 'chmod 000 regress_mad_scripts/4_latin1.sql';
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts');
COPY (SELECT) TO PROGRAM 'cd regress_mad_scripts && rm -f 4_latin1.sql && mkdir 5_folder.sql';
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts');
SELECT mad_migrate.load_scripts('app', 'regress_mad_none');
SELECT mad_migrate.load_scripts('app', 'regress_mad_nowhere');
SELECT mad_migrate.load_scripts('app', 'regress_mad_scripts/notes.txt');
COPY (SELECT) TO PROGRAM 'rm -r regress_mad_scripts regress_mad_none';
-- Without a folder, those that the extension ships.
SELECT mad_migrate.load_scripts('metadata');
SELECT mad_migrate.load_scripts('app');
SELECT count(*) FROM mad_migrate.script WHERE branch = 'app';
SELECT steps FROM mad_migrate.downgrade('app', 'base');
SELECT mad_migrate.drop_branch('app'), mad_migrate.create_branch('app');

-------------------------------------------------------------------------------------------------
-- What a script's header may ask for
-------------------------------------------------------------------------------------------------
-- Sections for an environment win over those for all.
SELECT mad_migrate.add_script('app', script('env', '', E'INSERT INTO noted (note) VALUES (current_setting(''mad_migrate.environment''));\n'
    '-- migrate:upgrade environment=production\nINSERT INTO noted (note) VALUES (''careful'');', downgrade => 'TRUNCATE noted RESTART IDENTITY;'));
SELECT sections FROM mad_migrate.script WHERE revision = 'env';
SELECT steps FROM mad_migrate.upgrade('app', 'env');
SELECT note FROM noted ORDER BY id DESC LIMIT 1;
SELECT steps FROM mad_migrate.downgrade('app', 'base');
SET mad_migrate.environment = 'production';
SELECT steps FROM mad_migrate.upgrade('app', 'env');
SELECT note FROM noted;
RESET mad_migrate.environment;
SELECT mad_migrate.add_script('app', replace(script('test_only', 'env'), 'migrate:upgrade', 'migrate:upgrade environment=test'));
SELECT steps FROM mad_migrate.upgrade('app');
SELECT mad_migrate.remove_script('app', 'test_only');
-- Requires: another branch first
SELECT mad_migrate.add_script('app', script('needy', 'env', keys => E'Requires: metadata@001_meta\n'));
SELECT steps FROM mad_migrate.upgrade('app');
\echo :LAST_ERROR_SQLSTATE
SELECT steps FROM mad_migrate.stamp('metadata', '001_meta');
SELECT steps FROM mad_migrate.upgrade('app');
SELECT mad_migrate.add_script('app', script('lost', 'needy', keys => E'Requires: nowhere@x\n'));
SELECT steps FROM mad_migrate.upgrade('app');
SELECT mad_migrate.remove_script('app', 'lost');
-- Irreversible: a reason in place of a way back
SELECT mad_migrate.add_script('app', E'/*\nNo return\n\nRevision ID: done\nRevises: needy\nIrreversible: the old column''s values are gone\n*/\n-- migrate:upgrade\nSELECT 1;\n');
SELECT steps FROM mad_migrate.upgrade('app');
SELECT steps FROM mad_migrate.downgrade('app', '-1');
\echo :LAST_ERROR_SQLSTATE
SELECT steps FROM mad_migrate.stamp('app', 'needy');
SELECT mad_migrate.remove_script('app', 'done');
-- Transaction: off; and statements that tell by themselves that they cannot run in one
SELECT mad_migrate.add_scripts('app', ARRAY[script('off', 'needy', 'SELECT 1;', E'Transaction: off\n'),
                                            script('vacuum', 'off', 'VACUUM noted;')]);
SELECT revision, outside_transaction FROM mad_migrate.script WHERE revision IN ('off', 'vacuum') ORDER BY 1;
SELECT steps FROM mad_migrate.upgrade('app', 'off');
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.remove_script('app', 'vacuum'), mad_migrate.remove_script('app', 'off');

-------------------------------------------------------------------------------------------------
-- What statements may hold: quotes, comments, semicolons; a session's settings change none of it
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.add_script('app', script('texts', 'needy', $script$
INSERT INTO noted (note) VALUES ('a; b'), ('-- migrate:downgrade'), ($$it's $1; $q$ /* $$), ('back\slash'), (E'new\nline\''),
    (date '1999-12-31' || ', ' || interval '1 day'), (U&'gr\00FCn') /* a comment; /* nested; */ still; */ ;
DO $body$
BEGIN
    INSERT INTO noted (note) VALUES ('in a block; of statements');
END
$body$; -- the last one has no semicolon
INSERT INTO noted (note) SELECT $a$-- migrate:upgrade$a$
$script$));
TRUNCATE noted RESTART IDENTITY;
SET standard_conforming_strings = off;
SET datestyle = 'SQL, DMY';
SET client_min_messages = error;
SELECT steps FROM mad_migrate.upgrade('app', 'texts');
RESET client_min_messages;
RESET standard_conforming_strings;
RESET datestyle;
SELECT to_json(note) FROM noted ORDER BY id;
-- A script of five megabytes
SELECT mad_migrate.add_script('app', script('huge', 'texts', 'INSERT INTO noted (note) VALUES (''' || repeat('0123456789', 500000) || ''');'));
SELECT steps FROM mad_migrate.upgrade('app', 'huge');
SELECT max(length(note)) FROM noted;

SET client_min_messages = warning;
DROP FUNCTION script, write_file;
DROP TABLE noted;
DROP EXTENSION mad_migrate CASCADE;
