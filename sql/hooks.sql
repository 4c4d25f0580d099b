-- Hooks: functions of the user's that a run calls.

CREATE TABLE mad_migrate.hook (
    event    text        NOT NULL
             CHECK (event IN ('before_run', 'after_run', 'before_revision', 'after_revision', 'on_failure',
                              'after_provision', 'before_deprovision')),
    branch   text        NOT NULL REFERENCES mad_migrate.branch ON UPDATE CASCADE ON DELETE CASCADE,
    function text        NOT NULL,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    added_by text        NOT NULL DEFAULT session_user,
    PRIMARY KEY (branch, event, function)
);
COMMENT ON TABLE mad_migrate.hook IS
    'Functions that runs of a branch call with one jsonb, as the branch''s owner. Use add_hook and remove_hook.';
COMMENT ON COLUMN mad_migrate.hook.event IS 'When it is called';
COMMENT ON COLUMN mad_migrate.hook.branch IS 'Branch whose runs call it';
COMMENT ON COLUMN mad_migrate.hook.function IS 'The function, of one argument of type jsonb';
COMMENT ON COLUMN mad_migrate.hook.added_at IS 'When it was added';
COMMENT ON COLUMN mad_migrate.hook.added_by IS 'Session user that added it';
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.hook', '');

CREATE FUNCTION mad_migrate.add_hook(event text, branch text, function regproc)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_add_hook';
COMMENT ON FUNCTION mad_migrate.add_hook IS
    'Has a function of one jsonb called at an event of the branch''s runs; before_… can refuse by an error, of any other an error is a warning';

CREATE FUNCTION mad_migrate.remove_hook(event text, branch text, function text)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_remove_hook';
COMMENT ON FUNCTION mad_migrate.remove_hook IS 'Takes back add_hook';
