-- Helpers for scripts: tables and columns.
--
-- Every helper names the schema it works in, quotes every name, does nothing when what it makes is
-- there already, and fails when something else is there under that name.

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

CREATE FUNCTION mad_migrate.name_of_table(table_id regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('%s.%s', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = table_id
$$;
COMMENT ON FUNCTION mad_migrate.name_of_table(regclass) IS 'Internal: a table''s name as messages give it';

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

CREATE FUNCTION mad_migrate.drop_audit_columns(table_name text, schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s DROP COLUMN IF EXISTS created_at, DROP COLUMN IF EXISTS updated_at,'
                   ' DROP COLUMN IF EXISTS created_by, DROP COLUMN IF EXISTS updated_by',
                   mad_migrate.find_table(table_name, schema));
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_audit_columns(text, text) IS 'Undoes add_audit_columns';

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

CREATE FUNCTION mad_migrate.drop_updated_at_trigger(table_name text, schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    trigger_name CONSTANT name := 'update_' || table_name || '_updated_at';
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', trigger_name, mad_migrate.find_table(table_name, schema));
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_updated_at_trigger(text, text) IS
    'Undoes create_updated_at_trigger, except for the function, which other tables may share';

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
