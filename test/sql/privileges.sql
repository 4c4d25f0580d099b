-- Who may do what: nobody anything until it is granted; and scripts run as their branch's owner, whoever calls.
CREATE ROLE regress_mad_dba SUPERUSER;
SET SESSION AUTHORIZATION regress_mad_dba;
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
CREATE ROLE regress_mad_nobody;
CREATE ROLE regress_mad_operator;
CREATE ROLE regress_mad_author;
CREATE ROLE regress_mad_owner;
CREATE FUNCTION script(revision text, revises text, upgrade text) RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\nA script\n\nRevision ID: %s\nRevises: %s\n*/\n-- migrate:upgrade\n%s\n-- migrate:downgrade\n',
                  revision, revises, upgrade)
$$;

-------------------------------------------------------------------------------------------------
-- PUBLIC has nothing
-------------------------------------------------------------------------------------------------
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace = 'mad_migrate'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE');
SELECT c.oid::regclass FROM pg_class c
 WHERE c.relnamespace = 'mad_migrate'::regnamespace AND c.relkind IN ('r', 'v', 'S', 'p')
   AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT has_schema_privilege('public', 'mad_migrate', 'USAGE, CREATE');
-- And no function runs as its owner, or finds what it calls by the caller's search_path. Procedures
-- that commit cannot have a setting; these name every schema.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.pronamespace = 'mad_migrate'::regnamespace
   AND (p.prosecdef OR l.lanname <> 'c' AND 'search_path=pg_catalog, pg_temp' <> ALL (coalesce(p.proconfig, '{}')))
 ORDER BY p.proname;
-- Every object says what it is.
SELECT c.oid::regclass, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'mad_migrate'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
   AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL);
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace = 'mad_migrate'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;

SET ROLE regress_mad_nobody;
SELECT mad_migrate.upgrade('metadata');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mad_migrate.script;
RESET ROLE;
GRANT USAGE ON SCHEMA mad_migrate TO regress_mad_nobody, regress_mad_operator, regress_mad_author;
SET ROLE regress_mad_nobody;
SELECT mad_migrate.upgrade('metadata');
SELECT * FROM mad_migrate.script;
CALL mad_migrate.run_upgrade('metadata');
-- The settings of a session are its own; how to connect is the superuser's.
SET mad_migrate.environment = 'staging';
SET mad_migrate.jobs = 2;
SET mad_migrate.connection_options = 'password=guess';
SHOW mad_migrate.connection_options;
SET mad_migrate.invented = 1;
RESET mad_migrate.environment;
RESET mad_migrate.jobs;
RESET ROLE;

-------------------------------------------------------------------------------------------------
-- An operator needs EXECUTE and nothing else: what runs was decided by others
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.create_branch('app', owner => 'regress_mad_owner', search_path => 'regress_mad');
CREATE SCHEMA regress_mad AUTHORIZATION regress_mad_owner;
SELECT mad_migrate.add_script('app', script('one', '', 'CREATE TABLE one AS SELECT current_user AS who;'));
GRANT EXECUTE ON FUNCTION mad_migrate.upgrade, mad_migrate.downgrade, mad_migrate.stamp, mad_migrate.plan, mad_migrate.upgrade_sql,
    mad_migrate.current, mad_migrate.heads, mad_migrate.history, mad_migrate.show, mad_migrate.history_graph,
    mad_migrate.branch_points, mad_migrate.status, mad_migrate.ensure_version TO regress_mad_operator;
SET ROLE regress_mad_operator;
SELECT revision, transactional FROM mad_migrate.plan('app');
SELECT status FROM mad_migrate.upgrade('app');
SELECT revision FROM mad_migrate.current('app');
SELECT revision, is_current FROM mad_migrate.history('app');
SELECT branch, revisions, status FROM mad_migrate.status('app');
SELECT mad_migrate.upgrade_sql('app') LIKE '%CREATE TABLE one%';
SELECT mad_migrate.history_graph('app');
SELECT mad_migrate.ensure_version('app');
-- What a script made is its owner's, not the caller's, and so is what is recorded.
SELECT * FROM regress_mad.one;
SELECT * FROM mad_migrate.alembic_version_app;
RESET ROLE;
SELECT * FROM regress_mad.one;
SELECT tableowner FROM pg_tables WHERE tablename IN ('one', 'alembic_version_app') ORDER BY tablename DESC;
SELECT revision, applied_by = session_user FROM mad_migrate.history;

-------------------------------------------------------------------------------------------------
-- Who decides what runs as an owner could act as that owner anyway
-------------------------------------------------------------------------------------------------
GRANT EXECUTE ON FUNCTION mad_migrate.create_branch, mad_migrate.alter_branch, mad_migrate.drop_branch, mad_migrate.add_script,
    mad_migrate.add_scripts, mad_migrate.load_scripts, mad_migrate.remove_script, mad_migrate.revision TO regress_mad_author;
SET ROLE regress_mad_author;
SELECT mad_migrate.add_script('app', script('two', 'one', 'SELECT 2;'));
\echo :LAST_ERROR_SQLSTATE
SELECT mad_migrate.add_scripts('app', ARRAY[script('two', 'one', 'SELECT 2;')]);
SELECT mad_migrate.revision('app', 'Two', sql => 'SELECT 2');
SELECT mad_migrate.remove_script('app', 'one');
SELECT mad_migrate.alter_branch('app', search_path => 'public');
SELECT mad_migrate.alter_branch('app', owner => 'regress_mad_author');
SELECT mad_migrate.drop_branch('app');
SELECT mad_migrate.create_branch('mine', owner => 'regress_mad_owner');
SELECT mad_migrate.create_branch('mine', owner => session_user);
SELECT mad_migrate.load_scripts('app');
SELECT mad_migrate.create_branch('mine');
SELECT mad_migrate.add_script('mine', script('one', '', 'SELECT 1;'));
SELECT mad_migrate.alter_branch('mine', owner => 'regress_mad_owner');
RESET ROLE;
GRANT regress_mad_owner TO regress_mad_author;
SET ROLE regress_mad_author;
SELECT mad_migrate.add_script('app', script('two', 'one', 'SELECT 2;'));
SELECT mad_migrate.alter_branch('mine', owner => 'regress_mad_owner');
SELECT mad_migrate.load_scripts('app');
RESET ROLE;
GRANT pg_read_server_files TO regress_mad_author;
SET ROLE regress_mad_author;
SELECT mad_migrate.load_scripts('app');
SELECT mad_migrate.load_scripts('metadata');
RESET ROLE;
SELECT branch, owner FROM mad_migrate.branch WHERE NOT shipped ORDER BY branch;

-------------------------------------------------------------------------------------------------
-- A script cannot leave its owner, though a superuser calls
-------------------------------------------------------------------------------------------------
CREATE FUNCTION try(upgrade text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mad_migrate.add_script('app', script('three', 'two', upgrade));
    PERFORM mad_migrate.upgrade('app', 'three');
    RETURN 'it ran';
EXCEPTION WHEN others THEN
    RETURN format('%s: %s', SQLSTATE, SQLERRM);
END
$$;
SELECT status FROM mad_migrate.upgrade('app', 'two');
SELECT try('SET ROLE regress_mad_dba;');
SELECT try('RESET ROLE;');
SELECT try('RESET SESSION AUTHORIZATION;');
SELECT try('SET SESSION AUTHORIZATION regress_mad_author;');
SELECT try('SELECT set_config(''role'', ''none'', false);');
SELECT try('ALTER ROLE regress_mad_owner SUPERUSER;');
SELECT try('SET mad_migrate.connection_options = ''password=x'';');
SELECT try('GRANT EXECUTE ON FUNCTION mad_migrate.add_script TO regress_mad_owner;');
SELECT try('DELETE FROM mad_migrate.script;');
SELECT try('SELECT mad_migrate.upgrade(''metadata'');');
SELECT try('INSERT INTO mad_migrate.alembic_version_app VALUES (''x'');');
SELECT try('ALTER TABLE mad_migrate.history OWNER TO regress_mad_owner;');
SELECT try('COPY one TO PROGRAM ''true'';');
SELECT try('CREATE FUNCTION public.trap() RETURNS int LANGUAGE sql AS ''SELECT 1'';');
-- What it sets ends with it.
SELECT try('SET search_path = nowhere; SET lock_timeout = 1; SET mad_migrate.environment = ''production'';');
SELECT current_setting('search_path'), current_setting('mad_migrate.environment'), current_user = session_user;
SELECT status FROM mad_migrate.downgrade('app', 'two');
-- Nothing is left behind that would run as the caller, who has more rights than the owner.
SELECT try($script$
    CREATE TABLE deferring (id int PRIMARY KEY, next int REFERENCES deferring DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO deferring VALUES (1, 2), (2, 1);
$script$);
SELECT try('CREATE TEMP VIEW pg_database AS SELECT current_user;');
SELECT try('PREPARE trap AS SELECT current_user;');
SELECT try('DECLARE held CURSOR WITH HOLD FOR SELECT current_user;');

-------------------------------------------------------------------------------------------------
-- Whatever a caller puts in the way, our own SQL finds pg_catalog and mad_migrate
-------------------------------------------------------------------------------------------------
CREATE SCHEMA regress_mad_trap;
GRANT USAGE ON SCHEMA regress_mad_trap TO regress_mad_operator;
CREATE FUNCTION regress_mad_trap.trap(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the trap was called by %', current_user; END $$;
CREATE OPERATOR regress_mad_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_mad_trap.trap);
CREATE FUNCTION regress_mad_trap.array_to_string(text[], text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the trap was called by %', current_user; END $$;
CREATE FUNCTION regress_mad_trap.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the trap was called by %', current_user; END $$;
SET ROLE regress_mad_operator;
SET search_path = regress_mad_trap, pg_temp, pg_catalog;
CREATE TEMP TABLE script (branch text, revision text);
CREATE TEMP TABLE branch (branch text);
CREATE TEMP TABLE history (branch text);
CREATE TEMP TABLE pg_database (datname text);
CREATE TEMP TABLE alembic_version_app (version_num text);
SELECT 'a'::text = 'a'::text;
SELECT revision FROM mad_migrate.history('app');
SELECT status FROM mad_migrate.downgrade('app', 'one');
SELECT status FROM mad_migrate.upgrade('app', 'two');
SELECT mad_migrate.history_graph('app') LIKE '%two%';
SELECT status FROM mad_migrate.status('app');
SELECT count(*) FROM pg_temp.history;
DISCARD TEMP;
RESET search_path;
RESET ROLE;

SET client_min_messages = warning;
DROP FUNCTION try, script;
DROP SCHEMA regress_mad, regress_mad_trap CASCADE;
DROP EXTENSION mad_migrate CASCADE;
DROP OWNED BY regress_mad_nobody, regress_mad_operator, regress_mad_author, regress_mad_owner;
DROP ROLE regress_mad_nobody, regress_mad_operator, regress_mad_author, regress_mad_owner;
DROP OWNED BY regress_mad_dba;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_mad_dba;
