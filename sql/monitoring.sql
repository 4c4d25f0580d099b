-- The state of everything at a glance, for health checks and monitoring; no connection is made.

CREATE VIEW mad_migrate.branch_state AS
SELECT s.branch,
       pg_catalog.count(*) FILTER (WHERE s.kind <> 'pooled') AS databases,
       pg_catalog.count(*) FILTER (WHERE s.kind <> 'pooled' AND s.status = 'up to date') AS up_to_date,
       pg_catalog.count(*) FILTER (WHERE s.kind <> 'pooled'
                                     AND (s.status = 'behind' OR s.kind = 'template' AND s.status = 'absent')) AS behind,
       pg_catalog.count(*) FILTER (WHERE s.kind <> 'pooled' AND s.status IN ('failed', 'partial')) AS failed,
       pg_catalog.count(*) FILTER (WHERE s.status = 'unknown revision' AND s.kind <> 'pooled'
                                      OR s.status = 'absent' AND s.kind IN ('main', 'organization')) AS unusable,
       pg_catalog.count(*) FILTER (WHERE s.kind = 'pooled') AS pool,
       pg_catalog.max(pg_catalog.array_to_string(s.revisions, ',')) FILTER (WHERE s.kind IN ('main', 'template')) AS version
  FROM mad_migrate.status() s
 GROUP BY s.branch;
COMMENT ON VIEW mad_migrate.branch_state IS 'How many databases of each branch are in which state; makes no connection';
COMMENT ON COLUMN mad_migrate.branch_state.branch IS 'Name of the branch';
COMMENT ON COLUMN mad_migrate.branch_state.databases IS 'How many databases it has, without spare clones';
COMMENT ON COLUMN mad_migrate.branch_state.up_to_date IS 'Databases at head';
COMMENT ON COLUMN mad_migrate.branch_state.behind IS 'Databases that wait for an upgrade; also a template that is yet to be made';
COMMENT ON COLUMN mad_migrate.branch_state.failed IS 'Databases whose last upgrade failed, or stands still';
COMMENT ON COLUMN mad_migrate.branch_state.unusable IS 'Databases that are absent, or at a revision that no script has';
COMMENT ON COLUMN mad_migrate.branch_state.pool IS 'Spare clones';
COMMENT ON COLUMN mad_migrate.branch_state.version IS 'Heads of its one database, or of its template';

CREATE VIEW mad_migrate.queue_state AS
SELECT pg_catalog.count(*) FILTER (WHERE j.state = 'queued') AS queued,
       pg_catalog.count(*) FILTER (WHERE j.state = 'running') AS running,
       pg_catalog.count(*) FILTER (WHERE j.state = 'dead') AS dead,
       coalesce(pg_catalog.max(pg_catalog.now() - j.due_at)
                    FILTER (WHERE j.state IN ('queued', 'running') AND j.due_at <= pg_catalog.now()), '0') AS oldest
  FROM mad_migrate.job j;
COMMENT ON VIEW mad_migrate.queue_state IS 'How much there is to be done after commits';
COMMENT ON COLUMN mad_migrate.queue_state.queued IS 'Jobs to be done';
COMMENT ON COLUMN mad_migrate.queue_state.running IS 'Jobs being done';
COMMENT ON COLUMN mad_migrate.queue_state.dead IS 'Jobs that were given up; retry(job) revives one';
COMMENT ON COLUMN mad_migrate.queue_state.oldest IS 'For how long the oldest has been due';

CREATE FUNCTION mad_migrate.health() RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH branches AS MATERIALIZED (SELECT * FROM mad_migrate.branch_state)
    SELECT jsonb_build_object(
        'database_migrated', (SELECT coalesce(bool_and(b.up_to_date = b.databases), true) FROM branches b),
        'schema_version', (SELECT jsonb_object_agg(b.branch, nullif(b.version, '')) FROM branches b),
        'branches', (SELECT jsonb_object_agg(b.branch, to_jsonb(b) - 'branch' - 'version') FROM branches b),
        'failed', (SELECT coalesce(sum(b.failed + b.unusable), 0) FROM branches b),
        'pool', (SELECT coalesce(sum(b.pool), 0) FROM branches b),
        'queue', (SELECT jsonb_build_object('queued', q.queued, 'running', q.running, 'dead', q.dead,
                                            'oldest_seconds', floor(extract(epoch FROM q.oldest)))
                    FROM mad_migrate.queue_state q),
        'runs', (SELECT count(*) FROM mad_migrate.progress))
$$;
COMMENT ON FUNCTION mad_migrate.health IS
    'One jsonb that a health check can show: whether all databases are migrated, versions, counts, pool, queue; makes no connection';

CREATE FUNCTION mad_migrate.metrics() RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH branches AS MATERIALIZED (SELECT * FROM mad_migrate.branch_state),
    sample (family, help, labels, value) AS (
        SELECT 'databases', 'Databases by branch and state.',
               format('branch="%s",state="%s"', b.branch, c.state), c.number::numeric
          FROM branches b
         CROSS JOIN LATERAL (VALUES ('up_to_date', b.up_to_date), ('behind', b.behind), ('failed', b.failed),
                                    ('unusable', b.unusable)) c (state, number)
        UNION ALL
        SELECT 'pool', 'Spare clones by branch.', format('branch="%s"', b.branch), b.pool FROM branches b
        UNION ALL
        SELECT 'jobs', 'Jobs of the queue by state.', format('state="%s"', c.state), c.number
          FROM mad_migrate.queue_state q
         CROSS JOIN LATERAL (VALUES ('queued', q.queued), ('running', q.running), ('dead', q.dead)) c (state, number)
        UNION ALL
        SELECT 'oldest_job_seconds', 'For how long the oldest job has been due.', '',
               floor(extract(epoch FROM q.oldest)) FROM mad_migrate.queue_state q
        UNION ALL
        SELECT 'runs', 'Runs that go on.', '', count(*) FROM mad_migrate.progress)
    SELECT string_agg(block, '' ORDER BY family)
      FROM (SELECT s.family,
                   format(E'# HELP mad_migrate_%1$s %2$s\n# TYPE mad_migrate_%1$s gauge\n', s.family, s.help)
                   || string_agg(format(E'mad_migrate_%s%s %s\n', s.family,
                                        CASE WHEN s.labels <> '' THEN '{' || s.labels || '}' END, s.value),
                                 '' ORDER BY s.labels COLLATE "C") AS block
              FROM sample s GROUP BY s.family, s.help) f
$$;
COMMENT ON FUNCTION mad_migrate.metrics IS 'The same as text that Prometheus reads';
