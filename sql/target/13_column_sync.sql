-- Helpers for scripts: two columns that are kept alike while programs move from one to the other.
--
-- Whichever of the two an INSERT or UPDATE gives is carried over to the other; the new one counts
-- where both are given. An INSERT that leaves the new one null is taken as not to know it.

CREATE FUNCTION mad_migrate.sync_trigger_name("old" text, "new" text) RETURNS name
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Triggers run in the order of their names: this one after those that change a column.
    SELECT format('zz_sync_%s_%s', "old", "new")::name
$$;
COMMENT ON FUNCTION mad_migrate.sync_trigger_name(text, text) IS
    'Internal: the trigger that keeps two columns alike';

CREATE FUNCTION mad_migrate.sync_function_name(table_name text, "old" text, "new" text) RETURNS name
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('sync_%s_%s_%s', table_name, "old", "new")::name
$$;
COMMENT ON FUNCTION mad_migrate.sync_function_name(text, text, text) IS
    'Internal: the function of the trigger that keeps two columns alike, in the table''s schema';

CREATE FUNCTION mad_migrate.find_column(table_id regclass, column_name text) RETURNS pg_attribute
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT a FROM pg_attribute a
    WHERE a.attrelid = table_id AND a.attname = column_name::name AND a.attnum > 0 AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION mad_migrate.find_column(regclass, text) IS 'Internal: a column; null when there is no such column';

CREATE FUNCTION mad_migrate.find_sync(table_id regclass, "old" text, "new" text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT obj_description(t.oid, 'pg_trigger')::jsonb FROM pg_trigger t
    WHERE t.tgrelid = table_id AND t.tgname = mad_migrate.sync_trigger_name("old", "new")
$$;
COMMENT ON FUNCTION mad_migrate.find_sync(regclass, text, text) IS
    'Internal: how two columns are kept alike, as the trigger''s comment says; null when they are not';

CREATE FUNCTION mad_migrate.refuse_sync(table_id regclass, "old" text, "new" text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source CONSTANT pg_attribute := mad_migrate.find_column(table_id, "old");
    title CONSTANT text := mad_migrate.name_of_table(table_id);
    other CONSTANT jsonb := (
        SELECT c.sync FROM pg_trigger t, LATERAL (VALUES (
            CASE WHEN starts_with(obj_description(t.oid, 'pg_trigger'), '{"') THEN
                obj_description(t.oid, 'pg_trigger')::jsonb END)) AS c (sync)
        WHERE t.tgrelid = table_id AND starts_with(t.tgname, 'zz_sync_')
          AND "old" IN (c.sync ->> 'old', c.sync ->> 'new')
        LIMIT 1);
BEGIN
    IF other IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('column "%s" of table "%s" is kept like another already', "old", title),
            DETAIL = format('Columns "%s" and "%s" are kept alike.', other ->> 'old', other ->> 'new'),
            HINT = 'Finish or cancel that first.';
    END IF;
    IF source.attname IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('column "%s" of table "%s" does not exist', "old", title),
            HINT = 'Name the column that is there.';
    END IF;
    IF (mad_migrate.find_column(table_id, "new")).attname IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_column',
            MESSAGE = format('column "%s" of table "%s" already exists', "new", title),
            DETAIL = format('It is not kept like column "%s".', "old"),
            HINT = 'Choose another name, or drop that column first.';
    END IF;
    IF source.attgenerated <> '' OR source.attidentity <> '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = format('column "%s" of table "%s" cannot be kept like another', "old", title),
            DETAIL = 'The server generates its values.',
            HINT = 'Change it in one step, with ALTER TABLE.';
    END IF;
    IF EXISTS (SELECT FROM pg_class c WHERE c.oid = table_id
                 AND (c.relkind NOT IN ('r', 'p')
                      OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid))) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('columns of "%s" cannot be kept alike', title),
            DETAIL = 'It is a foreign table, a materialized view or a parent whose children do not inherit triggers.',
            HINT = 'Name an ordinary or a partitioned table.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.refuse_sync(regclass, text, text) IS
    'Internal: the errors of a column for which no second one can be kept';

CREATE FUNCTION mad_migrate.create_sync_trigger(table_id regclass, table_name text, schema text, "old" text,
                                                "new" text, forward text, backward text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    function_name CONSTANT name := mad_migrate.sync_function_name(table_name, "old", "new");
    trigger_name CONSTANT name := mad_migrate.sync_trigger_name("old", "new");
BEGIN
    -- Bytes are compared, because not every type has an operator for it.
    EXECUTE format('CREATE FUNCTION %I.%I() RETURNS trigger LANGUAGE plpgsql SET search_path = %I, pg_temp AS %L',
                   schema, function_name, schema, format($body$
#variable_conflict use_column
BEGIN
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        IF NEW.%2$I IS NOT NULL THEN
            NEW.%1$I := (SELECT (%4$s
                ) FROM (SELECT NEW.*) AS given);
        ELSE
            NEW.%2$I := (SELECT (%3$s
                ) FROM (SELECT NEW.*) AS given);
        END IF;
    ELSIF ROW(NEW.%2$I)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(OLD.%2$I)::pg_catalog.record THEN
        NEW.%1$I := (SELECT (%4$s
            ) FROM (SELECT NEW.*) AS given);
    ELSIF NEW.%2$I IS NULL
          OR ROW(NEW.%1$I)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(OLD.%1$I)::pg_catalog.record THEN
        NEW.%2$I := (SELECT (%3$s
            ) FROM (SELECT NEW.*) AS given);
    END IF;
    RETURN NEW;
END
$body$, "old", "new", forward, backward));
    EXECUTE format('REVOKE ALL ON FUNCTION %I.%I() FROM PUBLIC', schema, function_name);
    EXECUTE format('COMMENT ON FUNCTION %I.%I() IS %L', schema, function_name,
                   format('Keeps columns "%s" and "%s" of table "%s" alike until one of them goes', "old", "new",
                          table_name));
    EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %I.%I()',
                   trigger_name, table_id, schema, function_name);
    EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', trigger_name, table_id,
                   jsonb_build_object('old', "old", 'new', "new", 'forward', forward, 'backward', backward));
END
$$;
COMMENT ON FUNCTION mad_migrate.create_sync_trigger(regclass, text, text, text, text, text, text) IS
    'Internal: the trigger that keeps two columns alike; forward and backward are expressions of the other one';

CREATE FUNCTION mad_migrate.unfilled_rows("old" text, "new" text, forward text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A comment at the expression's end must not swallow the rest.
    SELECT format('%I IS NULL AND (%s) IS NOT NULL', "new",
                  forward || CASE WHEN forward LIKE '%--%' THEN E'\n' ELSE '' END)
$$;
COMMENT ON FUNCTION mad_migrate.unfilled_rows(text, text, text) IS
    'Internal: the condition for rows of which the new column has not got its value yet';

CREATE FUNCTION mad_migrate.backfill_call(table_name text, schema text, "old" text, "new" text, forward text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('CALL mad_migrate.backfill(%L, %L, %L, schema => %L)', table_name,
                  format('%I = %s', "new", forward), mad_migrate.unfilled_rows("old", "new", forward), schema)
$$;
COMMENT ON FUNCTION mad_migrate.backfill_call(text, text, text, text, text) IS
    'Internal: what to say to fill the new column of a large table';

CREATE FUNCTION mad_migrate.begin_sync(table_name text, schema text, "old" text, "new" text, definition text,
                                       forward text, backward text, backfill boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    begun CONSTANT jsonb := mad_migrate.find_sync(table_id, "old", "new");
    wanted CONSTANT jsonb := jsonb_build_object('old', "old", 'new', "new", 'forward', forward, 'backward', backward);
BEGIN
    IF begun <> wanted THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('columns "%s" and "%s" of table "%s.%s" are kept alike in another way', "old", "new",
                             schema, table_name),
            DETAIL = format('They are so by %s; wanted is %s.', begun, wanted),
            HINT = 'Cancel that first.';
    END IF;
    IF begun IS NULL THEN
        PERFORM mad_migrate.refuse_sync(table_id, "old", "new");
        -- A type that is named by a caller is looked up in the table's schema.
        PERFORM set_config('search_path', format('%I, pg_temp', schema), true);
        EXECUTE pg_catalog.format('ALTER TABLE %I.%I ADD COLUMN %I %s', schema, table_name, "new", definition);
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        PERFORM mad_migrate.create_sync_trigger(table_id, table_name, schema, "old", "new", forward, backward);
    END IF;
    IF backfill THEN
        PERFORM set_config('search_path', format('%I, pg_temp', schema), true);
        EXECUTE pg_catalog.format(E'UPDATE %I.%I SET %I = %s\nWHERE %s', schema, table_name, "new", forward,
                                  mad_migrate.unfilled_rows("old", "new", forward));
    ELSE
        RAISE NOTICE 'column "%" is filled by %', "new",
            mad_migrate.backfill_call(table_name, schema, "old", "new", forward);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_sync(text, text, text, text, text, text, text, boolean) IS
    'Internal: adds a column, keeps it like another one, and fills it';

CREATE FUNCTION mad_migrate.end_sync(table_name text, schema text, "old" text, "new" text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TRIGGER %I ON %I.%I', mad_migrate.sync_trigger_name("old", "new"), schema, table_name);
    EXECUTE format('DROP FUNCTION %I.%I()', schema, mad_migrate.sync_function_name(table_name, "old", "new"));
END
$$;
COMMENT ON FUNCTION mad_migrate.end_sync(text, text, text, text) IS 'Internal: no longer keeps two columns alike';

CREATE FUNCTION mad_migrate.cancel_sync(table_name text, schema text, "old" text, "new" text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
BEGIN
    IF mad_migrate.find_sync(table_id, "old", "new") IS NOT NULL THEN
        PERFORM mad_migrate.end_sync(table_name, schema, "old", "new");
        EXECUTE format('ALTER TABLE %s DROP COLUMN %I', table_id, "new");
    ELSIF (mad_migrate.find_column(table_id, "old")).attname IS NULL
          OR (mad_migrate.find_column(table_id, "new")).attname IS NOT NULL THEN
        PERFORM mad_migrate.raise_no_sync(table_name, schema, "old", "new");
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.cancel_sync(text, text, text, text) IS
    'Internal: drops the new column again; harmless where that has been done';

CREATE FUNCTION mad_migrate.raise_no_sync(table_name text, schema text, "old" text, "new" text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('columns "%s" and "%s" of table "%s.%s" are not kept alike', "old", "new", schema, table_name),
        DETAIL = 'Nothing of the kind has been begun, or it was finished or cancelled.',
        HINT = 'Begin it with mad_migrate.begin_column_rename() or mad_migrate.begin_column_type_change().';
END
$$;
COMMENT ON FUNCTION mad_migrate.raise_no_sync(text, text, text, text) IS
    'Internal: the error of finishing or cancelling what was not begun';

-------------------------------------------------------------------------------------------------
-- What hangs on the two columns
-------------------------------------------------------------------------------------------------

CREATE FUNCTION mad_migrate.with_column_renamed(sql text, "from" text, "to" text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(sql, '(?<![\w"])' || regexp_replace(quote_ident("from"), '(\W)', '\\\1', 'g') || '(?![\w"])',
                          replace(quote_ident("to"), '\', '\\'), 'g')
$$;
COMMENT ON FUNCTION mad_migrate.with_column_renamed(text, text, text) IS
    'Internal: the server''s text of a definition, with another column in place of one';

CREATE FUNCTION mad_migrate.without_casts(sql text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(sql, '::(?:character varying|double precision|bit varying'
                               '|time(?:stamp)? with(?:out)? time zone'
                               '|(?:[\w.]|"(?:[^"]|"")*")+)(?:\([\d,]+\))?(?:\[\])*|[() ]', '', 'g')
$$;
COMMENT ON FUNCTION mad_migrate.without_casts(text) IS
    'Internal: a definition without what may be written otherwise for a column of another type';

CREATE FUNCTION mad_migrate.column_attachments(table_id regclass, column_name text, "as" text)
RETURNS TABLE (class regclass, id oid, name name, kind "char", definition text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH attached AS (
        SELECT DISTINCT d.classid, d.objid FROM pg_depend d
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = table_id
          AND d.refobjsubid = (mad_migrate.find_column(table_id, column_name)).attnum
    )
    SELECT 'pg_class'::regclass, c.oid, c.relname, 'i'::"char",
           mad_migrate.with_column_renamed(
               concat_ws(' ', CASE WHEN i.indisunique THEN 'UNIQUE' END,
                         regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', '')), column_name, "as")
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = table_id AND i.indisvalid
      AND i.indexrelid IN (SELECT objid FROM attached WHERE classid = 'pg_class'::regclass
                           UNION
                           SELECT k.conindid FROM attached a JOIN pg_constraint k
                           ON a.classid = 'pg_constraint'::regclass AND k.oid = a.objid
                              AND k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid, k.conname, k.contype,
           mad_migrate.with_column_renamed(pg_get_constraintdef(k.oid), column_name, "as")
    FROM pg_constraint k JOIN attached a ON a.classid = 'pg_constraint'::regclass AND a.objid = k.oid
    WHERE k.conrelid = table_id AND k.contype IN ('f', 'c')
      -- set_not_null_online's, of which NOT NULL itself is carried over
      AND pg_get_constraintdef(k.oid) NOT LIKE format('CHECK ((%I IS NOT NULL))%%', column_name)
$$;
COMMENT ON FUNCTION mad_migrate.column_attachments(regclass, text, text) IS
    'Internal: indexes, foreign keys and checks on a column, their definitions as if they were on another';

CREATE FUNCTION mad_migrate.refuse_unmatched(table_id regclass, going text, staying text, advice text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unmatched CONSTANT text := (
        SELECT string_agg(format('"%s" (%s)', g.name, g.definition), ', ' ORDER BY g.name)
        FROM mad_migrate.column_attachments(table_id, going, staying) AS g
        WHERE NOT EXISTS (SELECT FROM mad_migrate.column_attachments(table_id, staying, staying) AS s
                          WHERE s.kind = g.kind
                            AND mad_migrate.without_casts(s.definition) = mad_migrate.without_casts(g.definition)));
BEGIN
    IF unmatched IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = format('column "%s" of table "%s" has indexes or constraints that column "%s" lacks', going,
                             mad_migrate.name_of_table(table_id), staying),
            DETAIL = format('They would be lost: %s.', unmatched),
            HINT = advice;
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.refuse_unmatched(regclass, text, text, text) IS
    'Internal: an error where a column has what would go with it';
