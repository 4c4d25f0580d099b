-- Branches, their scripts and their databases.

DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'mad_migrate needs a control database with encoding UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = pg_catalog.format('Database "%s" has encoding %s.',
                                             pg_catalog.current_database(),
                                             pg_catalog.getdatabaseencoding()),
                  HINT = 'Create the control database with ENCODING ''UTF8''.';
    END IF;
END
$$;

CREATE TABLE mad_migrate.branch (
    branch           text        PRIMARY KEY,
    owner            regrole     NOT NULL,
    database         text,
    template         text,
    database_pattern text,
    search_path      text        NOT NULL DEFAULT 'public',
    shipped          boolean     NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT branch_has_one_database_or_a_template CHECK (database IS NULL OR template IS NULL),
    CONSTRAINT branch_pattern_goes_with_template
        CHECK ((template IS NULL) = (database_pattern IS NULL)),
    CONSTRAINT branch_pattern_names_the_organization
        CHECK (pg_catalog.strpos(database_pattern, '{org_id}') > 0)
);
COMMENT ON TABLE mad_migrate.branch IS
    'Lines of schema, each with its own scripts, version table and databases. Use create_branch, alter_branch and drop_branch.';
COMMENT ON COLUMN mad_migrate.branch.branch IS 'Name; also names the version table and the setting mad_revision.<branch>';
COMMENT ON COLUMN mad_migrate.branch.owner IS 'Role that the branch''s scripts run as';
COMMENT ON COLUMN mad_migrate.branch.database IS 'The branch''s one database; NULL is the control database, unless there is a template';
COMMENT ON COLUMN mad_migrate.branch.template IS 'Database from which the branch''s many databases are cloned';
COMMENT ON COLUMN mad_migrate.branch.database_pattern IS 'Names of the branch''s many databases, with {org_id} in it';
COMMENT ON COLUMN mad_migrate.branch.search_path IS 'search_path that scripts run with';
COMMENT ON COLUMN mad_migrate.branch.shipped IS 'As CREATE EXTENSION registered it; not part of a dump';
COMMENT ON COLUMN mad_migrate.branch.created_at IS 'When the branch was created';

CREATE TABLE mad_migrate.script (
    branch           text        NOT NULL REFERENCES mad_migrate.branch ON UPDATE CASCADE ON DELETE CASCADE,
    revision         text        NOT NULL,
    filename         text        NOT NULL,
    down_revisions   text[]      NOT NULL,
    depends_on       text[]      NOT NULL,
    labels           text[]      NOT NULL,
    message          text        NOT NULL,
    created_at       timestamptz,
    requirements     text[]      NOT NULL,
    irreversible     text,
    sections         text[]      NOT NULL,
    outside_transaction text[]   NOT NULL,
    script           text        NOT NULL,
    checksum         text        NOT NULL,
    shipped          boolean     NOT NULL DEFAULT false,
    added_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    added_by         text        NOT NULL DEFAULT session_user,
    PRIMARY KEY (branch, revision)
);
COMMENT ON TABLE mad_migrate.script IS
    'One row per revision: the script and what its header and the server''s parser say of it. Use add_script, load_scripts and remove_script.';
COMMENT ON COLUMN mad_migrate.script.branch IS 'Branch the script belongs to';
COMMENT ON COLUMN mad_migrate.script.revision IS 'Revision ID of the header';
COMMENT ON COLUMN mad_migrate.script.filename IS 'Load order of the branch is by this, then by revision, in C collation';
COMMENT ON COLUMN mad_migrate.script.down_revisions IS 'Revises; several make a merge, none a base';
COMMENT ON COLUMN mad_migrate.script.depends_on IS 'Depends On: ids or labels';
COMMENT ON COLUMN mad_migrate.script.labels IS 'Branch Labels';
COMMENT ON COLUMN mad_migrate.script.message IS 'First paragraph of the header';
COMMENT ON COLUMN mad_migrate.script.created_at IS 'Create Date';
COMMENT ON COLUMN mad_migrate.script.requirements IS 'Requires: revisions of other branches, as branch@revision';
COMMENT ON COLUMN mad_migrate.script.irreversible IS 'Why there is no downgrade';
COMMENT ON COLUMN mad_migrate.script.sections IS 'The script''s sections, by their markers';
COMMENT ON COLUMN mad_migrate.script.outside_transaction IS 'Those of the sections that cannot run in a transaction';
COMMENT ON COLUMN mad_migrate.script.script IS 'The whole text';
COMMENT ON COLUMN mad_migrate.script.checksum IS 'SHA-256 of the text in UTF-8';
COMMENT ON COLUMN mad_migrate.script.shipped IS 'As CREATE EXTENSION registered it; not part of a dump';
COMMENT ON COLUMN mad_migrate.script.added_at IS 'When this text was added';
COMMENT ON COLUMN mad_migrate.script.added_by IS 'Session user that added it';

CREATE TABLE mad_migrate.registry (
    branch       text        NOT NULL REFERENCES mad_migrate.branch ON UPDATE CASCADE,
    database     text        NOT NULL,
    kind         text        NOT NULL DEFAULT 'organization'
                 CHECK (kind IN ('pooled', 'organization')),
    organization text,
    state        text        NOT NULL DEFAULT 'ready'
                 CHECK (state IN ('creating', 'ready', 'deprovisioned', 'dropping')),
    former_name  text,
    drop_after   timestamptz,
    server       text,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (branch, database),
    CONSTRAINT registry_name_and_time_when_deprovisioned
        CHECK (state <> 'deprovisioned' OR (former_name IS NOT NULL AND drop_after IS NOT NULL))
);
CREATE UNIQUE INDEX registry_organization ON mad_migrate.registry (branch, organization)
    WHERE organization IS NOT NULL AND state <> 'dropping';
COMMENT ON INDEX mad_migrate.registry_organization IS 'An organization has one database of a branch';
CREATE INDEX registry_pool ON mad_migrate.registry (branch, database) WHERE kind = 'pooled' AND state = 'ready';
COMMENT ON INDEX mad_migrate.registry_pool IS 'Finds a spare clone among many organizations'' databases';
COMMENT ON TABLE mad_migrate.registry IS
    'The databases of branches with a template. A branch''s one database, and its template, are named by the branch itself.';
COMMENT ON COLUMN mad_migrate.registry.branch IS 'Branch whose template it is a clone of';
COMMENT ON COLUMN mad_migrate.registry.database IS 'Name of the database';
COMMENT ON COLUMN mad_migrate.registry.kind IS 'pooled (a spare clone) or organization';
COMMENT ON COLUMN mad_migrate.registry.organization IS 'The organization whose database it is';
COMMENT ON COLUMN mad_migrate.registry.state IS
    'creating (recorded before CREATE DATABASE), ready, deprovisioned (put aside, can be restored) or dropping';
COMMENT ON COLUMN mad_migrate.registry.former_name IS 'Name that a deprovisioned database had, and has again when it is restored';
COMMENT ON COLUMN mad_migrate.registry.drop_after IS 'From when on a deprovisioned database may be dropped';
COMMENT ON COLUMN mad_migrate.registry.server IS 'Foreign server it lives on; NULL is this one';
COMMENT ON COLUMN mad_migrate.registry.created_at IS 'When it was registered';

-- A control database that CREATE DATABASE ... TEMPLATE copied would otherwise move its original's databases.
CREATE TABLE mad_migrate.control (
    one_row  boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    database oid     NOT NULL,
    original oid
);
COMMENT ON TABLE mad_migrate.control IS 'The database whose extension this is: in a copy, another than the current one';
COMMENT ON COLUMN mad_migrate.control.one_row IS 'There is one row';
COMMENT ON COLUMN mad_migrate.control.database IS 'The control database that moves the branches'' other databases';
COMMENT ON COLUMN mad_migrate.control.original IS 'In a copy that has taken over: the database in whose place it came';
INSERT INTO mad_migrate.control (database)
SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database();

CREATE FUNCTION mad_migrate.take_over() RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE mad_migrate.control
       SET original = database,
           database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database());
END;
COMMENT ON FUNCTION mad_migrate.take_over IS
    'Lets a copy of the control database move the branches'' other databases, in its original''s place';

-- CREATE EXTENSION, which begins a restore, has shipped rows in place of which users have theirs.
CREATE FUNCTION mad_migrate.replace_shipped_branch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE mad_migrate.branch AS b
       SET (owner, database, template, database_pattern, search_path, shipped, created_at)
         = (NEW.owner, NEW.database, NEW.template, NEW.database_pattern, NEW.search_path, false, NEW.created_at)
     WHERE b.branch = NEW.branch AND b.shipped;
    RETURN CASE WHEN NOT FOUND THEN NEW END;
END
$$;
COMMENT ON FUNCTION mad_migrate.replace_shipped_branch IS
    'Internal: puts a restored branch in place of the shipped one of that name, whose scripts stay';
CREATE TRIGGER replace_shipped_branch BEFORE INSERT ON mad_migrate.branch
    FOR EACH ROW WHEN (NOT NEW.shipped) EXECUTE FUNCTION mad_migrate.replace_shipped_branch();

CREATE FUNCTION mad_migrate.replace_shipped_script() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM mad_migrate.script AS s
     WHERE s.branch = NEW.branch AND s.revision = NEW.revision AND s.shipped;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION mad_migrate.replace_shipped_script IS
    'Internal: puts a user''s script in place of the shipped one of that revision';
CREATE TRIGGER replace_shipped_script BEFORE INSERT ON mad_migrate.script
    FOR EACH ROW WHEN (NOT NEW.shipped) EXECUTE FUNCTION mad_migrate.replace_shipped_script();

-- What users put in is part of a dump; what CREATE EXTENSION puts in comes back with it.
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.branch', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.script', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.registry', '');
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.history', '');
SELECT pg_catalog.pg_extension_config_dump('mad_migrate.history_id_seq', '');

CREATE FUNCTION mad_migrate.published_version(database text, branch text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT substr(s.setting, strpos(s.setting, '=') + 1)
              FROM pg_database d
              JOIN pg_db_role_setting r ON r.setdatabase = d.oid AND r.setrole = 0
             CROSS JOIN unnest(r.setconfig) s (setting)
             WHERE d.datname = database::name AND starts_with(s.setting, 'mad_revision.' || branch || '='));
END
$$;
COMMENT ON FUNCTION mad_migrate.published_version IS
    'Internal: a database''s heads as the shared catalog has them, with commas between';

-- Every database of every branch, and the version that the shared catalog has of it: no connection is made.
CREATE VIEW mad_migrate.databases AS
SELECT d.branch, d.database, d.kind, d.organization, d.server,
       p.oid IS NOT NULL OR d.server IS NOT NULL AS present,
       pg_catalog.string_to_array(
           (SELECT pg_catalog.substr(s.setting, pg_catalog.strpos(s.setting, '=') + 1)
              FROM pg_catalog.pg_db_role_setting r, pg_catalog.unnest(r.setconfig) s (setting)
             WHERE r.setdatabase = p.oid AND r.setrole = 0
               AND pg_catalog.split_part(s.setting, '=', 1) = 'mad_revision.' || d.branch),
           ',') AS revisions
  FROM (SELECT b.branch, coalesce(b.database, pg_catalog.current_database()) AS database, 'main' AS kind,
               NULL::text AS organization, NULL::text AS server
          FROM mad_migrate.branch b WHERE b.template IS NULL
        UNION ALL
        SELECT b.branch, b.template, 'template', NULL, NULL
          FROM mad_migrate.branch b WHERE b.template IS NOT NULL
        UNION ALL
        SELECT g.branch, g.database, g.kind, g.organization, g.server
          FROM mad_migrate.registry g WHERE g.state = 'ready') d
  LEFT JOIN pg_catalog.pg_database p ON p.datname = d.database AND d.server IS NULL;
COMMENT ON VIEW mad_migrate.databases IS
    'Every database of every branch with its version, read from the shared catalog without connecting to any';
COMMENT ON COLUMN mad_migrate.databases.branch IS 'Branch it belongs to';
COMMENT ON COLUMN mad_migrate.databases.database IS 'Name of the database';
COMMENT ON COLUMN mad_migrate.databases.kind IS 'main, template, pooled or organization';
COMMENT ON COLUMN mad_migrate.databases.organization IS 'The organization whose database it is';
COMMENT ON COLUMN mad_migrate.databases.server IS 'Foreign server it lives on; NULL is this one';
COMMENT ON COLUMN mad_migrate.databases.present IS 'Whether the database exists';
COMMENT ON COLUMN mad_migrate.databases.revisions IS 'Its heads as of its last migration; NULL when there was none';
