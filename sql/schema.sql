-- The schema, for which a schema of that name must not be there already: it would be somebody else's.

DO $$
BEGIN
    IF pg_catalog.to_regnamespace('mad_migrate') IS NOT NULL THEN
        RAISE EXCEPTION 'schema "mad_migrate" already exists'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'The extension makes it and adopts nothing, whether Alembic or a kit was there first.',
                  HINT = 'The extension belongs in the control database alone; one that it migrates has the schema already. '
                         'To make this one a control database, put the schema aside with ALTER SCHEMA mad_migrate RENAME TO '
                         'old_mad_migrate, create the extension, and say which revisions are applied with mad_migrate.stamp.';
    END IF;
END
$$;
CREATE SCHEMA mad_migrate;
