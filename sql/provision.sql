-- Provisioning: an organization's database, from the pool of spare clones.

CREATE SEQUENCE mad_migrate.pool_number;
COMMENT ON SEQUENCE mad_migrate.pool_number IS 'Numbers in the names of spare clones';

-- CREATE DATABASE copies neither privileges nor settings; the settings hold the version.
CREATE FUNCTION mad_migrate.dress_clone(template text, clone text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source pg_database := (SELECT d FROM pg_database d WHERE d.datname = template);
    item record;
BEGIN
    IF source.datacl IS NOT NULL THEN
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', clone);
        -- What the template's owner has, the clone's owner has anyway.
        FOR item IN SELECT a.grantee, a.privilege_type, a.is_grantable
                      FROM aclexplode(source.datacl) a WHERE a.grantee <> source.datdba
        LOOP
            EXECUTE format('GRANT %s ON DATABASE %I TO %s%s', item.privilege_type, clone,
                           CASE WHEN item.grantee = 0 THEN 'PUBLIC' ELSE item.grantee::regrole::text END,
                           CASE WHEN item.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
        END LOOP;
    END IF;
    FOR item IN SELECT split_part(entry, '=', 1) AS name, substr(entry, strpos(entry, '=') + 1) AS value
                  FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) entry
                 WHERE s.setdatabase = source.oid AND s.setrole = 0
    LOOP
        -- A list of names is stored as it was written, and would be taken for one name.
        IF item.name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries') THEN
            PERFORM pg_catalog.set_config(item.name, item.value, true);
            EXECUTE pg_catalog.format('ALTER DATABASE %I SET %s FROM CURRENT', clone, item.name);
            PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        ELSE
            EXECUTE format('ALTER DATABASE %I SET %s TO %L', clone,
                           (SELECT string_agg(quote_ident(part), '.') FROM regexp_split_to_table(item.name, '\.') part),
                           item.value);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mad_migrate.dress_clone IS 'Internal: gives a clone the privileges and settings of its template';

CREATE FUNCTION mad_migrate.provision_org(organization text, branch text DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_provision_org';
COMMENT ON FUNCTION mad_migrate.provision_org(text, text) IS
    'The name of the organization''s database, which it has or gets with the caller''s commit';

CREATE FUNCTION mad_migrate.provision_org(organization uuid, branch text DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_provision_org';
COMMENT ON FUNCTION mad_migrate.provision_org(uuid, text) IS
    'The name of the organization''s database, which it has or gets with the caller''s commit';

CREATE FUNCTION mad_migrate.fill_pool(
    branch text DEFAULT NULL,
    size int DEFAULT NULL,
    OUT cloned int,
    OUT dropped int)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_fill_pool';
COMMENT ON FUNCTION mad_migrate.fill_pool IS
    'Drops spare clones that are half-made or of an old version and makes new ones, up to mad_migrate.pool_size; a size that is given is kept exactly';

CREATE FUNCTION mad_migrate.deprovision_org(organization text, grace interval DEFAULT '7 days', force boolean DEFAULT false, branch text DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_deprovision_org';
COMMENT ON FUNCTION mad_migrate.deprovision_org(text, interval, boolean, text) IS
    'Puts the organization''s database aside, where it can be restored from until the time that is returned; then it is dropped';

CREATE FUNCTION mad_migrate.deprovision_org(organization uuid, grace interval DEFAULT '7 days', force boolean DEFAULT false, branch text DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_deprovision_org';
COMMENT ON FUNCTION mad_migrate.deprovision_org(uuid, interval, boolean, text) IS
    'Puts the organization''s database aside, where it can be restored from until the time that is returned; then it is dropped';

CREATE FUNCTION mad_migrate.restore_org(organization text, branch text DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_restore_org';
COMMENT ON FUNCTION mad_migrate.restore_org(text, text) IS
    'Brings a deprovisioned organization''s database back under its name';

CREATE FUNCTION mad_migrate.restore_org(organization uuid, branch text DEFAULT NULL)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_restore_org';
COMMENT ON FUNCTION mad_migrate.restore_org(uuid, text) IS
    'Brings a deprovisioned organization''s database back under its name';

CREATE FUNCTION mad_migrate.provision_on_insert() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_provision_on_insert';
COMMENT ON FUNCTION mad_migrate.provision_on_insert IS
    'Gives each inserted organization a database; arguments: the column of its id, ''wait'' to wait where the pool is empty, ''branch=<name>''';

CREATE FUNCTION mad_migrate.deprovision_on_delete() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_deprovision_on_delete';
COMMENT ON FUNCTION mad_migrate.deprovision_on_delete IS
    'Puts the database of each deleted organization aside; arguments: the column of its id, ''grace=<interval>'', ''force'', ''branch=<name>''';

-- Deferred, so that the lock it takes is held for the commit only.
CREATE FUNCTION mad_migrate.note_arrival() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_note_arrival';
COMMENT ON FUNCTION mad_migrate.note_arrival IS
    'Internal: queues an upgrade of an organization''s database that appears while the template is moved';
CREATE CONSTRAINT TRIGGER note_arrival AFTER UPDATE ON mad_migrate.registry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind = 'organization' AND NEW.state = 'ready' AND (OLD.kind <> 'organization' OR OLD.state <> 'ready'))
    EXECUTE FUNCTION mad_migrate.note_arrival();
