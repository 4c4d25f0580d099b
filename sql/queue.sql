-- The queue: work that a transaction leaves to be done after its commit.

CREATE TABLE mad_migrate.job (
    job          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('provision', 'refill', 'drop', 'upgrade')),
    branch       text        NOT NULL,
    organization text,
    database     text,
    target       text,
    environment  text        DEFAULT pg_catalog.current_setting('mad_migrate.environment', true),
    run          bigint,
    state        text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead')),
    attempts     int         NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    created_by   text        NOT NULL DEFAULT session_user,
    created_xid  xid8        NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    started_at   timestamptz,
    finished_at  timestamptz,
    sqlstate     text,
    message      text,
    detail       text
);
COMMENT ON TABLE mad_migrate.job IS 'What view jobs is made of';
COMMENT ON COLUMN mad_migrate.job.job IS 'Number of the job';
COMMENT ON COLUMN mad_migrate.job.kind IS
    'provision (an organization''s database), refill (the pool), drop (a deprovisioned database) or upgrade';
COMMENT ON COLUMN mad_migrate.job.branch IS 'Branch it is about';
COMMENT ON COLUMN mad_migrate.job.organization IS 'Organization it is about';
COMMENT ON COLUMN mad_migrate.job.database IS 'Database it is about; of an upgrade, the only one to upgrade';
COMMENT ON COLUMN mad_migrate.job.target IS 'Target of an upgrade';
COMMENT ON COLUMN mad_migrate.job.environment IS 'Environment whose sections an upgrade runs';
COMMENT ON COLUMN mad_migrate.job.run IS 'Number that an upgrade''s run will have';
COMMENT ON COLUMN mad_migrate.job.state IS 'queued, running, done or dead (given up)';
COMMENT ON COLUMN mad_migrate.job.attempts IS 'How often it was tried';
COMMENT ON COLUMN mad_migrate.job.due_at IS 'Not to be tried before';
COMMENT ON COLUMN mad_migrate.job.created_at IS 'When it was queued';
COMMENT ON COLUMN mad_migrate.job.created_by IS 'Session user that queued it';
COMMENT ON COLUMN mad_migrate.job.created_xid IS 'Transaction that queued it';
COMMENT ON COLUMN mad_migrate.job.started_at IS 'When it was last tried';
COMMENT ON COLUMN mad_migrate.job.finished_at IS 'When it was done, or given up';
COMMENT ON COLUMN mad_migrate.job.sqlstate IS 'SQLSTATE of its last failure';
COMMENT ON COLUMN mad_migrate.job.message IS 'What went wrong last';
COMMENT ON COLUMN mad_migrate.job.detail IS 'Its DETAIL';
CREATE INDEX job_refill ON mad_migrate.job (created_xid) WHERE kind = 'refill' AND state = 'queued';
COMMENT ON INDEX mad_migrate.job_refill IS 'Finds the refill that a transaction has queued already';
CREATE INDEX job_due ON mad_migrate.job (due_at) WHERE state IN ('queued', 'running');
COMMENT ON INDEX mad_migrate.job_due IS 'Finds what is to be done among all that was';

CREATE FUNCTION mad_migrate.wake_worker() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_wake_worker';
COMMENT ON FUNCTION mad_migrate.wake_worker IS
    'Internal: has a worker look at the queue when the transaction has committed';
CREATE TRIGGER wake_worker AFTER INSERT ON mad_migrate.job
    FOR EACH ROW EXECUTE FUNCTION mad_migrate.wake_worker();

CREATE VIEW mad_migrate.jobs AS
SELECT j.job, j.kind, j.branch, j.organization, j.database, j.target, j.environment, j.run, j.state, j.attempts, j.due_at,
       j.created_at, j.created_by, j.started_at, j.finished_at,
       j.sqlstate, j.message, j.detail
  FROM mad_migrate.job j;
COMMENT ON VIEW mad_migrate.jobs IS
    'What is to be done after a commit, by a worker or by work(), and what became of it';
COMMENT ON COLUMN mad_migrate.jobs.job IS 'Number of the job';
COMMENT ON COLUMN mad_migrate.jobs.kind IS
    'provision (an organization''s database), refill (the pool), drop (a deprovisioned database) or upgrade';
COMMENT ON COLUMN mad_migrate.jobs.branch IS 'Branch it is about';
COMMENT ON COLUMN mad_migrate.jobs.organization IS 'Organization it is about';
COMMENT ON COLUMN mad_migrate.jobs.database IS 'Database it is about; of an upgrade, the only one to upgrade';
COMMENT ON COLUMN mad_migrate.jobs.target IS 'Target of an upgrade';
COMMENT ON COLUMN mad_migrate.jobs.environment IS 'Environment whose sections an upgrade runs';
COMMENT ON COLUMN mad_migrate.jobs.run IS 'Number that an upgrade''s run has, or will have';
COMMENT ON COLUMN mad_migrate.jobs.state IS
    'queued, running, done or dead: given up after mad_migrate.job_attempts failures, until retry(job)';
COMMENT ON COLUMN mad_migrate.jobs.attempts IS 'How often it was tried';
COMMENT ON COLUMN mad_migrate.jobs.due_at IS 'Not to be tried before';
COMMENT ON COLUMN mad_migrate.jobs.created_at IS 'When it was queued';
COMMENT ON COLUMN mad_migrate.jobs.created_by IS 'Session user that queued it';
COMMENT ON COLUMN mad_migrate.jobs.started_at IS 'When it was last tried';
COMMENT ON COLUMN mad_migrate.jobs.finished_at IS 'When it was done, or given up';
COMMENT ON COLUMN mad_migrate.jobs.sqlstate IS 'SQLSTATE of its last failure';
COMMENT ON COLUMN mad_migrate.jobs.message IS 'What went wrong last';
COMMENT ON COLUMN mad_migrate.jobs.detail IS 'Its DETAIL';

CREATE FUNCTION mad_migrate.work() RETURNS bigint
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_work';
COMMENT ON FUNCTION mad_migrate.work IS
    'Does the jobs that are due, where no worker is at it; returns how many';

CREATE FUNCTION mad_migrate.retry(job bigint) RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_retry';
COMMENT ON FUNCTION mad_migrate.retry IS
    'Has a job tried again at once, and as often as a new one: one that was given up, or waits for its next attempt';

CREATE FUNCTION mad_migrate.submit_upgrade(branch text, target text DEFAULT 'head') RETURNS bigint
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_submit_upgrade';
COMMENT ON FUNCTION mad_migrate.submit_upgrade IS
    'Leaves run_upgrade to a worker, after the commit; returns the number that the run will have';

CREATE PROCEDURE mad_migrate.run_queued_upgrade(job bigint)
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_run_queued_upgrade';
COMMENT ON PROCEDURE mad_migrate.run_queued_upgrade IS 'Internal: run_upgrade as a job of the queue asks for it';

CREATE FUNCTION mad_migrate.provision_queued(job bigint) RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_provision_queued';
COMMENT ON FUNCTION mad_migrate.provision_queued IS
    'Internal: provision_org as a job of the queue asks for it, unless the organization was taken away meanwhile';
