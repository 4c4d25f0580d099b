-- Provisioning: an organization's database, from the pool of spare clones.

CREATE SEQUENCE mad_migrate.pool_number;
COMMENT ON SEQUENCE mad_migrate.pool_number IS 'Numbers in the names of spare clones';

CREATE FUNCTION mad_migrate.foreign_keeper(template text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT keeper.datname
              FROM pg_database kept
              JOIN pg_shdescription told ON told.objoid = kept.oid AND told.classoid = 'pg_database'::regclass
             CROSS JOIN LATERAL substring(told.description,
                                          'kept by mad_migrate in database ".*" [(]([0-9]{1,10})[)]$') named (oid)
              JOIN pg_database keeper
                ON keeper.oid = CASE WHEN named.oid::bigint < 2::bigint ^ 32 THEN named.oid::bigint::oid END
             CROSS JOIN mad_migrate.control ours
             WHERE kept.datname = template::name AND keeper.oid NOT IN (ours.database, coalesce(ours.original, ours.database)));
END
$$;
COMMENT ON FUNCTION mad_migrate.foreign_keeper IS
    'Internal: the other control database that keeps a template of that name, if one does';

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

CREATE FUNCTION mad_migrate.reconcile(
    repair boolean DEFAULT false,
    OUT branch text,
    OUT database text,
    OUT organization text,
    OUT problem text,
    OUT action text)
RETURNS SETOF record
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_reconcile';
COMMENT ON FUNCTION mad_migrate.reconcile IS
    'Where the registry and the databases that there are differ; with repair, what can be mended without loss is';

CREATE FUNCTION mad_migrate.adopt(branch text, database text)
RETURNS text
LANGUAGE c
AS 'MODULE_PATHNAME', 'mad_migrate_adopt';
COMMENT ON FUNCTION mad_migrate.adopt IS
    'Registers a database that is named as the branch''s are, and returns its organization';

-- Looking organizations' databases up.

CREATE FUNCTION mad_migrate.org_database(organization text, branch text DEFAULT NULL)
RETURNS text
LANGUAGE c STABLE
AS 'MODULE_PATHNAME', 'mad_migrate_org_database';
COMMENT ON FUNCTION mad_migrate.org_database(text, text) IS
    'The name of the organization''s database; NULL where it has none, or one that is to come or to go';

CREATE FUNCTION mad_migrate.org_database(organization uuid, branch text DEFAULT NULL)
RETURNS text
LANGUAGE c STABLE
AS 'MODULE_PATHNAME', 'mad_migrate_org_database';
COMMENT ON FUNCTION mad_migrate.org_database(uuid, text) IS
    'The name of the organization''s database; NULL where it has none, or one that is to come or to go';

CREATE FUNCTION mad_migrate.list_org_databases(branch text DEFAULT NULL)
RETURNS SETOF text
LANGUAGE c STABLE
AS 'MODULE_PATHNAME', 'mad_migrate_list_org_databases';
COMMENT ON FUNCTION mad_migrate.list_org_databases IS 'The names of the organizations'' databases';

CREATE VIEW mad_migrate.org_databases AS
SELECT r.branch, r.organization, r.database,
       CASE r.state WHEN 'ready' THEN s.status ELSE r.state END AS status,
       s.revisions, s.pending AS behind,
       CASE WHEN p.oid IS NOT NULL THEN pg_catalog.pg_database_size(p.oid) END AS size,
       r.created_at,
       (SELECT pg_catalog.max(e.finished_at) FROM mad_migrate.run_database_entry e
         WHERE e.database = r.database AND e.status = 'upgraded') AS last_upgraded_at,
       r.former_name, r.drop_after
  FROM mad_migrate.registry r
  LEFT JOIN mad_migrate.status() s ON s.branch = r.branch AND s.database = r.database
  LEFT JOIN pg_catalog.pg_database p ON p.datname = r.database AND r.server IS NULL
 WHERE r.kind = 'organization'
UNION ALL
SELECT j.branch, j.organization, j.database, CASE WHEN j.state = 'dead' THEN 'given up' WHEN j.message IS NOT NULL THEN 'failing' ELSE 'queued' END,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM mad_migrate.job j
 WHERE j.kind = 'provision' AND j.state <> 'done'
   AND NOT EXISTS (SELECT FROM mad_migrate.registry r
                    WHERE r.branch = j.branch AND r.organization = j.organization AND r.state <> 'dropping');
COMMENT ON VIEW mad_migrate.org_databases IS 'Every organization''s database, also those that are to come or to go';
COMMENT ON COLUMN mad_migrate.org_databases.branch IS 'Branch it is a database of';
COMMENT ON COLUMN mad_migrate.org_databases.organization IS 'The organization whose database it is';
COMMENT ON COLUMN mad_migrate.org_databases.database IS 'Name of the database';
COMMENT ON COLUMN mad_migrate.org_databases.status IS
    'As in status(); or queued (not made yet), failing (its job will be tried again), given up (it failed too often; see jobs), deprovisioned (can be restored), dropping';
COMMENT ON COLUMN mad_migrate.org_databases.revisions IS 'Its heads';
COMMENT ON COLUMN mad_migrate.org_databases.behind IS 'Revisions that it lacks';
COMMENT ON COLUMN mad_migrate.org_databases.size IS 'Its size on disk, in bytes';
COMMENT ON COLUMN mad_migrate.org_databases.created_at IS 'When the organization got it';
COMMENT ON COLUMN mad_migrate.org_databases.last_upgraded_at IS 'When an upgrade last changed it';
COMMENT ON COLUMN mad_migrate.org_databases.former_name IS 'Of a deprovisioned one: the name it had';
COMMENT ON COLUMN mad_migrate.org_databases.drop_after IS 'Of a deprovisioned one: from when on it may be dropped';
