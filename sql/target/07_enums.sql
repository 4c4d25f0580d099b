-- Helpers for scripts: enum types.

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

CREATE FUNCTION mad_migrate.require_enum_type(name text, schema text) RETURNS regtype
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type_id CONSTANT regtype := mad_migrate.find_enum_type(name, schema);
BEGIN
    IF type_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('enum type "%s.%s" does not exist', schema, name),
            DETAIL = 'Its values were to be changed.',
            HINT = 'Create it with mad_migrate.create_enum_type().';
    END IF;
    RETURN type_id;
END
$$;
COMMENT ON FUNCTION mad_migrate.require_enum_type(text, text) IS
    'Internal: the enum type of that name, which must exist';

CREATE FUNCTION mad_migrate.enum_values(type_id regtype) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = type_id ORDER BY e.enumsortorder)
$$;
COMMENT ON FUNCTION mad_migrate.enum_values(regtype) IS 'Internal: the values of an enum type, in its order';

CREATE FUNCTION mad_migrate.list_enum_values("values" text[], name text, schema text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF "values" IS NULL OR array_position("values", NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('values of enum type "%s.%s" must not be null', schema, name),
            DETAIL = format('Given is %s.', coalesce("values"::text, 'NULL')),
            HINT = 'Leave the null out.';
    END IF;
    IF cardinality("values") > (SELECT count(DISTINCT v) FROM unnest("values") AS v) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('values of enum type "%s.%s" must be different', schema, name),
            DETAIL = format('Given is %s.', "values"),
            HINT = 'Leave the second one out.';
    END IF;
    RETURN coalesce((SELECT string_agg(quote_literal(v), ', ' ORDER BY position)
                     FROM unnest("values") WITH ORDINALITY AS w (v, position)), '');
END
$$;
COMMENT ON FUNCTION mad_migrate.list_enum_values(text[], text, text) IS
    'Internal: values as SQL lists them, which must be different and not null';

CREATE FUNCTION mad_migrate.create_enum_type(name text, "values" text[], schema text DEFAULT 'public') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted CONSTANT text[] := "values";
    type_id CONSTANT regtype := mad_migrate.find_enum_type(name, schema);
    existing CONSTANT text[] := mad_migrate.enum_values(type_id);
    wanted_list CONSTANT text := mad_migrate.list_enum_values(wanted, name, schema);
BEGIN
    IF type_id IS NULL THEN
        EXECUTE format('CREATE TYPE %I.%I AS ENUM (%s)', schema, name, wanted_list);
    ELSIF existing <> wanted THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('enum type "%s.%s" already exists with other values', schema, name),
            DETAIL = format('It has (%s); wanted is (%s).',
                            mad_migrate.list_enum_values(existing, name, schema), wanted_list),
            HINT = 'Add a value with mad_migrate.add_enum_value(), change them with'
                   ' mad_migrate.replace_enum_type(), or choose another name.';
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
    type_id CONSTANT regtype := mad_migrate.require_enum_type(name, schema);
    existing CONSTANT text[] := mad_migrate.enum_values(type_id);
    neighbour CONSTANT text := coalesce(before, after);
    place int;
BEGIN
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
            HINT = 'Change the order with mad_migrate.replace_enum_type(), or leave before and after out to accept it.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.add_enum_value(text, text, text, text, text) IS
    'Adds a value to an enum type, before or after another or at its end. It can be used from the next '
    'transaction on; a script that adds and uses it is recognized and run statement by statement.';
