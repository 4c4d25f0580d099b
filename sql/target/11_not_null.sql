-- Helpers for scripts: NOT NULL for a column of a table that is in use.

CREATE FUNCTION mad_migrate.not_null_check_name(table_name text, column_name text) RETURNS name
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('%s_%s_not_null', table_name, column_name)::name
$$;
COMMENT ON FUNCTION mad_migrate.not_null_check_name(text, text) IS
    'Internal: the constraint that stands in for NOT NULL while set_not_null_online is at it';

CREATE FUNCTION mad_migrate.begin_not_null(table_name text, column_name text, schema text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    check_name CONSTANT name := mad_migrate.not_null_check_name(table_name, column_name);
    wanted CONSTANT text := format('CHECK ((%I IS NOT NULL))', column_name);
    existing text;
    is_set boolean;
BEGIN
    SELECT a.attnotnull INTO is_set FROM pg_attribute a
    WHERE a.attrelid = table_id AND a.attname = column_name::name AND a.attnum > 0 AND NOT a.attisdropped;
    IF is_set IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('column "%s" of table "%s.%s" does not exist', column_name, schema, table_name),
            HINT = 'Add the column first.';
    END IF;
    IF is_set THEN
        RETURN false;
    END IF;
    SELECT pg_get_constraintdef(c.oid) INTO existing
    FROM pg_constraint c WHERE c.conrelid = table_id AND c.conname = check_name;
    IF existing IS NULL THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', table_id, check_name, wanted);
    ELSIF existing NOT IN (wanted, wanted || ' NOT VALID') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('constraint "%s" of table "%s.%s" already exists with another definition',
                             check_name, schema, table_name),
            DETAIL = format('It is %s; wanted is %s.', existing, wanted),
            HINT = 'Drop or rename that constraint first.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_not_null(text, text, text) IS
    'Internal: has a CHECK refuse new nulls without looking at the rows there; false where NOT NULL is set';

CREATE FUNCTION mad_migrate.validate_not_null(table_name text, column_name text, schema text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', schema, table_name,
                   mad_migrate.not_null_check_name(table_name, column_name));
EXCEPTION
    WHEN check_violation THEN
        RAISE EXCEPTION USING
            ERRCODE = 'not_null_violation',
            MESSAGE = format('column "%s" of table "%s.%s" contains null values', column_name, schema, table_name),
            DETAIL = format('Constraint "%s", which refuses further ones, stays.',
                            mad_migrate.not_null_check_name(table_name, column_name)),
            HINT = format('Fill them with CALL mad_migrate.backfill(%L, %L, %L, schema => %L), then run the call'
                          ' again.', table_name, format('%I = ...', column_name),
                          format('%I IS NULL', column_name), schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.validate_not_null(text, text, text) IS
    'Internal: looks at the rows there, under a lock that lets everybody read and write';

CREATE FUNCTION mad_migrate.finish_not_null(table_name text, column_name text, schema text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The server sees that the CHECK is valid, and does not look at the rows again.
    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET NOT NULL', schema, table_name, column_name);
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT %I', schema, table_name,
                   mad_migrate.not_null_check_name(table_name, column_name));
END
$$;
COMMENT ON FUNCTION mad_migrate.finish_not_null(text, text, text) IS
    'Internal: NOT NULL in place of the CHECK that has been validated';

-- A procedure that commits can have no setting of its own; hence names with their schema only.
CREATE PROCEDURE mad_migrate.set_not_null_online(table_name pg_catalog.text, column_name pg_catalog.text,
                                                 schema pg_catalog.text DEFAULT 'public')
LANGUAGE plpgsql AS $$
BEGIN
    CALL mad_migrate.refuse_in_transaction('mad_migrate.set_not_null_online', 'It commits between its steps.');
    IF mad_migrate.begin_not_null(table_name, column_name, schema) THEN
        COMMIT;
        PERFORM mad_migrate.validate_not_null(table_name, column_name, schema);
        COMMIT;
        PERFORM mad_migrate.finish_not_null(table_name, column_name, schema);
    END IF;
END
$$;
COMMENT ON PROCEDURE mad_migrate.set_not_null_online(text, text, text) IS
    'Sets NOT NULL without shutting others out of the table while its rows are looked at; commits between the '
    'steps, and when called again goes on where it stopped';
