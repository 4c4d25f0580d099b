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

CREATE FUNCTION mad_migrate.drop_uuid_primary_key(table_name text, column_name text DEFAULT 'id',
                                                  schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    existing CONSTANT text := mad_migrate.describe_column(table_id, column_name);
BEGIN
    IF existing <> 'uuid NOT NULL DEFAULT gen_random_uuid()'
       OR existing IS NOT NULL AND NOT EXISTS (
           SELECT FROM pg_constraint c
           WHERE c.conrelid = table_id AND c.contype = 'p'
             AND pg_get_constraintdef(c.oid) = format('PRIMARY KEY (%I)', column_name)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_table_definition',
            MESSAGE = format('column "%s" of table "%s.%s" is not what add_uuid_primary_key makes',
                             column_name, schema, table_name),
            DETAIL = format('It is %s.', existing),
            HINT = 'Drop it with ALTER TABLE if that is meant.';
    END IF;
    EXECUTE format('ALTER TABLE %I.%I DROP COLUMN IF EXISTS %I', schema, table_name, column_name);
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_uuid_primary_key(text, text, text) IS
    'Undoes add_uuid_primary_key: drops the column, and nothing that refers to it';

CREATE FUNCTION mad_migrate.delete_action(ondelete text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CASE upper(ondelete)
        WHEN 'NO ACTION' THEN RETURN '';
        WHEN 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT' THEN RETURN ' ON DELETE ' || upper(ondelete);
        ELSE
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('invalid ondelete "%s"', ondelete),
                DETAIL = 'It says what becomes of a row when the row it refers to is deleted.',
                HINT = 'Give NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT.';
    END CASE;
END
$$;
COMMENT ON FUNCTION mad_migrate.delete_action(text) IS
    'Internal: the clause of a foreign key, as the server writes it';

CREATE FUNCTION mad_migrate.ensure_foreign_key(table_id regclass, constraint_name name, wanted text, validate boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    existing text;
    validated boolean;
BEGIN
    SELECT pg_get_constraintdef(c.oid), c.convalidated INTO existing, validated
    FROM pg_constraint c WHERE c.conrelid = table_id AND c.conname = constraint_name;
    IF existing IS NULL THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', table_id, constraint_name, wanted)
                || CASE WHEN NOT validate THEN ' NOT VALID' ELSE '' END;
    ELSIF existing <> (wanted || CASE WHEN NOT validated THEN ' NOT VALID' ELSE '' END) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('constraint "%s" of table "%s" already exists with another definition',
                             constraint_name, mad_migrate.name_of_table(table_id)),
            DETAIL = format('It is %s; wanted is %s.', existing, wanted),
            HINT = 'Drop that constraint first, or choose another name.';
    ELSIF validate AND NOT validated THEN
        EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', table_id, constraint_name);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.ensure_foreign_key(regclass, name, text, boolean) IS
    'Internal: the constraint of that name, added or validated where that is wanted and not done yet';

CREATE FUNCTION mad_migrate.add_foreign_key_with_index(table_name text, column_name text, referenced_table text,
                                                       referenced_column text DEFAULT 'id',
                                                       ondelete text DEFAULT 'NO ACTION',
                                                       name text DEFAULT NULL, schema text DEFAULT 'public',
                                                       referenced_schema text DEFAULT NULL,
                                                       validate boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    other_schema CONSTANT text := coalesce(referenced_schema, schema);
    referenced_id CONSTANT regclass := mad_migrate.find_table(referenced_table, other_schema);
    constraint_name CONSTANT name := coalesce(name, format('fk_%s_%s', table_name, column_name));
    index_name CONSTANT name := format('idx_%s_%s', table_name, column_name);
BEGIN
    PERFORM mad_migrate.ensure_foreign_key(
        table_id, constraint_name,
        format('FOREIGN KEY (%I) REFERENCES %s(%I)%s', column_name, referenced_id, referenced_column,
               mad_migrate.delete_action(ondelete)),
        validate);
    PERFORM mad_migrate.create_index_if_not_exists(index_name, table_name, ARRAY[column_name], schema => schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.add_foreign_key_with_index(text, text, text, text, text, text, text, text, boolean) IS
    'Adds a foreign key, fk_<table>_<column> unless named, and index idx_<table>_<column>, without which each '
    'DELETE there would scan the table here. With validate => false the rows there are not looked at yet, and '
    'a later call does it, while both tables are written to.';

CREATE FUNCTION mad_migrate.drop_foreign_key_with_index(table_name text, column_name text, name text DEFAULT NULL,
                                                        schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    constraint_name CONSTANT name := coalesce(name, format('fk_%s_%s', table_name, column_name));
    index_name CONSTANT name := format('idx_%s_%s', table_name, column_name);
BEGIN
    IF EXISTS (SELECT FROM pg_constraint c
               WHERE c.conrelid = table_id AND c.conname = constraint_name AND c.contype <> 'f') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('constraint "%s" of table "%s.%s" is not a foreign key', constraint_name, schema,
                             table_name),
            HINT = 'Give the name that add_foreign_key_with_index was given.';
    END IF;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', table_id, constraint_name);
    IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = table_id
                 AND i.indexrelid = to_regclass(format('%I.%I', schema, index_name))) THEN
        EXECUTE format('DROP INDEX %I.%I', schema, index_name);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_foreign_key_with_index(text, text, text, text) IS
    'Undoes add_foreign_key_with_index';
