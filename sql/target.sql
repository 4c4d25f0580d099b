-- The kit: what every migrated database carries, as plain SQL, so that its dump restores anywhere.
--
-- The extension's install script begins with this file, and the engine runs it in each target
-- database; both create schema mad_migrate first. It holds plain CREATE statements only: an object
-- that is already there, put there by whomever, is an error and never adopted.
--
--   1  schema
--   2  version tables
--   3  history
--   4  published versions
--   5  steps: what the engine calls
--   6  helpers for scripts: tables and columns
--   7  helpers for scripts: enum types
--   8  helpers for scripts: indexes
--   9  helpers for scripts: keys
--  10  privileges

-------------------------------------------------------------------------------------------------
-- 1  Schema
-------------------------------------------------------------------------------------------------

COMMENT ON SCHEMA mad_migrate IS
    'mad_migrate kit 1.0.0: version tables, history and helper functions of the migrations run here';

-------------------------------------------------------------------------------------------------
-- 2  Version tables: the current heads of a branch, one row each, as Alembic keeps them
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.create_version_table(branch text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_name CONSTANT text := 'alembic_version_' || branch;
BEGIN
    IF branch IS NULL OR branch !~ '^[a-z][a-z0-9_]{0,39}$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'MM010',
            MESSAGE = format('invalid branch name "%s"', branch),
            DETAIL = 'A branch name has 1 to 40 characters: lower-case letters, digits and "_", a letter first.',
            HINT = 'Choose another name: it names a table and a setting.';
    END IF;
    IF to_regclass(format('mad_migrate.%I', table_name)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE mad_migrate.%I ('
                   'version_num varchar(255) NOT NULL, CONSTRAINT %I PRIMARY KEY (version_num))',
                   table_name, table_name || '_pkc');
    EXECUTE format('REVOKE ALL ON mad_migrate.%I FROM PUBLIC', table_name);
    EXECUTE format('COMMENT ON TABLE mad_migrate.%I IS %L', table_name,
                   format('Current heads of branch %s, one row each; Alembic reads and writes it too', branch));
    EXECUTE format('COMMENT ON COLUMN mad_migrate.%I.version_num IS %L', table_name, 'Revision id of a head');
END
$$;
COMMENT ON FUNCTION mad_migrate.create_version_table(text) IS
    'Creates the version table of a branch unless it exists; unlike Alembic''s varchar(32) it admits longer ids';

CREATE FUNCTION mad_migrate.find_version_table(branch text) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_name CONSTANT name := 'alembic_version_' || branch;
BEGIN
    IF to_regclass(format('mad_migrate.%I', table_name)) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('version table "mad_migrate.%s" does not exist', table_name),
            DETAIL = format('Nothing of branch "%s" has been run in this database.', branch),
            HINT = format('Create it with SELECT mad_migrate.create_version_table(%L).', branch);
    END IF;
    RETURN table_name;
END
$$;
COMMENT ON FUNCTION mad_migrate.find_version_table(text) IS
    'Internal: the name of a branch''s version table, which must exist';

CREATE FUNCTION mad_migrate.raise_version_conflict(branch text, revision text, intention text, rows_wanted bigint,
                                                   rows_found bigint, gone text[], added text[])
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version_table CONSTANT name := mad_migrate.find_version_table(branch);
    held text;
BEGIN
    EXECUTE format('SELECT string_agg(format(''"%%s"'', r), '', '' ORDER BY r COLLATE "C") FROM ('
                   '(SELECT version_num::text AS r FROM mad_migrate.%I EXCEPT ALL SELECT unnest($1))'
                   ' UNION ALL SELECT unnest($2)) AS h', version_table)
        INTO held USING added, gone;
    RAISE EXCEPTION USING
        ERRCODE = 'MM016',
        MESSAGE = format('version table "mad_migrate.%s" ', version_table)
                  || format(CASE WHEN rows_found < rows_wanted THEN 'does not hold revision "%s"'
                                 WHEN rows_wanted = 0 THEN 'already holds revision "%s"'
                                 ELSE 'holds revision "%s" more than once' END, revision),
        DETAIL = format('Revision "%s" was to be %s: expected %s of it, found %s. %s',
                        revision, intention,
                        rows_wanted || CASE rows_wanted WHEN 1 THEN ' row' ELSE ' rows' END, rows_found,
                        coalesce('The table holds ' || held || '.', 'The table is empty.')),
        HINT = format('Somebody else changed it meanwhile, or what was run begins at another revision. Look with'
                      ' SELECT * FROM mad_migrate.%I.', version_table);
END
$$;
COMMENT ON FUNCTION mad_migrate.raise_version_conflict(text, text, text, bigint, bigint, text[], text[]) IS
    'Internal: the error of change_heads, which has taken the rows gone from the table and put the rows added there';

CREATE FUNCTION mad_migrate.change_heads(branch text, deletes text[], inserts text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version_table CONSTANT name := mad_migrate.find_version_table(branch);
    replaces CONSTANT boolean := cardinality(deletes) > 0 AND cardinality(inserts) > 0;
    only_deleted CONSTANT text[] := CASE WHEN replaces THEN trim_array(deletes, 1) ELSE coalesce(deletes, '{}') END;
    only_inserted CONSTANT text[] := CASE WHEN replaces THEN trim_array(inserts, 1) ELSE coalesce(inserts, '{}') END;
    old_head CONSTANT text := deletes[cardinality(deletes)];
    new_head CONSTANT text := inserts[cardinality(inserts)];
    gone text[] := '{}';
    added text[] := '{}';
    head text;
    row_count int;
BEGIN
    -- Alembic makes the column varchar(32).
    IF length(array_to_string(inserts, '')) > 32
       AND (SELECT atttypmod BETWEEN 0 AND 258 FROM pg_attribute
            WHERE attrelid = to_regclass(format('mad_migrate.%I', version_table))
              AND attname = 'version_num') THEN
        EXECUTE format('ALTER TABLE mad_migrate.%I ALTER COLUMN version_num TYPE varchar(255)', version_table);
    END IF;

    -- Every look at the table is for one revision, by the key: after thousands of steps in one
    -- transaction a scan would read thousands of dead rows.
    FOREACH head IN ARRAY only_deleted LOOP
        EXECUTE format('DELETE FROM mad_migrate.%I WHERE version_num = $1', version_table) USING head;
        GET DIAGNOSTICS row_count = ROW_COUNT;
        gone := gone || array_fill(head, ARRAY[row_count]);
        IF row_count <> 1 THEN
            PERFORM mad_migrate.raise_version_conflict(branch, head, 'deleted', 1, row_count, gone, added);
        END IF;
    END LOOP;

    FOREACH head IN ARRAY only_inserted LOOP
        -- Both guards: a version table made by Alembic may lack the key, and its user may be inserting too.
        EXECUTE format('INSERT INTO mad_migrate.%1$I (version_num) SELECT $1'
                       ' WHERE NOT EXISTS (SELECT FROM mad_migrate.%1$I WHERE version_num = $1)'
                       ' ON CONFLICT DO NOTHING', version_table) USING head;
        GET DIAGNOSTICS row_count = ROW_COUNT;
        IF row_count <> 1 THEN
            PERFORM mad_migrate.raise_version_conflict(branch, head, 'inserted', 0, 1, gone, added);
        END IF;
        added := added || head;
    END LOOP;

    IF replaces THEN
        IF new_head <> old_head THEN
            EXECUTE format('SELECT count(*) FROM mad_migrate.%I WHERE version_num = $1', version_table)
                INTO row_count USING new_head;
            IF row_count > 0 THEN
                PERFORM mad_migrate.raise_version_conflict(
                    branch, new_head, format('put in place of "%s"', old_head), 0, row_count, gone, added);
            END IF;
        END IF;
        EXECUTE format('UPDATE mad_migrate.%I SET version_num = $2 WHERE version_num = $1', version_table)
            USING old_head, new_head;
        GET DIAGNOSTICS row_count = ROW_COUNT;
        IF row_count <> 1 THEN
            PERFORM mad_migrate.raise_version_conflict(
                branch, old_head, format('replaced by "%s"', new_head), 1, row_count,
                gone || array_fill(old_head, ARRAY[row_count]), added || array_fill(new_head, ARRAY[row_count]));
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.change_heads(text, text[], text[]) IS
    'Changes a version table as one step does: the last of deletes becomes the last of inserts, the others are '
    'deleted and inserted. Each must be exactly one row.';

-------------------------------------------------------------------------------------------------
-- 3  History
-------------------------------------------------------------------------------------------------

CREATE TABLE mad_migrate.history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    branch text NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL CONSTRAINT history_direction_check CHECK (direction IN ('upgrade', 'downgrade', 'stamp')),
    checksum text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    statements int CONSTRAINT history_statements_check CHECK (statements >= 0),
    statements_done int CONSTRAINT history_statements_done_check CHECK (statements_done BETWEEN 0 AND statements),
    statement_started int CONSTRAINT history_statement_started_check CHECK (statement_started BETWEEN 1 AND statements),
    applied_by text NOT NULL DEFAULT session_user,
    run bigint,
    CONSTRAINT history_counts_check CHECK ((statements IS NULL) = (statements_done IS NULL)),
    CONSTRAINT history_unfinished_check CHECK (
        CASE WHEN finished_at IS NULL THEN statements IS NOT NULL
             ELSE statements_done IS NOT DISTINCT FROM statements AND statement_started IS NULL END)
);
CREATE UNIQUE INDEX history_unfinished_key ON mad_migrate.history (branch) WHERE finished_at IS NULL;

COMMENT ON TABLE mad_migrate.history IS
    'Every step run in this database, in order; a row without finished_at is a step to be resumed';
COMMENT ON COLUMN mad_migrate.history.id IS 'Order of the steps';
COMMENT ON COLUMN mad_migrate.history.branch IS 'Branch of the revision';
COMMENT ON COLUMN mad_migrate.history.revision IS
    'Revision that was applied, reverted or stamped; empty for a stamp to base';
COMMENT ON COLUMN mad_migrate.history.direction IS 'upgrade, downgrade or stamp';
COMMENT ON COLUMN mad_migrate.history.checksum IS 'Checksum of the script that was run; none for a stamp';
COMMENT ON COLUMN mad_migrate.history.started_at IS 'When the step began';
COMMENT ON COLUMN mad_migrate.history.finished_at IS
    'When the step was complete; none: an unfinished step of a script that cannot run in a transaction';
COMMENT ON COLUMN mad_migrate.history.statements IS
    'Number of statements of a script run one by one; none for a script run in one transaction';
COMMENT ON COLUMN mad_migrate.history.statements_done IS 'How many of them are complete';
COMMENT ON COLUMN mad_migrate.history.statement_started IS
    'The statement being run, counted from 1; after a crash, the one whose outcome is unknown';
COMMENT ON COLUMN mad_migrate.history.applied_by IS 'Session user that ran the step';
COMMENT ON COLUMN mad_migrate.history.run IS 'Run in the ledger of the control database, if there was one';
COMMENT ON INDEX mad_migrate.history_unfinished_key IS 'A branch has at most one unfinished step';

-------------------------------------------------------------------------------------------------
-- 4  Published versions: the heads where every session of the server can read them
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.publish_heads(branch text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version_table CONSTANT name := mad_migrate.find_version_table(branch);
    setting CONSTANT text := 'mad_revision.' || branch;
    heads text;
    published text;
BEGIN
    -- All settings of a database are one catalog row: of two branches publishing at once,
    -- the second would fail on that row instead of waiting for the first.
    LOCK TABLE mad_migrate.history IN SHARE UPDATE EXCLUSIVE MODE;

    EXECUTE format('SELECT string_agg(version_num, '','' ORDER BY version_num COLLATE "C") FROM mad_migrate.%I',
                   version_table)
        INTO heads;
    SELECT substr(item, length(setting) + 2) INTO published
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN unnest(s.setconfig) AS item
    WHERE d.datname = current_database() AND s.setrole = 0 AND starts_with(item, setting || '=');
    IF heads IS NOT DISTINCT FROM published THEN
        RETURN;
    END IF;

    IF NOT has_parameter_privilege(setting, 'SET') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('permission denied to publish the heads of branch "%s"', branch),
            DETAIL = format('Role "%s" must be allowed to set parameter "%s".', current_user, setting),
            HINT = format('A superuser allows it once for the whole server:'
                          ' GRANT SET ON PARAMETER mad_revision.%I TO %I.', branch, current_user);
    END IF;
    IF heads IS NULL THEN
        EXECUTE format('ALTER DATABASE %I RESET mad_revision.%I', current_database(), branch);
    ELSE
        EXECUTE format('ALTER DATABASE %I SET mad_revision.%I = %L', current_database(), branch, heads);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.publish_heads(text) IS
    'Writes the heads of a branch, joined with commas in C order, to this database''s setting '
    'mad_revision.<branch>, unless they stand there already; no heads, no setting';

-------------------------------------------------------------------------------------------------
-- 5  Steps: what the engine calls
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.record_step(branch text, revision text, direction text, checksum text,
                                        deletes text[], inserts text[], started_at timestamptz, run bigint,
                                        publish boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mad_migrate.change_heads(branch, deletes, inserts);
    INSERT INTO mad_migrate.history (branch, revision, direction, checksum, started_at, finished_at, run)
    VALUES (record_step.branch, record_step.revision, record_step.direction, record_step.checksum,
            record_step.started_at, clock_timestamp(), record_step.run);
    IF publish THEN
        PERFORM mad_migrate.publish_heads(branch);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.record_step(text, text, text, text, text[], text[], timestamptz, bigint, boolean) IS
    'Records a step that ran in the same transaction: its version rows, its history row and, if asked, the '
    'published heads';

CREATE FUNCTION mad_migrate.begin_partial_step(branch text, revision text, direction text, checksum text,
                                               statements int, run bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    step bigint;
    unfinished mad_migrate.history;
BEGIN
    INSERT INTO mad_migrate.history AS h
        (branch, revision, direction, checksum, started_at, statements, statements_done, run)
    VALUES (begin_partial_step.branch, begin_partial_step.revision, begin_partial_step.direction,
            begin_partial_step.checksum, clock_timestamp(), begin_partial_step.statements, 0,
            begin_partial_step.run)
    ON CONFLICT DO NOTHING
    RETURNING h.id INTO step;
    IF step IS NULL THEN
        SELECT * INTO unfinished FROM mad_migrate.history AS h
        WHERE h.branch = begin_partial_step.branch AND h.finished_at IS NULL;
        RAISE EXCEPTION USING
            ERRCODE = 'MM018',
            MESSAGE = format('branch "%s" has an unfinished %s of revision "%s"',
                             branch, unfinished.direction, unfinished.revision),
            DETAIL = format('Of its %s statements %s are complete; it began at %s.',
                            unfinished.statements, unfinished.statements_done, unfinished.started_at),
            HINT = 'Resume it with the call that began it; the complete statements are not run again.';
    END IF;
    RETURN step;
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_partial_step(text, text, text, text, int, bigint) IS
    'Begins a step whose statements are committed one by one; returns the id of its history row';

CREATE FUNCTION mad_migrate.raise_no_partial_step(step bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    finished_at timestamptz;
BEGIN
    SELECT h.finished_at INTO finished_at FROM mad_migrate.history AS h WHERE h.id = step;
    RAISE EXCEPTION USING
        ERRCODE = 'MM018',
        MESSAGE = format('step %s is not an unfinished step', step),
        DETAIL = CASE WHEN finished_at IS NULL THEN 'The history has no such row.'
                      ELSE format('It was finished at %s.', finished_at) END,
        HINT = 'Look with SELECT * FROM mad_migrate.history WHERE finished_at IS NULL.';
END
$$;
COMMENT ON FUNCTION mad_migrate.raise_no_partial_step(bigint) IS
    'Internal: the error of record_statement and finish_partial_step';

CREATE FUNCTION mad_migrate.record_statement(step bigint, statement int, finished boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE mad_migrate.history AS h
    SET statement_started = CASE WHEN finished THEN NULL ELSE statement END,
        statements_done = CASE WHEN finished THEN statement ELSE h.statements_done END
    WHERE h.id = step AND h.finished_at IS NULL;
    IF NOT FOUND THEN
        PERFORM mad_migrate.raise_no_partial_step(step);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.record_statement(bigint, int, boolean) IS
    'Records that a statement of a partial step is about to run (finished = false) or complete (finished = true)';

CREATE FUNCTION mad_migrate.finish_partial_step(step bigint, deletes text[], inserts text[], publish boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unfinished mad_migrate.history;
BEGIN
    SELECT * INTO unfinished FROM mad_migrate.history AS h
    WHERE h.id = step AND h.finished_at IS NULL
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM mad_migrate.raise_no_partial_step(step);
    END IF;
    IF unfinished.statements_done < unfinished.statements THEN
        RAISE EXCEPTION USING
            ERRCODE = 'MM018',
            MESSAGE = format('the %s of revision "%s" is not complete', unfinished.direction, unfinished.revision),
            DETAIL = format('Of its %s statements %s are complete.', unfinished.statements, unfinished.statements_done),
            HINT = 'Run the remaining statements first.';
    END IF;
    PERFORM mad_migrate.change_heads(unfinished.branch, deletes, inserts);
    UPDATE mad_migrate.history AS h
    SET finished_at = clock_timestamp(), statement_started = NULL
    WHERE h.id = step;
    IF publish THEN
        PERFORM mad_migrate.publish_heads(unfinished.branch);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.finish_partial_step(bigint, text[], text[], boolean) IS
    'Ends a partial step, all of whose statements are complete: its version rows, its history row and, if '
    'asked, the published heads';

-------------------------------------------------------------------------------------------------
-- 6  Helpers for scripts: tables and columns
--
-- Every helper names the schema it works in, quotes every name, does nothing when what it makes is
-- there already, and fails when something else is there under that name.
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.find_table(table_name text, schema text) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := to_regclass(format('%I.%I', schema, table_name));
    elsewhere text;
BEGIN
    IF table_id IS NULL THEN
        SELECT string_agg(format('"%s"', n.nspname), ', ' ORDER BY n.nspname) INTO elsewhere
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = find_table.table_name::name AND c.relkind IN ('r', 'p', 'f', 'm');
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('table "%s.%s" does not exist', schema, table_name),
            DETAIL = CASE WHEN to_regnamespace(quote_ident(schema)) IS NULL THEN 'There is no such schema.'
                          WHEN elsewhere IS NULL THEN 'No schema has a table of that name.'
                          ELSE format('A table of that name is in schema %s.', elsewhere) END,
            HINT = 'Create the table first, or name its schema with schema => ''...''.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = table_id AND relkind IN ('r', 'p', 'f', 'm')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('"%s.%s" is not a table', schema, table_name),
            DETAIL = 'It is a view, an index, a sequence or a composite type.',
            HINT = 'Name the table itself.';
    END IF;
    RETURN table_id;
END
$$;
COMMENT ON FUNCTION mad_migrate.find_table(text, text) IS
    'Internal: the table of that name, which must exist';

CREATE FUNCTION mad_migrate.describe_column(table_id regclass, column_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                     'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = table_id AND a.attname = column_name::name AND a.attnum > 0 AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION mad_migrate.describe_column(regclass, text) IS
    'Internal: type, NOT NULL and default of a column as the server writes them; null when there is no such column';

CREATE FUNCTION mad_migrate.add_column_if_absent(table_name text, column_name text, definition text, schema text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    existing CONSTANT text :=
        mad_migrate.describe_column(mad_migrate.find_table(table_name, schema), column_name);
BEGIN
    IF existing IS NULL THEN
        -- The definition is SQL by nature; the helpers pass constants.
        EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I %s', schema, table_name, column_name, definition);
    ELSIF existing <> definition THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_column',
            MESSAGE = format('column "%s" of table "%s.%s" already exists with another definition',
                             column_name, schema, table_name),
            DETAIL = format('It is %s; wanted is %s.', existing, definition),
            HINT = 'Alter or rename that column first.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.add_column_if_absent(text, text, text, text) IS
    'Internal: adds a column; the definition is spelt as describe_column spells it';

CREATE FUNCTION mad_migrate.add_audit_columns(table_name text, schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mad_migrate.add_column_if_absent(table_name, c.name, c.definition, schema)
    FROM (VALUES (1, 'created_at', 'timestamp with time zone NOT NULL DEFAULT now()'),
                 (2, 'updated_at', 'timestamp with time zone NOT NULL DEFAULT now()'),
                 (3, 'created_by', 'character varying(255)'),
                 (4, 'updated_by', 'character varying(255)')) AS c (position, name, definition)
    ORDER BY c.position;
END
$$;
COMMENT ON FUNCTION mad_migrate.add_audit_columns(text, text) IS
    'Adds created_at and updated_at (timestamptz, not null, now()) and created_by and updated_by '
    '(varchar(255)) to a table';

CREATE FUNCTION mad_migrate.create_updated_at_trigger(table_name text, schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    function_name CONSTANT text := format('%I.update_updated_at_column()', schema);
    trigger_name CONSTANT name := 'update_' || table_name || '_updated_at';
    existing text;
    same boolean;
BEGIN
    IF mad_migrate.describe_column(table_id, 'updated_at') IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('column "updated_at" of table "%s.%s" does not exist', schema, table_name),
            DETAIL = 'The trigger would make every UPDATE of the table fail.',
            HINT = format('Call mad_migrate.add_audit_columns(%L, schema => %L) first.', table_name, schema);
    END IF;
    IF to_regprocedure(function_name) IS NULL THEN
        EXECUTE format($create$
            CREATE FUNCTION %I.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $body$
      BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END; $body$
            $create$, schema);
    END IF;

    SELECT pg_get_triggerdef(t.oid),
           -- 19: before, update, for each row
           t.tgfoid = to_regprocedure(function_name) AND t.tgtype = 19 AND t.tgenabled = 'O'
               AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0
    INTO existing, same
    FROM pg_trigger t
    WHERE t.tgrelid = table_id AND t.tgname = trigger_name;
    IF existing IS NULL THEN
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I.%I FOR EACH ROW'
                       ' EXECUTE FUNCTION %I.update_updated_at_column()',
                       trigger_name, schema, table_name, schema);
    ELSIF NOT same THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('trigger "%s" of table "%s.%s" already exists with another definition',
                             trigger_name, schema, table_name),
            DETAIL = format('It is %s.', existing),
            HINT = 'Drop or rename that trigger, or enable it if it is disabled.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.create_updated_at_trigger(text, text) IS
    'Keeps updated_at current on every UPDATE: trigger update_<table>_updated_at, calling '
    'update_updated_at_column() in the table''s schema, which is created unless it exists';

CREATE FUNCTION mad_migrate.drop_updated_at_function(schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    function_id CONSTANT regprocedure := to_regprocedure(format('%I.update_updated_at_column()', schema));
BEGIN
    IF function_id IS NOT NULL AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = function_id) THEN
        EXECUTE format('DROP FUNCTION %I.update_updated_at_column()', schema);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_updated_at_function(text) IS
    'Drops what create_updated_at_trigger left in a schema, update_updated_at_column(), once no trigger calls '
    'it; for the downgrade of a branch''s first revision';

-------------------------------------------------------------------------------------------------
-- 7  Helpers for scripts: enum types
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.find_enum_type(name text, schema text) RETURNS regtype
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type_id CONSTANT regtype := to_regtype(format('%I.%I', schema, name));
BEGIN
    IF EXISTS (SELECT FROM pg_type WHERE oid = type_id AND typtype <> 'e') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('type "%s.%s" is not an enum type', schema, name),
            DETAIL = 'A table, a domain or another type has that name.',
            HINT = 'Choose another name for the enum type.';
    END IF;
    RETURN type_id;
END
$$;
COMMENT ON FUNCTION mad_migrate.find_enum_type(text, text) IS
    'Internal: the enum type of that name; null when there is no such type';

CREATE FUNCTION mad_migrate.enum_values(type_id regtype) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = type_id ORDER BY e.enumsortorder)
$$;
COMMENT ON FUNCTION mad_migrate.enum_values(regtype) IS 'Internal: the values of an enum type, in its order';

CREATE FUNCTION mad_migrate.create_enum_type(name text, "values" text[], schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted CONSTANT text[] := "values";
    type_id CONSTANT regtype := mad_migrate.find_enum_type(name, schema);
    existing CONSTANT text[] := mad_migrate.enum_values(type_id);
    wanted_list text;
BEGIN
    IF wanted IS NULL OR array_position(wanted, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('values of enum type "%s.%s" must not be null', schema, name),
            DETAIL = format('Given is %s.', coalesce(wanted::text, 'NULL')),
            HINT = 'Leave the null out.';
    END IF;
    IF cardinality(wanted) > (SELECT count(DISTINCT v) FROM unnest(wanted) AS v) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('values of enum type "%s.%s" must be different', schema, name),
            DETAIL = format('Given is %s.', wanted),
            HINT = 'Leave the second one out.';
    END IF;
    SELECT string_agg(quote_literal(v), ', ' ORDER BY position) INTO wanted_list
    FROM unnest(wanted) WITH ORDINALITY AS w (v, position);

    IF type_id IS NULL THEN
        EXECUTE format('CREATE TYPE %I.%I AS ENUM (%s)', schema, name, wanted_list);
    ELSIF existing <> wanted THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('enum type "%s.%s" already exists with other values', schema, name),
            DETAIL = format('It has (%s); wanted is (%s).',
                            (SELECT string_agg(quote_literal(v), ', ' ORDER BY position)
                             FROM unnest(existing) WITH ORDINALITY AS e (v, position)),
                            wanted_list),
            HINT = 'Add a value with mad_migrate.add_enum_value(), or choose another name.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.create_enum_type(text, text[], text) IS
    'Creates an enum type with these values in this order';

CREATE FUNCTION mad_migrate.drop_enum_type(name text, schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF mad_migrate.find_enum_type(name, schema) IS NOT NULL THEN
        EXECUTE format('DROP TYPE %I.%I', schema, name);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_enum_type(text, text) IS
    'Drops an enum type that nothing uses any more; never what depends on it';

CREATE FUNCTION mad_migrate.add_enum_value(name text, value text, before text DEFAULT NULL, after text DEFAULT NULL,
                                           schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type_id CONSTANT regtype := mad_migrate.find_enum_type(name, schema);
    existing CONSTANT text[] := mad_migrate.enum_values(type_id);
    neighbour CONSTANT text := coalesce(before, after);
    place int;
BEGIN
    IF type_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('enum type "%s.%s" does not exist', schema, name),
            DETAIL = format('Value "%s" was to be added to it.', value),
            HINT = 'Create it with mad_migrate.create_enum_type().';
    END IF;
    IF value IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('a value of enum type "%s.%s" must not be null', schema, name),
            DETAIL = 'A column of an enum type is null by itself, without a value for it.',
            HINT = 'Leave the call out.';
    END IF;
    IF before IS NOT NULL AND after IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'before and after cannot both be given',
            DETAIL = format('Value "%s" was to stand before "%s" and after "%s".', value, before, after),
            HINT = 'Give one of them, or none to add the value at the end.';
    END IF;
    IF neighbour IS NOT NULL AND neighbour <> ALL (existing) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('enum type "%s.%s" has no value "%s"', schema, name, neighbour),
            DETAIL = format('Its values are %s.', existing),
            HINT = 'Name one of these as before or after.';
    END IF;

    place := array_position(existing, value);
    IF place IS NULL THEN
        EXECUTE format('ALTER TYPE %I.%I ADD VALUE %L', schema, name, value)
                || CASE WHEN before IS NOT NULL THEN format(' BEFORE %L', before)
                        WHEN after IS NOT NULL THEN format(' AFTER %L', after)
                        ELSE '' END;
    ELSIF place > array_position(existing, before) OR place < array_position(existing, after) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('enum type "%s.%s" already has value "%s" in another place', schema, name, value),
            DETAIL = format('Its values are %s.', existing),
            HINT = 'The order of an enum type cannot be changed; leave before and after out to accept it.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.add_enum_value(text, text, text, text, text) IS
    'Adds a value to an enum type, before or after another or at its end; the transaction that adds a value '
    'cannot use it';

-------------------------------------------------------------------------------------------------
-- 8  Helpers for scripts: indexes
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.build_index(name text, table_name text, columns text[], predicate text,
                                        is_unique boolean, table_schema text, names_from text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    column_list text;
BEGIN
    SELECT string_agg(quote_ident(c), ', ' ORDER BY position) INTO column_list
    FROM unnest(columns) WITH ORDINALITY AS k (c, position);
    -- Undone at the function's end, which has a SET of its own.
    PERFORM set_config('search_path', format('%I, pg_temp', names_from), true);
    -- The predicate is SQL by nature: the script's own, run with the script's own rights.
    EXECUTE format('CREATE %sINDEX %I ON %I.%I (%s)', CASE WHEN is_unique THEN 'UNIQUE ' END,
                   name, table_schema, table_name, column_list)
            || coalesce(' WHERE (' || predicate || ')', '');
END
$$;
COMMENT ON FUNCTION mad_migrate.build_index(text, text, text[], text, boolean, text, text) IS
    'Internal: creates an index; names in its predicate are looked up in schema names_from';

CREATE FUNCTION mad_migrate.index_shape(index_id regclass) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- An operator class implies its access method.
    SELECT ARRAY[i.indisunique::text, i.indnullsnotdistinct::text, i.indnkeyatts::text, i.indoption::text,
                 i.indclass::text, i.indcollation::text, pg_get_expr(i.indpred, i.indrelid)]
           || ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(1, i.indnatts) AS k)
    FROM pg_index i WHERE i.indexrelid = index_id
$$;
COMMENT ON FUNCTION mad_migrate.index_shape(regclass) IS
    'Internal: all that makes an index what it is except its name and table, to be compared with another''s';

CREATE FUNCTION mad_migrate.wanted_index_shape(table_name text, columns text[], predicate text, is_unique boolean,
                                               schema text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    shape text[];
BEGIN
    -- An empty table of the same name, because a predicate may name its table.
    EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE %I.%I)', table_name, schema, table_name);
    PERFORM mad_migrate.build_index('mad_migrate_wanted_index', table_name, columns, predicate, is_unique,
                                    'pg_temp', schema);
    shape := mad_migrate.index_shape('pg_temp.mad_migrate_wanted_index');
    EXECUTE format('DROP TABLE pg_temp.%I', table_name);
    RETURN shape;
END
$$;
COMMENT ON FUNCTION mad_migrate.wanted_index_shape(text, text[], text, boolean, text) IS
    'Internal: the shape an index would have; the server itself says it, by building one on an empty twin of the table';

CREATE FUNCTION mad_migrate.ensure_index(name text, table_name text, columns text[], predicate text,
                                         is_unique boolean, schema text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    index_id CONSTANT regclass := to_regclass(format('%I.%I', schema, name));
    existing pg_index;
BEGIN
    IF coalesce(cardinality(columns), 0) = 0 OR array_position(columns, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('index "%s.%s" needs the names of its columns', schema, name),
            DETAIL = format('Given is %s.', coalesce(columns::text, 'NULL')),
            HINT = 'Give one name at least, and no null.';
    END IF;
    IF index_id IS NULL THEN
        PERFORM mad_migrate.build_index(name, table_name, columns, predicate, is_unique, schema, schema);
        RETURN;
    END IF;
    SELECT * INTO existing FROM pg_index WHERE indexrelid = index_id;
    IF existing.indrelid IS DISTINCT FROM table_id THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_table',
            MESSAGE = format('relation "%s.%s" already exists', schema, name),
            DETAIL = CASE WHEN existing.indrelid IS NULL THEN 'It is not an index.'
                          ELSE format('It is an index of table %s.', existing.indrelid::regclass) END,
            HINT = 'Choose another name for the index.';
    END IF;
    IF NOT existing.indisvalid THEN
        EXECUTE format('DROP INDEX %I.%I', schema, name);
        PERFORM mad_migrate.build_index(name, table_name, columns, predicate, is_unique, schema, schema);
    ELSIF mad_migrate.index_shape(index_id)
          <> mad_migrate.wanted_index_shape(table_name, columns, predicate, is_unique, schema) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_table',
            MESSAGE = format('index "%s.%s" already exists with another definition', schema, name),
            DETAIL = format('It is %s.', pg_get_indexdef(index_id)),
            HINT = 'Drop or rename that index, or choose another name.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.ensure_index(text, text, text[], text, boolean, text) IS
    'Internal: what create_index_if_not_exists and create_partial_index have in common';

CREATE FUNCTION mad_migrate.create_index_if_not_exists(name text, table_name text, columns text[],
                                                       is_unique boolean DEFAULT false,
                                                       schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mad_migrate.ensure_index(name, table_name, columns, NULL, is_unique, schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.create_index_if_not_exists(text, text, text[], boolean, text) IS
    'Creates a B-tree index on columns. An INVALID index of that name, left by a failed CREATE INDEX '
    'CONCURRENTLY, is dropped and built again.';

CREATE FUNCTION mad_migrate.create_partial_index(name text, table_name text, columns text[], predicate text,
                                                 is_unique boolean DEFAULT false, schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF predicate IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('predicate of index "%s.%s" must not be null', schema, name),
            DETAIL = 'A partial index covers the rows its predicate is true for.',
            HINT = 'For all rows, call mad_migrate.create_index_if_not_exists().';
    END IF;
    PERFORM mad_migrate.ensure_index(name, table_name, columns, predicate, is_unique, schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.create_partial_index(text, text, text[], text, boolean, text) IS
    'As create_index_if_not_exists, for the rows that meet a predicate: an SQL expression, whose names are '
    'looked up in the table''s schema';

-------------------------------------------------------------------------------------------------
-- 9  Helpers for scripts: keys
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.add_uuid_primary_key(table_name text, column_name text DEFAULT 'id',
                                                 schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    wanted_key CONSTANT text := format('PRIMARY KEY (%I)', column_name);
    key_name name;
    key text;
BEGIN
    SELECT c.conname, pg_get_constraintdef(c.oid) INTO key_name, key
    FROM pg_constraint c WHERE c.conrelid = table_id AND c.contype = 'p';
    IF key <> wanted_key THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_table_definition',
            MESSAGE = format('table "%s.%s" already has another primary key', schema, table_name),
            DETAIL = format('Constraint "%s" is %s.', key_name, key),
            HINT = 'Drop that constraint first.';
    END IF;
    PERFORM mad_migrate.add_column_if_absent(table_name, column_name, 'uuid NOT NULL DEFAULT gen_random_uuid()',
                                             schema);
    IF key IS NULL THEN
        EXECUTE format('ALTER TABLE %I.%I ADD PRIMARY KEY (%I)', schema, table_name, column_name);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.add_uuid_primary_key(text, text, text) IS
    'Adds a column uuid DEFAULT gen_random_uuid() that is the table''s primary key';

CREATE FUNCTION mad_migrate.add_foreign_key_with_index(table_name text, column_name text, referenced_table text,
                                                       referenced_column text DEFAULT 'id',
                                                       on_delete text DEFAULT 'NO ACTION',
                                                       name text DEFAULT NULL, schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    referenced_id CONSTANT regclass := mad_migrate.find_table(referenced_table, schema);
    constraint_name CONSTANT name := coalesce(name, format('fk_%s_%s', table_name, column_name));
    index_name CONSTANT name := format('idx_%s_%s', table_name, column_name);
    wanted text := format('FOREIGN KEY (%I) REFERENCES %I.%I(%I)',
                          column_name, schema, referenced_table, referenced_column);
    existing text;
BEGIN
    CASE upper(on_delete)
        WHEN 'NO ACTION' THEN NULL;
        WHEN 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT' THEN
            wanted := wanted || ' ON DELETE ' || upper(on_delete);
        ELSE
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('invalid on_delete "%s"', on_delete),
                DETAIL = format('It was given for the foreign key from "%s" to "%s".', table_name, referenced_table),
                HINT = 'Give NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT.';
    END CASE;

    SELECT pg_get_constraintdef(c.oid) INTO existing
    FROM pg_constraint c WHERE c.conrelid = table_id AND c.conname = constraint_name;
    IF existing IS NULL THEN
        EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I ', schema, table_name, constraint_name) || wanted;
    ELSIF existing <> wanted THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('constraint "%s" of table "%s.%s" already exists with another definition',
                             constraint_name, schema, table_name),
            DETAIL = format('It is %s; wanted is %s.', existing, wanted),
            HINT = 'Drop that constraint first, or choose another name.';
    END IF;
    PERFORM mad_migrate.create_index_if_not_exists(index_name, table_name, ARRAY[column_name], schema => schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.add_foreign_key_with_index(text, text, text, text, text, text, text) IS
    'Adds a foreign key to a table of the same schema, fk_<table>_<column> unless named, and index '
    'idx_<table>_<column>, without which each DELETE there would scan the table here';

-------------------------------------------------------------------------------------------------
-- 10  Privileges
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.grant_helpers(grantee text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA mad_migrate TO %I', grantee);
    EXECUTE format('GRANT EXECUTE ON FUNCTION'
                   ' mad_migrate.add_audit_columns, mad_migrate.create_updated_at_trigger,'
                   ' mad_migrate.drop_updated_at_function, mad_migrate.create_enum_type,'
                   ' mad_migrate.drop_enum_type, mad_migrate.add_enum_value,'
                   ' mad_migrate.create_index_if_not_exists, mad_migrate.create_partial_index,'
                   ' mad_migrate.add_uuid_primary_key, mad_migrate.add_foreign_key_with_index TO %I', grantee);
    -- What these call runs with the same rights.
    EXECUTE format('GRANT EXECUTE ON FUNCTION'
                   ' mad_migrate.find_table, mad_migrate.describe_column, mad_migrate.add_column_if_absent,'
                   ' mad_migrate.find_enum_type, mad_migrate.enum_values, mad_migrate.build_index,'
                   ' mad_migrate.index_shape, mad_migrate.wanted_index_shape, mad_migrate.ensure_index TO %I', grantee);
END
$$;
COMMENT ON FUNCTION mad_migrate.grant_helpers(text) IS
    'Allows a role that runs scripts to call the helpers for scripts, and nothing else of this schema';

REVOKE ALL ON SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA mad_migrate FROM PUBLIC;
