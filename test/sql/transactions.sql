-- upgrade() is part of the transaction it is called in: savepoints, exception blocks, isolation,
-- prepared transactions, triggers, cursors, deferred constraints.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
CREATE FUNCTION script_of(revision text, revises text, body text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\nRevision %1$s\n\nRevision ID: %1$s\nRevises: %2$s\n*/\n'
                  '-- migrate:upgrade\nCREATE TABLE t_%1$s (id int);\n%3$s\n-- migrate:downgrade\nDROP TABLE t_%1$s;\n',
                  revision, revises, body)
$$;
SELECT mad_migrate.create_branch('one');
SELECT mad_migrate.create_branch('two');
SELECT mad_migrate.add_scripts('one', ARRAY[script_of('a1', ''), script_of('a2', 'a1'), script_of('a3', 'a2', 'SELECT 1/0;')]);
SELECT mad_migrate.add_scripts('two', ARRAY[script_of('b1', '')]);
-- What another session would see: version rows, tables, the setting of the database
CREATE VIEW state AS
SELECT (SELECT string_agg(revisions::text, ' ' ORDER BY branch) FROM mad_migrate.status() WHERE branch IN ('one', 'two')) AS rows,
       (SELECT coalesce(string_agg(relname, ' ' ORDER BY relname COLLATE "C"), '(no tables)') FROM pg_class WHERE relname LIKE 't\___') AS tables,
       coalesce((SELECT string_agg(s, ' ' ORDER BY s) FROM pg_db_role_setting r, unnest(r.setconfig) s
          WHERE r.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND r.setrole = 0
            AND s ~ '^mad_revision\.(one|two)='), '(not published)') AS published;
SELECT * FROM state;

-------------------------------------------------------------------------------------------------
-- Savepoints
-------------------------------------------------------------------------------------------------
BEGIN;
SELECT to_revisions FROM mad_migrate.upgrade('one', 'a1');
SAVEPOINT s;
SELECT to_revisions FROM mad_migrate.upgrade('one', 'a2');
SELECT to_revisions FROM mad_migrate.upgrade('two');
SELECT * FROM state;
ROLLBACK TO s;
SELECT * FROM state;
SELECT to_revisions FROM mad_migrate.upgrade('two');
COMMIT;
SELECT * FROM state;
-- A failure inside the transaction: the savepoint before it saves what was done.
BEGIN;
SELECT to_revisions FROM mad_migrate.upgrade('one', 'a2');
SAVEPOINT s;
SELECT to_revisions FROM mad_migrate.upgrade('one');
ROLLBACK TO s;
COMMIT;
SELECT * FROM state;
-- Reported instead of raised, the steps before the failed one are the caller's to keep.
SELECT to_revisions FROM mad_migrate.downgrade('one', 'base');
BEGIN;
SELECT from_revisions, to_revisions, steps, status FROM mad_migrate.upgrade('one', on_error => 'report');
COMMIT;
SELECT * FROM state;

-------------------------------------------------------------------------------------------------
-- Exception blocks, functions, triggers
-------------------------------------------------------------------------------------------------
SELECT to_revisions FROM mad_migrate.downgrade('one', 'a1');
DO $$
DECLARE
    code text; message text; context text;
BEGIN
    PERFORM mad_migrate.upgrade('two', 'base');
    BEGIN
        PERFORM mad_migrate.upgrade('one');
    EXCEPTION WHEN division_by_zero THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
        RAISE WARNING 'caught "%", %', message, split_part(context, E'\n', 1);
    END;
    BEGIN
        PERFORM mad_migrate.upgrade('one', 'nowhere');
    EXCEPTION WHEN SQLSTATE 'MM002' THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        RAISE WARNING 'caught % "%"', code, message;
    END;
    PERFORM mad_migrate.downgrade('two', 'base');
END
$$;
SELECT * FROM state;
-- Called again and again in one transaction, it does what is left.
DO $$
BEGIN
    FOR i IN 1..20 LOOP
        PERFORM mad_migrate.upgrade('one', 'a2');
        PERFORM mad_migrate.downgrade('one', 'base');
    END LOOP;
    PERFORM mad_migrate.upgrade('one', '+1');
END
$$;
SELECT * FROM state;
CREATE TABLE wishes (target text);
CREATE FUNCTION fulfil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mad_migrate.upgrade('one', NEW.target);
    RETURN NEW;
END
$$;
CREATE TRIGGER fulfil BEFORE INSERT ON wishes FOR EACH ROW EXECUTE FUNCTION fulfil();
INSERT INTO wishes VALUES ('a2');
SELECT * FROM state;
INSERT INTO wishes VALUES ('a3');
SELECT * FROM wishes;
SELECT * FROM state;
-- As a set in a larger query
SELECT count(*) FROM generate_series(1, 3), mad_migrate.upgrade('two');
SELECT (SELECT array_agg(u.status) FROM mad_migrate.upgrade(b.branch, 'base') u) FROM mad_migrate.branch b WHERE branch IN ('one', 'two');

-------------------------------------------------------------------------------------------------
-- Kinds of transactions
-------------------------------------------------------------------------------------------------
SELECT to_revisions FROM mad_migrate.downgrade('one', 'base');
SELECT to_revisions FROM mad_migrate.downgrade('two', 'base');
BEGIN READ ONLY;
SELECT * FROM mad_migrate.upgrade('one', 'a1');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- looking is allowed there
BEGIN READ ONLY;
SELECT revisions FROM mad_migrate.status('one');
SELECT count(*) FROM mad_migrate.current('one');
SELECT revision FROM mad_migrate.heads('one');
SELECT revision FROM mad_migrate.plan('one');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM wishes;
SELECT to_revisions FROM mad_migrate.upgrade('one', 'a1');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT to_revisions FROM mad_migrate.upgrade('one', 'a2');
COMMIT;
SELECT * FROM state;
-- A prepared transaction, where the server has them, is like any other.
SELECT current_setting('max_prepared_transactions')::int > 0 AS prepares \gset
BEGIN;
SELECT to_revisions FROM mad_migrate.upgrade('two');
\if :prepares
PREPARE TRANSACTION 'regress_mad';
COMMIT PREPARED 'regress_mad';
\else
COMMIT;
\endif
SELECT * FROM state;
SELECT to_revisions FROM mad_migrate.downgrade('two', 'base');

-------------------------------------------------------------------------------------------------
-- What is open or pending in the transaction
-------------------------------------------------------------------------------------------------
-- A cursor reads on.
SELECT to_revisions FROM mad_migrate.downgrade('one', 'a1');
BEGIN;
DECLARE c CURSOR FOR SELECT generate_series(1, 3);
FETCH c;
SELECT to_revisions FROM mad_migrate.upgrade('one', 'a2');
FETCH c;
COMMIT;
-- A cursor on the call itself
BEGIN;
DECLARE c CURSOR FOR SELECT from_revisions, to_revisions FROM mad_migrate.upgrade('two');
FETCH c;
CLOSE c;
ROLLBACK;
-- A table in use is the server's to refuse.
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t_a2;
FETCH c;
SELECT to_revisions FROM mad_migrate.downgrade('one', 'a1');
ROLLBACK;
-- Constraints that are checked at the end are checked at the end.
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO children VALUES (1);
SELECT to_revisions FROM mad_migrate.upgrade('two');
COMMIT;
SELECT * FROM state;
BEGIN;
INSERT INTO children VALUES (1);
SELECT to_revisions FROM mad_migrate.upgrade('two');
INSERT INTO parents VALUES (1);
COMMIT;
SELECT * FROM state;

SELECT to_revisions FROM mad_migrate.downgrade('one', 'base');
SELECT to_revisions FROM mad_migrate.downgrade('two', 'base');
DROP VIEW state;
DROP TABLE wishes, parents, children;
DROP FUNCTION script_of, fulfil;
DROP EXTENSION mad_migrate CASCADE;
