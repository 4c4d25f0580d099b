-- Published versions: the heads where every session of the server can read them.

CREATE FUNCTION mad_migrate.publish_heads(branch text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version_table CONSTANT name := mad_migrate.find_version_table(branch);
    setting CONSTANT text := 'mad_revision.' || branch;
    heads text;
    published text;
BEGIN
    -- All settings of a database are one catalog row: of two branches publishing at once,
    -- the second would fail on that row instead of waiting for the first.
    LOCK TABLE mad_migrate.history IN SHARE UPDATE EXCLUSIVE MODE;

    EXECUTE format('SELECT string_agg(version_num, '','' ORDER BY version_num COLLATE "C") FROM mad_migrate.%I',
                   version_table)
        INTO heads;
    SELECT substr(item, length(setting) + 2) INTO published
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN unnest(s.setconfig) AS item
    WHERE d.datname = current_database() AND s.setrole = 0 AND starts_with(item, setting || '=');
    IF heads IS NOT DISTINCT FROM published THEN
        RETURN;
    END IF;

    IF NOT has_parameter_privilege(setting, 'SET') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('permission denied to publish the heads of branch "%s"', branch),
            DETAIL = format('Role "%s" must be allowed to set parameter "%s".', current_user, setting),
            HINT = format('A superuser allows it once for the whole server:'
                          ' GRANT SET ON PARAMETER mad_revision.%I TO %I.', branch, current_user);
    END IF;
    IF heads IS NULL THEN
        EXECUTE format('ALTER DATABASE %I RESET mad_revision.%I', current_database(), branch);
    ELSE
        EXECUTE format('ALTER DATABASE %I SET mad_revision.%I = %L', current_database(), branch, heads);
    END IF;
END
$$;
COMMENT ON FUNCTION mad_migrate.publish_heads(text) IS
    'Writes the heads of a branch, joined with commas in C order, to this database''s setting '
    'mad_revision.<branch>, unless they stand there already; no heads, no setting';
