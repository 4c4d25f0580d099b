-- Branches.

CREATE FUNCTION mad_migrate.create_branch(
    branch text,
    database text DEFAULT NULL,
    template text DEFAULT NULL,
    database_pattern text DEFAULT NULL,
    owner text DEFAULT NULL,
    search_path text DEFAULT 'public')
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_create_branch';
COMMENT ON FUNCTION mad_migrate.create_branch IS
    'Creates a branch: of the control database, of one other database, or of many databases cloned from a template';

CREATE FUNCTION mad_migrate.alter_branch(
    branch text,
    owner text DEFAULT NULL,
    search_path text DEFAULT NULL,
    database_pattern text DEFAULT NULL)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_alter_branch';
COMMENT ON FUNCTION mad_migrate.alter_branch IS
    'Changes what is given of a branch; what is NULL stays';

CREATE FUNCTION mad_migrate.drop_branch(branch text)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_drop_branch';
COMMENT ON FUNCTION mad_migrate.drop_branch IS
    'Drops a branch and its scripts; refused while it is applied anywhere';
