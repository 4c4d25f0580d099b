-- History.

CREATE TABLE mad_migrate.history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    branch text NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL CONSTRAINT history_direction_check CHECK (direction IN ('upgrade', 'downgrade', 'stamp')),
    checksum text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    statements int CONSTRAINT history_statements_check CHECK (statements >= 0),
    statements_done int CONSTRAINT history_statements_done_check CHECK (statements_done BETWEEN 0 AND statements),
    statement_started int CONSTRAINT history_statement_started_check CHECK (statement_started BETWEEN 1 AND statements),
    applied_by text NOT NULL DEFAULT session_user,
    run bigint,
    CONSTRAINT history_counts_check CHECK ((statements IS NULL) = (statements_done IS NULL)),
    CONSTRAINT history_unfinished_check CHECK (
        CASE WHEN finished_at IS NULL THEN statements IS NOT NULL
             ELSE statements_done IS NOT DISTINCT FROM statements AND statement_started IS NULL END)
);
CREATE UNIQUE INDEX history_unfinished_key ON mad_migrate.history (branch) WHERE finished_at IS NULL;

COMMENT ON TABLE mad_migrate.history IS
    'Every step run in this database, in order; a row without finished_at is a step to be resumed';
COMMENT ON COLUMN mad_migrate.history.id IS 'Order of the steps';
COMMENT ON COLUMN mad_migrate.history.branch IS 'Branch of the revision';
COMMENT ON COLUMN mad_migrate.history.revision IS
    'Revision that was applied, reverted or stamped; empty for a stamp to base';
COMMENT ON COLUMN mad_migrate.history.direction IS 'upgrade, downgrade or stamp';
COMMENT ON COLUMN mad_migrate.history.checksum IS 'Checksum of the script that was run; none for a stamp';
COMMENT ON COLUMN mad_migrate.history.started_at IS 'When the step began';
COMMENT ON COLUMN mad_migrate.history.finished_at IS
    'When the step was complete; none: an unfinished step of a script that cannot run in a transaction';
COMMENT ON COLUMN mad_migrate.history.statements IS
    'Number of statements of a script run one by one; none for a script run in one transaction';
COMMENT ON COLUMN mad_migrate.history.statements_done IS 'How many of them are complete';
COMMENT ON COLUMN mad_migrate.history.statement_started IS
    'The statement being run, counted from 1; after a crash, the one whose outcome is unknown';
COMMENT ON COLUMN mad_migrate.history.applied_by IS 'Session user that ran the step';
COMMENT ON COLUMN mad_migrate.history.run IS 'Run in the ledger of the control database, if there was one';
COMMENT ON INDEX mad_migrate.history_unfinished_key IS 'A branch has at most one unfinished step';
