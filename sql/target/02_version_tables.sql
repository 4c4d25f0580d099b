-- Version tables: the current heads of a branch, one row each, as Alembic keeps them.

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
