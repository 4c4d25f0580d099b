-- Helpers for scripts: filling in the rows of a large table, a batch of them in each transaction.
--
-- The walk goes along the table's blocks, so that no batch looks at what another has done. Rows that
-- were locked, or that an UPDATE or a rewrite of the table moved to where the walk had been, are met
-- in a further round, which reads and, finding nothing, is the last.

CREATE TABLE mad_migrate.backfill_position (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_by name NOT NULL DEFAULT current_user,
    table_schema text NOT NULL,
    table_name text NOT NULL,
    assignments text NOT NULL,
    condition text NOT NULL,
    round int NOT NULL DEFAULT 1,
    reached tid NOT NULL DEFAULT '(0,0)',
    end_block bigint NOT NULL,
    stride int NOT NULL DEFAULT 1,
    changed_rows bigint NOT NULL DEFAULT 0,
    round_changed bigint NOT NULL DEFAULT 0,
    round_locked bigint NOT NULL DEFAULT 0,
    waiting_since timestamptz,
    finished_at timestamptz
);
CREATE UNIQUE INDEX backfill_position_key ON mad_migrate.backfill_position
    (started_by, table_schema, table_name, md5(assignments), md5(condition));
ALTER TABLE mad_migrate.backfill_position ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_positions ON mad_migrate.backfill_position USING (started_by = current_user);

COMMENT ON TABLE mad_migrate.backfill_position IS
    'How far each backfill that has not ended has come; the same call again goes on from there';
COMMENT ON COLUMN mad_migrate.backfill_position.id IS 'Number of the backfill';
COMMENT ON COLUMN mad_migrate.backfill_position.started_by IS 'Role that called it; others do not see it';
COMMENT ON COLUMN mad_migrate.backfill_position.table_schema IS 'Schema of the table, or of the partition';
COMMENT ON COLUMN mad_migrate.backfill_position.table_name IS 'The table, or the partition';
COMMENT ON COLUMN mad_migrate.backfill_position.assignments IS 'What is set';
COMMENT ON COLUMN mad_migrate.backfill_position.condition IS 'Which rows have it to be set';
COMMENT ON COLUMN mad_migrate.backfill_position.round IS
    '1, the walk through the table; more, a look for rows that it left';
COMMENT ON COLUMN mad_migrate.backfill_position.reached IS
    'The row, or the beginning of the block, up to which it came';
COMMENT ON COLUMN mad_migrate.backfill_position.end_block IS 'Blocks that the table had when the round began';
COMMENT ON COLUMN mad_migrate.backfill_position.stride IS 'Blocks that the next batch looks at';
COMMENT ON COLUMN mad_migrate.backfill_position.changed_rows IS 'Rows changed so far';
COMMENT ON COLUMN mad_migrate.backfill_position.round_changed IS 'Rows changed in this round';
COMMENT ON COLUMN mad_migrate.backfill_position.round_locked IS
    'Rows left for the next round because others had them locked';
COMMENT ON COLUMN mad_migrate.backfill_position.waiting_since IS 'Since when all that is left is locked';
COMMENT ON COLUMN mad_migrate.backfill_position.finished_at IS 'When it ended; such a row is deleted with it';
COMMENT ON INDEX mad_migrate.backfill_position_key IS 'One position for each call';
COMMENT ON POLICY own_positions ON mad_migrate.backfill_position IS 'Roles cannot lead each other''s backfills astray';

CREATE FUNCTION mad_migrate.block_of(row_id tid) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (row_id::text::point)[0]::bigint
$$;
COMMENT ON FUNCTION mad_migrate.block_of(tid) IS 'Internal: the block in which a row lies';

CREATE FUNCTION mad_migrate.count_blocks(table_id regclass) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_relation_size(table_id) / current_setting('block_size')::int
$$;
COMMENT ON FUNCTION mad_migrate.count_blocks(regclass) IS 'Internal: the blocks that a table has now';

CREATE FUNCTION mad_migrate.refuse_backfill(batch_size int, "set" text, "where" text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF "set" IS NULL OR "where" IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a backfill needs what to set and where',
            DETAIL = 'The condition tells rows that are to be set from those that have been.',
            HINT = 'Give, for example, ''status = ''''active'''''' and ''status IS NULL''.';
    END IF;
    IF batch_size IS NULL OR batch_size < 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('invalid batch_size %s', coalesce(batch_size::text, 'NULL')),
            DETAIL = 'It is the number of rows that one transaction changes.',
            HINT = 'Give 1 or more; 1000 is a good number.';
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.refuse_backfill(int, text, text) IS
    'Internal: the errors that need no look at the table';

CREATE FUNCTION mad_migrate.backfill_tables(table_name text, schema text) RETURNS regclass[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    family record;
BEGIN
    WITH RECURSIVE tree AS (
        SELECT mad_migrate.find_table(table_name, schema)::oid AS id
        UNION
        SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.id
    )
    SELECT array_agg(c.oid::regclass ORDER BY c.oid) FILTER (WHERE c.relkind = 'r') AS tables,
           min(c.relname) FILTER (WHERE c.relkind NOT IN ('r', 'p')) AS other
    INTO family
    FROM tree JOIN pg_class c ON c.oid = tree.id;
    IF family.other IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('"%s" cannot be backfilled', family.other),
            DETAIL = 'It is a foreign table or a materialized view, whose rows lie elsewhere.',
            HINT = 'Change its rows where they lie.';
    END IF;
    RETURN coalesce(family.tables, '{}');
END
$$;
COMMENT ON FUNCTION mad_migrate.backfill_tables(text, text) IS
    'Internal: the tables that rows of a table lie in: itself, its partitions or its children';

CREATE FUNCTION mad_migrate.begin_backfill(table_id regclass, "set" text, "where" text, batch_size int)
RETURNS mad_migrate.backfill_position LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    state mad_migrate.backfill_position;
    named record;
BEGIN
    SELECT n.nspname::text AS table_schema, c.relname::text AS table_name,
           coalesce(greatest(1, least(8192, ceil(batch_size * c.relpages / nullif(greatest(c.reltuples, 0), 0)))),
                    1)::int AS stride
    INTO named
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = table_id;
    INSERT INTO mad_migrate.backfill_position
        (table_schema, table_name, assignments, condition, end_block, stride)
    VALUES (named.table_schema, named.table_name, "set", "where", mad_migrate.count_blocks(table_id), named.stride)
    ON CONFLICT DO NOTHING;

    UPDATE mad_migrate.backfill_position AS p
    SET waiting_since = NULL
    WHERE p.started_by = current_user AND p.table_schema = named.table_schema AND p.table_name = named.table_name
      AND md5(p.assignments) = md5("set") AND md5(p.condition) = md5("where")
    RETURNING * INTO state;
    IF mad_migrate.block_of(state.reached) > 0 THEN
        RAISE NOTICE 'backfill of % in database "%": going on at block % of %, % rows done before',
            mad_migrate.name_of_table(table_id), current_database(), mad_migrate.block_of(state.reached),
            state.end_block, state.changed_rows;
    END IF;
    RETURN state;
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_backfill(regclass, text, text, int) IS
    'Internal: the position from which to go on, or that of a beginning';

CREATE FUNCTION mad_migrate.fill_batch(state mad_migrate.backfill_position, batch_size int, skip_locked boolean,
                                       OUT seen bigint, OUT changed bigint, OUT remaining bigint, OUT last tid)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    taken CONSTANT text := CASE WHEN skip_locked THEN 'mad_migrate_free' ELSE 'mad_migrate_batch' END;
    slice_end CONSTANT tid := format('(%s,0)', least(state.end_block,
                                                     mad_migrate.block_of(state.reached) + state.stride))::tid;
BEGIN
    -- Undone at the function's end, which has a SET of its own. Below, only names and operators of
    -- the caller's own texts are looked up there.
    PERFORM set_config('search_path', format('%I, pg_temp', state.table_schema), true);
    EXECUTE format($sql$
        WITH mad_migrate_batch AS MATERIALIZED (
            SELECT ctid FROM ONLY %1$I.%2$I
            WHERE ctid OPERATOR(pg_catalog.>) $1 AND ctid OPERATOR(pg_catalog.<) $2 AND (%4$s
            ) ORDER BY ctid LIMIT $3
        ), mad_migrate_free AS MATERIALIZED (
            SELECT ctid FROM ONLY %1$I.%2$I
            WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT ctid FROM mad_migrate_batch))
            FOR NO KEY UPDATE SKIP LOCKED
        ), mad_migrate_changed AS (
            UPDATE ONLY %1$I.%2$I SET %3$s
            WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT ctid FROM %5$s)) AND (%4$s
            ) RETURNING ((%4$s
            ) IS TRUE) AS remains
        )
        SELECT (SELECT pg_catalog.count(*) FROM mad_migrate_batch), pg_catalog.count(*),
               pg_catalog.count(*) FILTER (WHERE remains), (SELECT pg_catalog.max(ctid) FROM mad_migrate_batch)
        FROM mad_migrate_changed
    $sql$, state.table_schema, state.table_name, state.assignments, state.condition, taken)
    INTO seen, changed, remaining, last
    USING state.reached, slice_end, batch_size;
END
$$;
COMMENT ON FUNCTION mad_migrate.fill_batch(mad_migrate.backfill_position, int, boolean) IS
    'Internal: changes the next rows, those that others have locked after waiting for them or not at all';

CREATE FUNCTION mad_migrate.end_round(state mad_migrate.backfill_position) RETURNS mad_migrate.backfill_position
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    patience CONSTANT int := (SELECT setting FROM pg_settings WHERE name = 'lock_timeout');
    table_id CONSTANT regclass := format('%I.%I', state.table_schema, state.table_name)::regclass;
BEGIN
    IF state.round_locked = 0 AND (state.round_changed = 0 OR state.round > 2) THEN
        state.finished_at := clock_timestamp();
        IF state.round_changed > 0 THEN
            RAISE WARNING USING
                MESSAGE = format('rows to be set keep coming into table "%s"', mad_migrate.name_of_table(table_id)),
                HINT = 'Give the column a default or a trigger, and run the call again.';
        END IF;
        RETURN state;
    END IF;
    state.waiting_since := CASE WHEN state.round_changed = 0 THEN coalesce(state.waiting_since, clock_timestamp()) END;
    IF patience > 0 AND clock_timestamp() - state.waiting_since > patience * interval '1 ms' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'lock_not_available',
            MESSAGE = format('rows of table "%s" stay locked', mad_migrate.name_of_table(table_id)),
            DETAIL = format('Of the rows to be set, %s are locked by others, and all others are done.',
                            state.round_locked),
            HINT = 'Run the call again once they are free, or raise lock_timeout.';
    END IF;
    -- What was locked is to be expected in the next round, and no sign of rows that keep coming.
    state.round := CASE WHEN state.round_locked > 0 THEN 2 ELSE state.round + 1 END;
    state.reached := '(0,0)';
    state.end_block := mad_migrate.count_blocks(table_id);
    state.stride := 8192;
    state.round_changed := 0;
    state.round_locked := 0;
    RETURN state;
END
$$;
COMMENT ON FUNCTION mad_migrate.end_round(mad_migrate.backfill_position) IS
    'Internal: what follows when the end of the table is reached';

CREATE FUNCTION mad_migrate.advance_backfill(state mad_migrate.backfill_position, batch_size int, seen bigint,
                                             changed bigint, last tid)
RETURNS mad_migrate.backfill_position LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_block CONSTANT bigint := mad_migrate.block_of(state.reached);
    is_full CONSTANT boolean := seen = batch_size;
    blocks CONSTANT bigint := mad_migrate.block_of(last) - first_block + 1;
BEGIN
    state.changed_rows := state.changed_rows + changed;
    state.round_changed := state.round_changed + changed;
    state.round_locked := state.round_locked + seen - changed;
    state.reached := CASE WHEN is_full THEN last
                          ELSE format('(%s,0)', least(state.end_block, first_block + state.stride))::tid END;
    -- As many blocks as the rows of a batch are likely to lie in.
    state.stride := least(8192, CASE WHEN is_full THEN blocks + blocks / 4 + 1
                                     WHEN seen < batch_size / 2 THEN state.stride * 2
                                     ELSE state.stride + state.stride / 4 + 1 END);
    IF NOT is_full AND mad_migrate.block_of(state.reached) >= state.end_block THEN
        RETURN mad_migrate.end_round(state);
    END IF;
    RETURN state;
END
$$;
COMMENT ON FUNCTION mad_migrate.advance_backfill(mad_migrate.backfill_position, int, bigint, bigint, tid) IS
    'Internal: the position after a batch';

CREATE FUNCTION mad_migrate.run_batch(backfill bigint, batch_size int) RETURNS mad_migrate.backfill_position
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    patience CONSTANT text := current_setting('lock_timeout');
    state mad_migrate.backfill_position;
    batch record;
BEGIN
    SELECT * INTO state FROM mad_migrate.backfill_position AS p WHERE p.id = backfill FOR UPDATE;
    IF NOT FOUND THEN
        -- The same call in another session has done the rest.
        state.finished_at := clock_timestamp();
        RETURN state;
    END IF;
    -- Mostly no row is locked, and locking each before it is updated would be half of the work.
    BEGIN
        PERFORM set_config('lock_timeout', '20ms', true);
        batch := mad_migrate.fill_batch(state, batch_size, false);
        PERFORM set_config('lock_timeout', patience, true);
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected THEN
            batch := mad_migrate.fill_batch(state, batch_size, true);
    END;
    IF batch.remaining > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('rows of table "%s.%s" still meet the condition of the backfill after they were set',
                             state.table_schema, state.table_name),
            DETAIL = format('Of %s rows %s do. SET %s; WHERE %s.', batch.changed, batch.remaining,
                            state.assignments, state.condition),
            HINT = 'Have the condition leave out rows that are done, and those that cannot be.';
    END IF;

    state := mad_migrate.advance_backfill(state, batch_size, batch.seen, batch.changed, batch.last);
    IF state.finished_at IS NOT NULL THEN
        DELETE FROM mad_migrate.backfill_position AS p WHERE p.id = backfill;
    ELSE
        -- Nothing is lost that cannot be done again: a crash takes batch and position together. The
        -- last commit waits for the disk, as the session has it, and with it for all of them.
        PERFORM set_config('synchronous_commit', 'off', true);
        UPDATE mad_migrate.backfill_position AS p
        SET round = state.round, reached = state.reached, end_block = state.end_block, stride = state.stride,
            changed_rows = state.changed_rows, round_changed = state.round_changed,
            round_locked = state.round_locked, waiting_since = state.waiting_since
        WHERE p.id = backfill;
    END IF;
    RETURN state;
END
$$;
COMMENT ON FUNCTION mad_migrate.run_batch(bigint, int) IS
    'Internal: one batch and the position after it, to be committed together';

CREATE FUNCTION mad_migrate.report_backfill(state mad_migrate.backfill_position, began mad_migrate.backfill_position,
                                            began_at timestamptz, reported_at timestamptz, report_every interval)
RETURNS timestamptz LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    title CONSTANT text := format('backfill of %s.%s in database "%s"', began.table_schema, began.table_name,
                                  current_database());
    seconds CONSTANT numeric := greatest(0.001, extract(epoch FROM clock_timestamp() - began_at));
    changed CONSTANT bigint := coalesce(state.changed_rows - began.changed_rows, 0);
    share CONSTANT numeric := mad_migrate.block_of(state.reached)::numeric / greatest(state.end_block, 1);
    share_now CONSTANT numeric := share - mad_migrate.block_of(began.reached)::numeric / greatest(began.end_block, 1);
    rate CONSTANT text := format('%s rows, %s rows/s', coalesce(state.changed_rows, 0), round(changed / seconds));
BEGIN
    IF state.finished_at IS NOT NULL THEN
        RAISE NOTICE '%: done, % in % s', title, rate, round(seconds, 1);
    ELSIF clock_timestamp() - reported_at < report_every THEN
        RETURN reported_at;
    ELSIF state.waiting_since IS NOT NULL THEN
        RAISE NOTICE '%: %, waiting for locked rows', title, rate;
    ELSIF state.round > 1 THEN
        RAISE NOTICE '%: %, looking for rows left: % %%', title, rate, round(100 * share, 1);
    ELSE
        RAISE NOTICE '%: %, % %%, % s left', title, rate, round(100 * share, 1),
            coalesce(round(seconds * (1 - share) / nullif(share_now, 0))::text, '?');
    END IF;
    RETURN clock_timestamp();
END
$$;
COMMENT ON FUNCTION mad_migrate.report_backfill(mad_migrate.backfill_position, mad_migrate.backfill_position,
                                                timestamptz, timestamptz, interval) IS
    'Internal: tells the client how far a backfill has come, if it was not told just before';

CREATE FUNCTION mad_migrate.rest(state mad_migrate.backfill_position, pause interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A round that is about to begin because of locked rows would look in vain at once.
    PERFORM pg_sleep_for(greatest(pause, CASE WHEN state.waiting_since IS NOT NULL AND state.reached = '(0,0)'
                                              THEN interval '200 ms' ELSE interval '0' END));
END
$$;
COMMENT ON FUNCTION mad_migrate.rest(mad_migrate.backfill_position, interval) IS
    'Internal: lets others work between two batches';

-- A procedure that commits can have no setting of its own; hence names with their schema only.
CREATE PROCEDURE mad_migrate.backfill(table_name pg_catalog.text, "set" pg_catalog.text, "where" pg_catalog.text,
                                      batch_size pg_catalog.int4 DEFAULT 1000,
                                      pause pg_catalog.interval DEFAULT '0',
                                      schema pg_catalog.text DEFAULT 'public',
                                      report_every pg_catalog.interval DEFAULT '10 seconds')
LANGUAGE plpgsql AS $$
DECLARE
    table_id pg_catalog.regclass;
    began mad_migrate.backfill_position;
    state mad_migrate.backfill_position;
    began_at pg_catalog.timestamptz;
    reported_at pg_catalog.timestamptz;
BEGIN
    PERFORM mad_migrate.refuse_backfill(batch_size, "set", "where");
    CALL mad_migrate.refuse_in_transaction('mad_migrate.backfill', 'It commits after each batch.');
    FOREACH table_id IN ARRAY mad_migrate.backfill_tables(table_name, schema) LOOP
        began_at := pg_catalog.clock_timestamp();
        reported_at := began_at;
        began := mad_migrate.begin_backfill(table_id, "set", "where", batch_size);
        LOOP
            state := mad_migrate.run_batch(began.id, batch_size);
            COMMIT;
            reported_at := mad_migrate.report_backfill(state, began, began_at, reported_at, report_every);
            EXIT WHEN state.finished_at IS NOT NULL;
            PERFORM mad_migrate.rest(state, pause);
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE mad_migrate.backfill(text, text, text, int, interval, text, interval) IS
    'Sets columns in the rows that meet a condition, which must then no longer meet it, and commits after each '
    'batch. Skips locked rows and comes back for them; called again after a crash or a cancel, it goes on where '
    'it stopped. Names in both texts are looked up in the table''s schema.';

CREATE FUNCTION mad_migrate.estimate_backfill(table_name text, "where" text, batch_size int DEFAULT 1000,
                                              schema text DEFAULT 'public',
                                              OUT rows bigint, OUT batches bigint, OUT blocks bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    table_id regclass;
    plan json;
BEGIN
    PERFORM mad_migrate.refuse_backfill(batch_size, '', "where");
    PERFORM set_config('search_path', format('%I, pg_temp', schema), true);
    rows := 0;
    batches := 0;
    blocks := 0;
    FOREACH table_id IN ARRAY mad_migrate.backfill_tables(table_name, schema) LOOP
        EXECUTE pg_catalog.format(E'EXPLAIN (FORMAT json) SELECT FROM ONLY %s WHERE (%s\n)', table_id, "where")
            INTO plan;
        rows := rows OPERATOR(pg_catalog.+) (plan OPERATOR(pg_catalog.#>>) '{0,Plan,Plan Rows}')::pg_catalog.int8;
        blocks := blocks OPERATOR(pg_catalog.+) mad_migrate.count_blocks(table_id);
    END LOOP;
    batches := pg_catalog.ceil(rows OPERATOR(pg_catalog./) batch_size::pg_catalog.numeric);
END
$$;
COMMENT ON FUNCTION mad_migrate.estimate_backfill(text, text, int, text) IS
    'Tells how many rows and batches a backfill would have, by the statistics of the server: it looks at no row';
