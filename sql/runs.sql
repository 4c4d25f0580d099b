-- The ledger: what each call did to which databases, written while it goes.

CREATE TABLE mad_migrate.run_entry (
    run         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    branch      text        NOT NULL,
    direction   text        NOT NULL CHECK (direction IN ('upgrade', 'downgrade', 'stamp')),
    target      text        NOT NULL,
    environment text        NOT NULL,
    dry_run     boolean     NOT NULL,
    jobs        int         NOT NULL,
    databases   int         NOT NULL,
    status      text        CHECK (status IN ('succeeded', 'failed', 'stopped')),
    started_by  text        NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT run_entry_status_when_finished CHECK ((status IS NULL) = (finished_at IS NULL))
);
COMMENT ON TABLE mad_migrate.run_entry IS 'What view run is made of';
COMMENT ON COLUMN mad_migrate.run_entry.run IS 'Number of the run';
COMMENT ON COLUMN mad_migrate.run_entry.branch IS 'Branch that was migrated';
COMMENT ON COLUMN mad_migrate.run_entry.direction IS 'upgrade, downgrade or stamp';
COMMENT ON COLUMN mad_migrate.run_entry.target IS 'Target as it was given';
COMMENT ON COLUMN mad_migrate.run_entry.environment IS 'Environment whose sections were run';
COMMENT ON COLUMN mad_migrate.run_entry.dry_run IS 'Whether every step was rolled back';
COMMENT ON COLUMN mad_migrate.run_entry.jobs IS 'Databases migrated at a time';
COMMENT ON COLUMN mad_migrate.run_entry.databases IS 'How many databases there were to look at';
COMMENT ON COLUMN mad_migrate.run_entry.status IS 'How it ended: succeeded, failed or stopped; none while it has not';
COMMENT ON COLUMN mad_migrate.run_entry.started_by IS 'Session user that made the call';
COMMENT ON COLUMN mad_migrate.run_entry.started_at IS 'When it began';
COMMENT ON COLUMN mad_migrate.run_entry.finished_at IS 'When it ended by itself';

CREATE TABLE mad_migrate.run_database_entry (
    run            bigint      NOT NULL REFERENCES mad_migrate.run_entry ON DELETE CASCADE,
    database       text        NOT NULL,
    status         text        NOT NULL,
    started_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    attempts       int         NOT NULL,
    from_revisions text[],
    to_revisions   text[],
    steps          int         NOT NULL,
    standstill     text,
    sqlstate       text,
    message        text,
    detail         text,
    hint           text,
    context        text,
    PRIMARY KEY (run, database)
);
CREATE INDEX run_database_entry_database ON mad_migrate.run_database_entry (database, run);
COMMENT ON INDEX mad_migrate.run_database_entry_database IS 'Finds the last run of a database';
CREATE INDEX run_database_entry_standstill ON mad_migrate.run_database_entry (database) WHERE standstill IS NOT NULL;
COMMENT ON INDEX mad_migrate.run_database_entry_standstill IS 'Finds the few databases that were half-way';
COMMENT ON TABLE mad_migrate.run_database_entry IS 'What view run_database is made of';
COMMENT ON COLUMN mad_migrate.run_database_entry.run IS 'Number of the run';
COMMENT ON COLUMN mad_migrate.run_database_entry.database IS 'Database that was migrated';
COMMENT ON COLUMN mad_migrate.run_database_entry.status IS
    'running, upgraded, downgraded, stamped, up to date, rehearsed, not rehearsed, partial, failed or skipped';
COMMENT ON COLUMN mad_migrate.run_database_entry.started_at IS 'When its turn came';
COMMENT ON COLUMN mad_migrate.run_database_entry.finished_at IS 'When it was done';
COMMENT ON COLUMN mad_migrate.run_database_entry.attempts IS 'How often it was tried, more than once where a lock was taken';
COMMENT ON COLUMN mad_migrate.run_database_entry.from_revisions IS 'Its heads before';
COMMENT ON COLUMN mad_migrate.run_database_entry.to_revisions IS 'Its heads afterwards';
COMMENT ON COLUMN mad_migrate.run_database_entry.steps IS 'Steps that were run';
COMMENT ON COLUMN mad_migrate.run_database_entry.standstill IS
    'Statement at which a script stopped that cannot run in a transaction; the next call goes on there';
COMMENT ON COLUMN mad_migrate.run_database_entry.sqlstate IS 'SQLSTATE of what went wrong';
COMMENT ON COLUMN mad_migrate.run_database_entry.message IS 'What went wrong';
COMMENT ON COLUMN mad_migrate.run_database_entry.detail IS 'Its DETAIL';
COMMENT ON COLUMN mad_migrate.run_database_entry.hint IS 'Its HINT';
COMMENT ON COLUMN mad_migrate.run_database_entry.context IS 'Statement, script and line where it went wrong';

SELECT pg_catalog.pg_extension_config_dump('mad_migrate.run_entry', '');
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.run_entry_run_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.run_database_entry', '');

-- A run is alive as long as its ledger's session is, which ends with the caller's however that ends.
-- The lock has 32 bits for the number: room for one run a second for 136 years.
CREATE FUNCTION mad_migrate.hold_run(run bigint) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_try_advisory_lock(hashtext('mad_migrate.run'), run::bit(32)::int)
$$;
COMMENT ON FUNCTION mad_migrate.hold_run IS 'Internal: shows that a run is alive for as long as this session is';

CREATE VIEW mad_migrate.living_run AS
SELECT l.objid::bigint AS run
  FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_database d ON d.oid = l.database
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
   AND l.classid = pg_catalog.hashtext('mad_migrate.run')::bigint::bit(32)::bigint::oid
   AND d.datname = pg_catalog.current_database();
COMMENT ON VIEW mad_migrate.living_run IS 'Internal: the runs whose backend is at work';
COMMENT ON COLUMN mad_migrate.living_run.run IS 'Number of the run';

-- The living ones are few, and asked for once: as an array they leave the ledger to its indexes. So
-- does a time that stands still while it is read.
CREATE VIEW mad_migrate.run AS
SELECT e.run, e.branch, e.direction, e.target, e.environment, e.dry_run,
       coalesce(e.status, CASE WHEN l.living THEN 'running' ELSE 'interrupted' END) AS status,
       e.jobs, e.databases,
       c.done, c.failed, c.skipped, e.databases - c.done - c.failed - c.skipped AS remaining,
       e.started_by, e.started_at, e.finished_at,
       coalesce(e.finished_at, CASE WHEN l.living THEN pg_catalog.statement_timestamp() ELSE c.last END)
           - e.started_at AS duration
  FROM mad_migrate.run_entry e
 CROSS JOIN LATERAL (SELECT e.run = ANY (ARRAY(SELECT a.run FROM mad_migrate.living_run a))) l (living)
 CROSS JOIN LATERAL (
        SELECT pg_catalog.count(*) FILTER (WHERE d.status NOT IN ('running', 'failed', 'partial', 'skipped')) AS done,
               pg_catalog.count(*) FILTER (WHERE d.status IN ('failed', 'partial')) AS failed,
               pg_catalog.count(*) FILTER (WHERE d.status = 'skipped') AS skipped,
               pg_catalog.max(coalesce(d.finished_at, d.started_at)) AS last
          FROM mad_migrate.run_database_entry d WHERE d.run = e.run) c;
COMMENT ON VIEW mad_migrate.run IS
    'Every call that migrated databases over connections of its own; one whose backend died is interrupted';
COMMENT ON COLUMN mad_migrate.run.run IS 'Number of the run';
COMMENT ON COLUMN mad_migrate.run.branch IS 'Branch that was migrated';
COMMENT ON COLUMN mad_migrate.run.direction IS 'upgrade, downgrade or stamp';
COMMENT ON COLUMN mad_migrate.run.target IS 'Target as it was given';
COMMENT ON COLUMN mad_migrate.run.environment IS 'Environment whose sections were run';
COMMENT ON COLUMN mad_migrate.run.dry_run IS 'Whether every step was rolled back';
COMMENT ON COLUMN mad_migrate.run.jobs IS 'Databases migrated at a time';
COMMENT ON COLUMN mad_migrate.run.databases IS 'How many databases there were to look at';
COMMENT ON COLUMN mad_migrate.run.status IS 'running, succeeded, failed, stopped (max_failures) or interrupted';
COMMENT ON COLUMN mad_migrate.run.done IS 'Databases that are where they should be';
COMMENT ON COLUMN mad_migrate.run.failed IS 'Databases that are not';
COMMENT ON COLUMN mad_migrate.run.skipped IS 'Databases that were not tried any more';
COMMENT ON COLUMN mad_migrate.run.remaining IS 'Databases whose turn has not come or is not over';
COMMENT ON COLUMN mad_migrate.run.started_by IS 'Session user that made the call';
COMMENT ON COLUMN mad_migrate.run.started_at IS 'When it began';
COMMENT ON COLUMN mad_migrate.run.finished_at IS 'When it ended by itself';
COMMENT ON COLUMN mad_migrate.run.duration IS 'From its beginning to its end, its last sign of life or now';

CREATE VIEW mad_migrate.run_database AS
SELECT d.run, d.database,
       CASE WHEN d.status = 'running' AND d.run <> ALL (ARRAY(SELECT a.run FROM mad_migrate.living_run a))
            THEN 'interrupted' ELSE d.status END AS status,
       d.from_revisions, d.to_revisions, d.steps, d.standstill, d.attempts, d.started_at, d.finished_at,
       d.finished_at - d.started_at AS duration,
       d.sqlstate, d.message, d.detail, d.hint, d.context
  FROM mad_migrate.run_database_entry d;
COMMENT ON VIEW mad_migrate.run_database IS 'What each run did to each database, and what went wrong there';
COMMENT ON COLUMN mad_migrate.run_database.run IS 'Number of the run';
COMMENT ON COLUMN mad_migrate.run_database.database IS 'Database that was migrated';
COMMENT ON COLUMN mad_migrate.run_database.status IS
    'running, upgraded, downgraded, stamped, up to date, rehearsed, not rehearsed, partial, failed, skipped or interrupted';
COMMENT ON COLUMN mad_migrate.run_database.from_revisions IS 'Its heads before';
COMMENT ON COLUMN mad_migrate.run_database.to_revisions IS 'Its heads afterwards';
COMMENT ON COLUMN mad_migrate.run_database.steps IS 'Steps that were run';
COMMENT ON COLUMN mad_migrate.run_database.standstill IS
    'Statement at which a script stopped that cannot run in a transaction; the next call goes on there';
COMMENT ON COLUMN mad_migrate.run_database.attempts IS 'How often it was tried, more than once where a lock was taken';
COMMENT ON COLUMN mad_migrate.run_database.started_at IS 'When its turn came';
COMMENT ON COLUMN mad_migrate.run_database.finished_at IS 'When it was done';
COMMENT ON COLUMN mad_migrate.run_database.duration IS 'From the one to the other';
COMMENT ON COLUMN mad_migrate.run_database.sqlstate IS 'SQLSTATE of what went wrong';
COMMENT ON COLUMN mad_migrate.run_database.message IS 'What went wrong';
COMMENT ON COLUMN mad_migrate.run_database.detail IS 'Its DETAIL';
COMMENT ON COLUMN mad_migrate.run_database.hint IS 'Its HINT';
COMMENT ON COLUMN mad_migrate.run_database.context IS 'Statement, script and line where it went wrong';

CREATE VIEW mad_migrate.progress AS
SELECT r.run, r.branch, r.direction, r.target, r.databases, r.done, r.failed, r.remaining,
       ARRAY(SELECT d.database FROM mad_migrate.run_database_entry d
              WHERE d.run = r.run AND d.status = 'running' ORDER BY d.database COLLATE "C") AS current_databases,
       pg_catalog.round((r.done + r.failed) / extract(epoch FROM r.duration), 1) AS databases_per_second,
       CASE WHEN r.done + r.failed > 0
            THEN r.duration / (r.done + r.failed) * r.remaining END AS time_left
  FROM mad_migrate.run r
 WHERE r.status = 'running';
COMMENT ON VIEW mad_migrate.progress IS 'The runs that are going on now; for other sessions to watch';
COMMENT ON COLUMN mad_migrate.progress.run IS 'Number of the run';
COMMENT ON COLUMN mad_migrate.progress.branch IS 'Branch that is migrated';
COMMENT ON COLUMN mad_migrate.progress.direction IS 'upgrade, downgrade or stamp';
COMMENT ON COLUMN mad_migrate.progress.target IS 'Target as it was given';
COMMENT ON COLUMN mad_migrate.progress.databases IS 'How many databases there are to look at';
COMMENT ON COLUMN mad_migrate.progress.done IS 'Databases that are where they should be';
COMMENT ON COLUMN mad_migrate.progress.failed IS 'Databases that are not';
COMMENT ON COLUMN mad_migrate.progress.remaining IS 'Databases whose turn has not come or is not over';
COMMENT ON COLUMN mad_migrate.progress.current_databases IS 'Databases being migrated now';
COMMENT ON COLUMN mad_migrate.progress.databases_per_second IS 'Rate since the beginning';
COMMENT ON COLUMN mad_migrate.progress.time_left IS 'Estimate from that rate';

CREATE FUNCTION mad_migrate.purge_runs(older_than interval) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    purged bigint;
BEGIN
    IF older_than IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'parameter "older_than" must not be null',
            HINT = 'Give an interval, for example ''30 days''.';
    END IF;
    -- What status and remove_script go by: the runs that tell of a database's trouble, and those that
    -- overrule older ones for as long as these are there.
    WITH last_word AS (
        SELECT max(d.run) FILTER (WHERE coalesce(d.sqlstate, '') NOT BETWEEN 'MM002' AND 'MM008'
                                  AND (d.status NOT IN ('running', 'interrupted') OR d.standstill IS NOT NULL)) AS tried,
               max(d.run) FILTER (WHERE d.status IN ('upgraded', 'downgraded', 'stamped') OR d.standstill IS NOT NULL
                                  OR r.direction = 'stamp' AND d.status = 'up to date') AS moved
        FROM mad_migrate.run_database d
        JOIN mad_migrate.run_entry r ON r.run = d.run AND NOT r.dry_run
        JOIN (SELECT p.branch, p.database FROM mad_migrate.databases p WHERE p.present
              UNION ALL
              SELECT g.branch, g.former_name FROM mad_migrate.registry g WHERE g.state = 'deprovisioned') b
          ON b.branch = r.branch AND b.database = d.database
        GROUP BY b.branch, b.database
        HAVING bool_or(d.status = 'failed' OR d.standstill IS NOT NULL)
    )
    DELETE FROM mad_migrate.run_entry AS e
    WHERE e.started_at < clock_timestamp() - older_than
      AND e.run <> ALL (ARRAY(SELECT r.run FROM mad_migrate.run r WHERE r.status = 'running'))
      AND NOT EXISTS (SELECT FROM last_word w WHERE e.run IN (w.tried, w.moved));
    GET DIAGNOSTICS purged = ROW_COUNT;
    RETURN purged;
END
$$;
COMMENT ON FUNCTION mad_migrate.purge_runs IS
    'Forgets runs that began longer ago than that, but none that goes on, nor the last word on a database in trouble; '
    'returns how many';
