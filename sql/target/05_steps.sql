-- Steps: what the engine calls.

CREATE FUNCTION mad_migrate.record_step(branch text, revision text, direction text, checksum text,
                                        deletes text[], inserts text[], started_at timestamptz, run bigint,
                                        publish boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mad_migrate.change_heads(branch, deletes, inserts);
    INSERT INTO mad_migrate.history (branch, revision, direction, checksum, started_at, finished_at, run)
    VALUES (record_step.branch, record_step.revision, record_step.direction, record_step.checksum,
            record_step.started_at, clock_timestamp(), record_step.run);
    IF publish THEN
        PERFORM mad_migrate.publish_heads(branch);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.record_step(text, text, text, text, text[], text[], timestamptz, bigint, boolean) IS
    'Records a step that ran in the same transaction: its version rows, its history row and, if asked, the '
    'published heads';

CREATE FUNCTION mad_migrate.begin_partial_step(branch text, revision text, direction text, checksum text,
                                               statements int, run bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    step bigint;
    unfinished mad_migrate.history;
BEGIN
    INSERT INTO mad_migrate.history AS h
        (branch, revision, direction, checksum, started_at, statements, statements_done, run)
    VALUES (begin_partial_step.branch, begin_partial_step.revision, begin_partial_step.direction,
            begin_partial_step.checksum, clock_timestamp(), begin_partial_step.statements, 0,
            begin_partial_step.run)
    ON CONFLICT (branch) WHERE finished_at IS NULL DO NOTHING
    RETURNING h.id INTO step;
    IF step IS NULL THEN
        SELECT * INTO unfinished FROM mad_migrate.history AS h
        WHERE h.branch = begin_partial_step.branch AND h.finished_at IS NULL;
        RAISE EXCEPTION USING
            ERRCODE = 'MM018',
            MESSAGE = format('branch "%s" has an unfinished %s of revision "%s"',
                             branch, unfinished.direction, unfinished.revision),
            DETAIL = format('Of its %s statements %s are complete; it began at %s.',
                            unfinished.statements, unfinished.statements_done, unfinished.started_at),
            HINT = 'Resume it with the call that began it; the complete statements are not run again.';
    END IF;
    RETURN step;
END
$$;
COMMENT ON FUNCTION mad_migrate.begin_partial_step(text, text, text, text, int, bigint) IS
    'Begins a step whose statements are committed one by one; returns the id of its history row';

CREATE FUNCTION mad_migrate.raise_no_partial_step(step bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    finished_at timestamptz;
BEGIN
    SELECT h.finished_at INTO finished_at FROM mad_migrate.history AS h WHERE h.id = step;
    RAISE EXCEPTION USING
        ERRCODE = 'MM018',
        MESSAGE = format('step %s is not an unfinished step', step),
        DETAIL = CASE WHEN finished_at IS NULL THEN 'The history has no such row.'
                      ELSE format('It was finished at %s.', finished_at) END,
        HINT = 'Look with SELECT * FROM mad_migrate.history WHERE finished_at IS NULL.';
END
$$;
COMMENT ON FUNCTION mad_migrate.raise_no_partial_step(bigint) IS
    'Internal: the error of record_statement and finish_partial_step';

CREATE FUNCTION mad_migrate.record_statement(step bigint, statement int, finished boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE mad_migrate.history AS h
    SET statement_started = CASE WHEN finished THEN NULL ELSE statement END,
        statements_done = CASE WHEN finished THEN statement ELSE h.statements_done END
    WHERE h.id = step AND h.finished_at IS NULL;
    IF NOT FOUND THEN
        PERFORM mad_migrate.raise_no_partial_step(step);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.record_statement(bigint, int, boolean) IS
    'Records that a statement of a partial step is about to run (finished = false) or complete (finished = true)';

CREATE FUNCTION mad_migrate.finish_partial_step(step bigint, deletes text[], inserts text[], publish boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unfinished mad_migrate.history;
BEGIN
    SELECT * INTO unfinished FROM mad_migrate.history AS h
    WHERE h.id = step AND h.finished_at IS NULL
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM mad_migrate.raise_no_partial_step(step);
    END IF;
    IF unfinished.statements_done < unfinished.statements THEN
        RAISE EXCEPTION USING
            ERRCODE = 'MM018',
            MESSAGE = format('the %s of revision "%s" is not complete', unfinished.direction, unfinished.revision),
            DETAIL = format('Of its %s statements %s are complete.', unfinished.statements, unfinished.statements_done),
            HINT = 'Run the remaining statements first.';
    END IF;
    PERFORM mad_migrate.change_heads(unfinished.branch, deletes, inserts);
    UPDATE mad_migrate.history AS h
    SET finished_at = clock_timestamp(), statement_started = NULL
    WHERE h.id = step;
    IF publish THEN
        PERFORM mad_migrate.publish_heads(unfinished.branch);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.finish_partial_step(bigint, text[], text[], boolean) IS
    'Ends a partial step, all of whose statements are complete: its version rows, its history row and, if '
    'asked, the published heads';
