-- Scripts: adding, removing and writing them.

CREATE FUNCTION mad_migrate.add_scripts(branch text, scripts text[], filenames text[] DEFAULT NULL)
RETURNS SETOF text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_add_scripts';
COMMENT ON FUNCTION mad_migrate.add_scripts IS
    'Adds scripts as one set and returns the revisions that are new or changed; all or none are added';

CREATE FUNCTION mad_migrate.add_script(branch text, script text, filename text DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_add_script';
COMMENT ON FUNCTION mad_migrate.add_script IS
    'Adds one script and returns its revision, or NULL when that very script was there already';

CREATE FUNCTION mad_migrate.load_scripts(branch text, directory text DEFAULT NULL)
RETURNS SETOF text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_load_scripts';
COMMENT ON FUNCTION mad_migrate.load_scripts IS
    'Adds the .sql files of a folder on the server''s disk; without one, those the extension ships for the branch';

CREATE FUNCTION mad_migrate.remove_script(branch text, revision text)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_remove_script';
COMMENT ON FUNCTION mad_migrate.remove_script IS
    'Removes a script on which no other builds and which is applied nowhere';

CREATE FUNCTION mad_migrate.revision(
    branch text,
    message text DEFAULT 'empty message',
    head text DEFAULT 'head',
    splice boolean DEFAULT false,
    rev_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    depends_on text[] DEFAULT NULL,
    sql text DEFAULT NULL,
    downgrade_sql text DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_revision';
COMMENT ON FUNCTION mad_migrate.revision IS
    'Writes a new revision''s script; with SQL given the script is added, without it is a draft to fill in';

CREATE FUNCTION mad_migrate.merge(
    branch text,
    revisions text[],
    message text DEFAULT 'merge',
    splice boolean DEFAULT false,
    rev_id text DEFAULT NULL,
    labels text[] DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_merge';
COMMENT ON FUNCTION mad_migrate.merge IS
    'Adds a revision without statements that joins several heads, and returns its script';
