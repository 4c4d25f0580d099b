-- Helpers for scripts: enum types with other values, which the server has no statement for.
--
-- A second type takes the place of the first. What the server cannot carry over by itself, because
-- it has values of the type in it, is dropped before and made again from its definition.

CREATE FUNCTION mad_migrate.enum_columns(type_id regtype)
RETURNS TABLE (table_id regclass, column_number smallint, column_name name, is_array boolean, is_inherited boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.oid, a.attnum, a.attname, a.atttypid <> type_id, a.attinhcount > 0
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.atttypid IN (type_id, (SELECT typarray FROM pg_type WHERE oid = type_id))
      AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
    ORDER BY a.attinhcount, c.oid::regclass::text, a.attnum
$$;
COMMENT ON FUNCTION mad_migrate.enum_columns(regtype) IS
    'Internal: the columns of tables that hold values of an enum type or arrays of them, parents first';

CREATE FUNCTION mad_migrate.enum_dependents(type_id regtype)
RETURNS TABLE (create_sql text, drop_sql text, description text, rank int)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH enum_column AS (SELECT * FROM mad_migrate.enum_columns(type_id)),
    dependent AS (
        SELECT d.classid, d.objid, d.objsubid FROM pg_depend d
        WHERE d.refclassid = 'pg_type'::regclass
          AND d.refobjid IN (type_id, (SELECT typarray FROM pg_type WHERE oid = type_id))
          AND NOT (d.classid = 'pg_type'::regclass AND d.deptype = 'i')
          AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (
              SELECT FROM enum_column e WHERE e.table_id = d.objid AND e.column_number = d.objsubid))
        UNION
        -- The server carries over what depends on a column alone, except for these.
        SELECT d.classid, d.objid, d.objsubid
        FROM pg_depend d JOIN enum_column e ON e.table_id = d.refobjid AND e.column_number = d.refobjsubid
        LEFT JOIN pg_constraint f
          ON d.classid = 'pg_constraint'::regclass AND f.oid = d.objid AND f.contype = 'f'
        WHERE d.refclassid = 'pg_class'::regclass
          AND (d.classid NOT IN ('pg_class'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass,
                                 'pg_statistic_ext'::regclass)
               OR f.oid IS NOT NULL
               OR d.classid = 'pg_class'::regclass AND d.objid = e.table_id AND d.objsubid = 0)
    )
    -- A default, which may also be of a column that the type is not that of.
    SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s',
                  ad.adrelid::regclass, a.attname, pg_get_expr(ad.adbin, ad.adrelid)),
           format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', ad.adrelid::regclass, a.attname),
           NULL, a.attinhcount
    FROM pg_attrdef ad JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
    WHERE a.attgenerated = ''
      AND (ad.oid IN (SELECT objid FROM dependent WHERE classid = 'pg_attrdef'::regclass)
           OR (ad.adrelid, ad.adnum) IN (SELECT e.table_id::oid, e.column_number FROM enum_column e))
    UNION ALL
    SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname,
                  pg_get_constraintdef(c.oid)),
           format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname), NULL, 100
    FROM pg_constraint c JOIN dependent d ON d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
    WHERE c.contype = 'c' AND c.conrelid <> 0 AND c.coninhcount = 0
    UNION ALL
    SELECT concat_ws('; ', pg_get_indexdef(i.indexrelid),
                     format('COMMENT ON INDEX %s IS %L', i.indexrelid::regclass,
                            obj_description(i.indexrelid, 'pg_class'))),
           format('DROP INDEX %s', i.indexrelid::regclass), NULL, 101
    FROM pg_index i JOIN dependent d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
      AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
    UNION ALL
    SELECT NULL, NULL, pg_describe_object(d.classid, d.objid, d.objsubid), 102
    FROM dependent d
    LEFT JOIN pg_attrdef ad ON d.classid = 'pg_attrdef'::regclass AND ad.oid = d.objid
    LEFT JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
    LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
    LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
    WHERE a.attgenerated IS DISTINCT FROM ''
      AND (c.oid IS NULL OR c.contype <> 'c' OR c.conrelid = 0)
      AND (i.indexrelid IS NULL OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid))
$$;
COMMENT ON FUNCTION mad_migrate.enum_dependents(regtype) IS
    'Internal: what must be dropped before the columns of an enum type change theirs and made again after it, '
    'and, as a description, what keeps them from being changed';

CREATE FUNCTION mad_migrate.refuse_enum_dependents(type_id regtype, name text, schema text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    obstacles CONSTANT text := (
        SELECT string_agg(DISTINCT d.description, ', ' ORDER BY d.description)
        FROM mad_migrate.enum_dependents(type_id) AS d WHERE d.description IS NOT NULL);
BEGIN
    IF obstacles IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = format('enum type "%s.%s" cannot be replaced because other objects depend on it', schema, name),
            DETAIL = format('They are: %s.', obstacles),
            HINT = 'Drop them before the call and create them again after it.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.refuse_enum_dependents(regtype, text, text) IS
    'Internal: an error where views, functions and the like would have to be made anew';

CREATE FUNCTION mad_migrate.replace_labels(labels text[], replacements jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN labels IS NOT NULL THEN
        ARRAY(SELECT coalesce(replacements ->> l, l) FROM unnest(labels) WITH ORDINALITY AS u (l, position)
              ORDER BY position) END
$$;
COMMENT ON FUNCTION mad_migrate.replace_labels(text[], jsonb) IS
    'Internal: an array of values of an enum type, some of them replaced';

CREATE FUNCTION mad_migrate.change_enum_columns(old_type regtype, new_type regtype, replacements jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT c.table_id,
               string_agg(CASE WHEN c.is_array THEN
                   format('ALTER COLUMN %1$I TYPE %2$s[] USING mad_migrate.replace_labels(%1$I::text[], %3$L)::%2$s[]',
                          c.column_name, new_type, replacements)
               ELSE
                   format('ALTER COLUMN %1$I TYPE %2$s USING coalesce(%3$L::jsonb ->> %1$I::text, %1$I::text)::%2$s',
                          c.column_name, new_type, replacements)
               END, ', ' ORDER BY c.column_number) AS commands
        FROM mad_migrate.enum_columns(old_type) AS c WHERE NOT c.is_inherited
        GROUP BY c.table_id ORDER BY c.table_id
    LOOP
        BEGIN
            EXECUTE format('ALTER TABLE %s ', changed.table_id) || changed.commands;
        EXCEPTION
            WHEN invalid_text_representation THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'invalid_text_representation',
                    MESSAGE = format('table "%s" has rows with a value that is to be removed',
                                     mad_migrate.name_of_table(changed.table_id)),
                    DETAIL = format('The server says: %s.', SQLERRM),
                    HINT = 'Say what to put in its place with replacements => ''{"removed": "other"}'', or change'
                           ' the rows first.';
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mad_migrate.change_enum_columns(regtype, regtype, jsonb) IS
    'Internal: has all columns of one enum type take another, one rewrite for each table';

CREATE FUNCTION mad_migrate.copy_type_properties(old_type regtype, new_type regtype) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    original pg_type;
    granted record;
BEGIN
    SELECT * INTO original FROM pg_type WHERE oid = old_type;
    EXECUTE format('COMMENT ON TYPE %s IS %L', new_type, obj_description(old_type, 'pg_type'));
    IF original.typacl IS NOT NULL THEN
        EXECUTE format('REVOKE ALL ON TYPE %s FROM PUBLIC', new_type);
        FOR granted IN SELECT * FROM aclexplode(original.typacl) LOOP
            EXECUTE format('GRANT USAGE ON TYPE %s TO %s', new_type,
                           CASE granted.grantee WHEN 0 THEN 'PUBLIC'
                                ELSE quote_ident(pg_get_userbyid(granted.grantee)) END)
                    || CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END;
        END LOOP;
    END IF;
    IF pg_get_userbyid(original.typowner) <> current_user THEN
        EXECUTE format('ALTER TYPE %s OWNER TO %I', new_type, pg_get_userbyid(original.typowner));
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.copy_type_properties(regtype, regtype) IS
    'Internal: owner, privileges and comment of a type for the one that takes its place';

CREATE FUNCTION mad_migrate.replace_default_label(create_sql text, type_id regtype, replacements jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Only where the default is one plain value.
    SELECT coalesce((
        SELECT left(create_sql, -length(plain)) || quote_literal(r.value) || '::' || type_id
        FROM jsonb_each_text(replacements) AS r,
             LATERAL (VALUES (quote_literal(r.key) || '::' || type_id)) AS p (plain)
        WHERE right(create_sql, length(plain) + 13) = ' SET DEFAULT ' || plain), create_sql)
$$;
COMMENT ON FUNCTION mad_migrate.replace_default_label(text, regtype, jsonb) IS
    'Internal: a statement that sets a default, with another value where that one is replaced';

CREATE FUNCTION mad_migrate.remake_enum_dependent(create_sql text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE create_sql;
EXCEPTION
    WHEN invalid_text_representation OR datatype_mismatch THEN
        RAISE EXCEPTION USING
            ERRCODE = SQLSTATE,
            MESSAGE = 'a default, constraint or index uses a value that is to be removed',
            DETAIL = format('The server says: %s, of %s.', SQLERRM, create_sql),
            HINT = 'Change or drop it before the call.';
END
$$;
COMMENT ON FUNCTION mad_migrate.remake_enum_dependent(text) IS
    'Internal: makes again what depends on an enum type';

CREATE FUNCTION mad_migrate.replace_enum_type(name text, "values" text[], schema text DEFAULT 'public',
                                              replacements jsonb DEFAULT '{}')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old_type CONSTANT regtype := mad_migrate.require_enum_type(name, schema);
    wanted_list CONSTANT text := mad_migrate.list_enum_values("values", name, schema);
    aside CONSTANT text := 'replaced_' || name;
    unknown CONSTANT text := (SELECT min(r.value) FROM jsonb_each_text(replacements) AS r
                              WHERE r.value <> ALL ("values"));
    new_type regtype;
    dependents text[];
    drops text[];
    command text;
BEGIN
    IF mad_migrate.enum_values(old_type) = "values" THEN
        RETURN;
    END IF;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('replacement "%s" is none of the values of enum type "%s.%s"', unknown, schema, name),
            DETAIL = format('They are to be %s.', wanted_list),
            HINT = 'Name one of these.';
    END IF;
    PERFORM mad_migrate.refuse_enum_dependents(old_type, name, schema);
    SELECT array_agg(mad_migrate.replace_default_label(d.create_sql, old_type, coalesce(replacements, '{}'))
                     ORDER BY d.rank, d.create_sql),
           array_agg(d.drop_sql ORDER BY d.rank DESC, d.drop_sql)
    INTO dependents, drops
    FROM mad_migrate.enum_dependents(old_type) AS d;

    FOREACH command IN ARRAY coalesce(drops, '{}') LOOP
        EXECUTE command;
    END LOOP;
    EXECUTE format('ALTER TYPE %s RENAME TO %I', old_type, aside);
    EXECUTE format('CREATE TYPE %I.%I AS ENUM (%s)', schema, name, wanted_list);
    new_type := format('%I.%I', schema, name)::regtype;
    PERFORM mad_migrate.change_enum_columns(old_type, new_type, coalesce(replacements, '{}'));
    PERFORM mad_migrate.copy_type_properties(old_type, new_type);
    FOREACH command IN ARRAY coalesce(dependents, '{}') LOOP
        PERFORM mad_migrate.remake_enum_dependent(command);
    END LOOP;
    EXECUTE format('DROP TYPE %s', old_type);
END
$$;
COMMENT ON FUNCTION mad_migrate.replace_enum_type(text, text[], text, jsonb) IS
    'Gives an enum type exactly these values in this order; replacements says what becomes of removed ones. '
    'Tables with columns of the type are rewritten, while nobody else can use them; defaults, checks and indexes '
    'are carried over. The new values can be used at once.';

CREATE FUNCTION mad_migrate.drop_enum_value(name text, value text, replacement text DEFAULT NULL,
                                            schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type_id CONSTANT regtype := mad_migrate.find_enum_type(name, schema);
    existing CONSTANT text[] := mad_migrate.enum_values(type_id);
BEGIN
    IF value = ANY (existing) THEN
        PERFORM mad_migrate.replace_enum_type(
            name, array_remove(existing, value), schema,
            CASE WHEN replacement IS NULL THEN '{}' ELSE jsonb_build_object(value, replacement) END);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.drop_enum_value(text, text, text, text) IS
    'Undoes add_enum_value, by replace_enum_type; rows that hold the value get the replacement';
