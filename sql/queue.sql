-- The queue: work that a transaction leaves to be done after its commit.

CREATE TABLE mad_migrate.job (
    job          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('provision', 'refill', 'drop', 'upgrade')),
    branch       text        NOT NULL,
    organization text,
    database     text,
    target       text,
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
