-- Helpers for scripts: columns that get another name or type while programs use them.

CREATE FUNCTION mad_migrate.begin_column_rename(table_name text, "old" text, "new" text,
                                                schema text DEFAULT 'public', backfill boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source CONSTANT pg_attribute := mad_migrate.find_column(mad_migrate.find_table(table_name, schema), "old");
    definition CONSTANT text := format_type(source.atttypid, source.atttypmod)
        || coalesce((SELECT format(' COLLATE %I.%I', n.nspname, c.collname)
                     FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
                     JOIN pg_type t ON t.oid = source.atttypid
                     WHERE c.oid = source.attcollation AND c.oid <> t.typcollation), '');
BEGIN
    PERFORM mad_migrate.begin_sync(table_name, schema, "old", "new", definition, quote_ident("old"),
                                   quote_ident("new"), backfill);
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_column_rename(text, text, text, text, boolean) IS
    'Gives a column a second name: a new column, which a trigger keeps like the old one, and the old one like it. '
    'With backfill => false the rows there are left to CALL mad_migrate.backfill(), which a notice spells out.';

CREATE FUNCTION mad_migrate.finish_column_rename(table_name text, "old" text, "new" text,
                                                 schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    target CONSTANT pg_attribute := mad_migrate.find_column(table_id, "new");
BEGIN
    IF mad_migrate.find_sync(table_id, "old", "new") IS NULL THEN
        IF target.attname IS NULL OR (mad_migrate.find_column(table_id, "old")).attname IS NOT NULL THEN
            PERFORM mad_migrate.raise_no_sync(table_name, schema, "old", "new");
        END IF;
        RETURN;
    END IF;
    -- Both hold the same. The old one is the one to keep: it has the indexes, constraints, default,
    -- privileges and statistics.
    PERFORM mad_migrate.refuse_unmatched(
        table_id, "new", "old", format('Make them on column "%s", which keeps its own under the new name.', "old"));
    PERFORM mad_migrate.end_sync(table_name, schema, "old", "new");
    IF target.attnotnull THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', table_id, "old");
    END IF;
    EXECUTE format('ALTER TABLE %s DROP COLUMN %I', table_id, "new");
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', table_id, "old", "new");
END
$$;
COMMENT ON FUNCTION mad_migrate.finish_column_rename(text, text, text, text) IS
    'Ends what begin_column_rename began: only the new name is left, with all that the column had';

CREATE FUNCTION mad_migrate.cancel_column_rename(table_name text, "old" text, "new" text,
                                                 schema text DEFAULT 'public')
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT mad_migrate.cancel_sync(table_name, schema, "old", "new")
$$;
COMMENT ON FUNCTION mad_migrate.cancel_column_rename(text, text, text, text) IS
    'Undoes begin_column_rename: only the old name is left';

CREATE FUNCTION mad_migrate.shadow_name(column_name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ('new_' || column_name)::name::text
$$;
COMMENT ON FUNCTION mad_migrate.shadow_name(text) IS
    'Internal: the column of another type that will take a column''s place';

CREATE FUNCTION mad_migrate.begin_column_type_change(table_name text, column_name text, type text,
                                                     forward text DEFAULT NULL, backward text DEFAULT NULL,
                                                     schema text DEFAULT 'public', backfill boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source CONSTANT pg_attribute := mad_migrate.find_column(mad_migrate.find_table(table_name, schema), column_name);
    shadow CONSTANT text := mad_migrate.shadow_name(column_name);
BEGIN
    PERFORM mad_migrate.begin_sync(
        table_name, schema, column_name, shadow, type, coalesce(forward, format('%I::%s', column_name, type)),
        coalesce(backward, format('%I::%s', shadow, format_type(source.atttypid, source.atttypmod))), backfill);
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_column_type_change(text, text, text, text, text, text, boolean) IS
    'Gives a column a second one of another type, new_<column>, which a trigger keeps like it; forward and backward '
    'say how to convert, where a cast does not do. The rest as begin_column_rename.';

CREATE FUNCTION mad_migrate.move_attachments(table_id regclass, going text, staying text) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    attachment record;
    afterwards text[] := '{}';
BEGIN
    FOR attachment IN
        SELECT g.kind, g.name, s.name AS new_name, k.conname, k.contype, s.id::regclass AS new_index
        FROM mad_migrate.column_attachments(table_id, going, staying) AS g
        JOIN LATERAL (SELECT * FROM mad_migrate.column_attachments(table_id, staying, staying) AS o
                      WHERE o.kind = g.kind
                        AND mad_migrate.without_casts(o.definition) = mad_migrate.without_casts(g.definition)
                      ORDER BY o.name LIMIT 1) AS s ON true
        LEFT JOIN pg_constraint k ON g.kind = 'i' AND k.conindid = g.id AND k.conrelid = table_id
        ORDER BY g.kind, g.name
    LOOP
        afterwards := afterwards || CASE
            WHEN attachment.contype IS NOT NULL THEN
                format('ALTER TABLE %s ADD CONSTRAINT %I %s USING INDEX %I', table_id, attachment.conname,
                       CASE attachment.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, attachment.new_name)
            WHEN attachment.kind = 'i' THEN
                format('ALTER INDEX %s RENAME TO %I', attachment.new_index, attachment.name)
            ELSE
                format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', table_id, attachment.new_name, attachment.name)
            END;
    END LOOP;
    RETURN afterwards;
END
$$;
COMMENT ON FUNCTION mad_migrate.move_attachments(regclass, text, text) IS
    'Internal: what to run once a column is gone, so that another''s indexes and constraints have its names';

CREATE FUNCTION mad_migrate.move_column_properties(table_id regclass, going text, staying text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source CONSTANT pg_attribute := mad_migrate.find_column(table_id, going);
    target CONSTANT pg_attribute := mad_migrate.find_column(table_id, staying);
    owned regclass;
BEGIN
    FOR owned IN
        SELECT d.objid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
        WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'a'
          AND d.refobjid = table_id AND d.refobjsubid = source.attnum
    LOOP
        EXECUTE format('ALTER SEQUENCE %s OWNED BY %s.%I', owned, table_id, staying);
    END LOOP;
    IF source.atthasdef AND NOT target.atthasdef THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', table_id, staying,
                       (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
                        WHERE adrelid = table_id AND adnum = source.attnum));
    END IF;
    IF source.attnotnull AND NOT target.attnotnull THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', table_id, staying);
    END IF;
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', table_id, staying,
                   coalesce(col_description(table_id, target.attnum), col_description(table_id, source.attnum)));
END
$$;
COMMENT ON FUNCTION mad_migrate.move_column_properties(regclass, text, text) IS
    'Internal: default, NOT NULL, sequences and comment of a column for the one that takes its place';

CREATE FUNCTION mad_migrate.refuse_unfilled(table_name text, schema text, "old" text, "new" text, forward text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_unfilled boolean;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', schema), true);
    EXECUTE pg_catalog.format(E'SELECT EXISTS (SELECT FROM %I.%I WHERE %s)', schema, table_name,
                              mad_migrate.unfilled_rows("old", "new", forward))
        INTO is_unfilled;
    IF is_unfilled THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = pg_catalog.format('column "%s" of table "%s.%s" is not filled', "new", schema, table_name),
            DETAIL = 'There are rows that have a value in the other column only.',
            HINT = pg_catalog.format('Fill it with %s.',
                                     mad_migrate.backfill_call(table_name, schema, "old", "new", forward));
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.refuse_unfilled(text, text, text, text, text) IS
    'Internal: an error where a column that is to go has values that the other one lacks';

CREATE FUNCTION mad_migrate.finish_column_type_change(table_name text, column_name text,
                                                      schema text DEFAULT 'public')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id CONSTANT regclass := mad_migrate.find_table(table_name, schema);
    shadow CONSTANT text := mad_migrate.shadow_name(column_name);
    sync CONSTANT jsonb := mad_migrate.find_sync(table_id, column_name, shadow);
    afterwards text[];
    command text;
BEGIN
    IF sync IS NULL THEN
        IF (mad_migrate.find_column(table_id, column_name)).attname IS NULL
           OR (mad_migrate.find_column(table_id, shadow)).attname IS NOT NULL THEN
            PERFORM mad_migrate.raise_no_sync(table_name, schema, column_name, shadow);
        END IF;
        RETURN;
    END IF;
    -- Before the table is locked: new rows are filled by the trigger.
    PERFORM mad_migrate.refuse_unfilled(table_name, schema, column_name, shadow, sync ->> 'forward');
    PERFORM mad_migrate.refuse_unmatched(
        table_id, column_name, shadow,
        format('Make them on column "%s" first, an index with CREATE INDEX CONCURRENTLY.', shadow));
    PERFORM mad_migrate.end_sync(table_name, schema, column_name, shadow);
    PERFORM mad_migrate.move_column_properties(table_id, column_name, shadow);
    afterwards := mad_migrate.move_attachments(table_id, column_name, shadow);
    EXECUTE format('ALTER TABLE %s DROP COLUMN %I', table_id, column_name);
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', table_id, shadow, column_name);
    FOREACH command IN ARRAY afterwards LOOP
        EXECUTE command;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mad_migrate.finish_column_type_change(text, text, text) IS
    'Ends what begin_column_type_change began: the column of the new type takes the name of the other, its default, '
    'NOT NULL and the names of its indexes and constraints, of which it must have the like';

CREATE FUNCTION mad_migrate.cancel_column_type_change(table_name text, column_name text,
                                                      schema text DEFAULT 'public')
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT mad_migrate.cancel_sync(table_name, schema, column_name, mad_migrate.shadow_name(column_name))
$$;
COMMENT ON FUNCTION mad_migrate.cancel_column_type_change(text, text, text) IS
    'Undoes begin_column_type_change: the column stays as it was';
