-- Looking at branches and databases.

CREATE FUNCTION mad_migrate.current(
    branch text,
    databases text[] DEFAULT NULL,
    OUT database text,
    OUT revision text,
    OUT is_head boolean)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_current';
COMMENT ON FUNCTION mad_migrate.current IS
    'The revisions that databases are at, read from their version tables';

CREATE FUNCTION mad_migrate.heads(
    branch text,
    OUT revision text,
    OUT down_revisions text[],
    OUT depends_on text[],
    OUT labels text[],
    OUT message text,
    OUT is_head boolean,
    OUT is_current boolean,
    OUT created_at timestamptz)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_heads';
COMMENT ON FUNCTION mad_migrate.heads IS 'The revisions on which no other follows';

CREATE FUNCTION mad_migrate.branch_points(
    branch text,
    OUT revision text,
    OUT down_revisions text[],
    OUT depends_on text[],
    OUT labels text[],
    OUT message text,
    OUT is_head boolean,
    OUT is_current boolean,
    OUT created_at timestamptz)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_branch_points';
COMMENT ON FUNCTION mad_migrate.branch_points IS 'The revisions on which more than one follows';

CREATE FUNCTION mad_migrate.history(
    branch text,
    range text DEFAULT NULL,
    OUT revision text,
    OUT down_revisions text[],
    OUT depends_on text[],
    OUT labels text[],
    OUT message text,
    OUT is_head boolean,
    OUT is_current boolean,
    OUT created_at timestamptz)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_history';
COMMENT ON FUNCTION mad_migrate.history IS
    'The branch''s revisions, newest first; range is [from]:[to], either side may be current';

CREATE FUNCTION mad_migrate.show(
    branch text,
    revision text,
    OUT revision text,
    OUT down_revisions text[],
    OUT depends_on text[],
    OUT labels text[],
    OUT message text,
    OUT is_head boolean,
    OUT is_current boolean,
    OUT created_at timestamptz)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_show';
COMMENT ON FUNCTION mad_migrate.show IS 'The revisions that an identifier names';

CREATE FUNCTION mad_migrate.history_graph(branch text, format text DEFAULT 'text')
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_history_graph';
COMMENT ON FUNCTION mad_migrate.history_graph IS
    'The branch''s graph drawn as text, dot or mermaid';

CREATE FUNCTION mad_migrate.status(
    branch text DEFAULT NULL,
    OUT branch text,
    OUT database text,
    OUT kind text,
    OUT revisions text[],
    OUT status text,
    OUT pending int,
    OUT problem text)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_status';
COMMENT ON FUNCTION mad_migrate.status IS
    'Every database of the branch, or of all branches, and how many revisions it is behind; makes no connection';
