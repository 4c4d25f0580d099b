-- Helpers for scripts: indexes.

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
    index_id CONSTANT regclass := to_regclass(format('%I.%I', schema, name));
    table_id regclass := to_regclass(format('%I.%I', schema, table_name));
    existing pg_index;
BEGIN
    IF table_id IS NULL OR index_id IS NOT NULL THEN
        table_id := mad_migrate.find_table(table_name, schema);
    END IF;
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
                                                       "unique" boolean DEFAULT false,
                                                       schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mad_migrate.ensure_index(name, table_name, columns, NULL, "unique", schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.create_index_if_not_exists(text, text, text[], boolean, text) IS
    'Creates a B-tree index on columns. An INVALID index of that name, left by a failed CREATE INDEX '
    'CONCURRENTLY, is dropped and built again.';

CREATE FUNCTION mad_migrate.create_partial_index(name text, table_name text, columns text[], "where" text,
                                                 "unique" boolean DEFAULT false, schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF "where" IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('predicate of index "%s.%s" must not be null', schema, name),
            DETAIL = 'A partial index covers the rows its predicate is true for.',
            HINT = 'For all rows, call mad_migrate.create_index_if_not_exists().';
    END IF;
    PERFORM mad_migrate.ensure_index(name, table_name, columns, "where", "unique", schema);
END
$$;
COMMENT ON FUNCTION mad_migrate.create_partial_index(text, text, text[], text, boolean, text) IS
    'As create_index_if_not_exists, for the rows that meet where: an SQL expression, whose names are looked '
    'up in the table''s schema';
