-- Helpers for scripts: keys.

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
