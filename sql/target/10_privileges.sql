-- Privileges: nothing for PUBLIC, and the helpers for who is to run scripts.

CREATE FUNCTION mad_migrate.grant_helpers(grantee text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA mad_migrate TO %I', grantee);
    EXECUTE format('GRANT EXECUTE ON FUNCTION'
                   ' mad_migrate.add_audit_columns, mad_migrate.create_updated_at_trigger,'
                   ' mad_migrate.drop_updated_at_function, mad_migrate.create_enum_type,'
                   ' mad_migrate.drop_enum_type, mad_migrate.add_enum_value,'
                   ' mad_migrate.create_index_if_not_exists, mad_migrate.create_partial_index,'
                   ' mad_migrate.add_uuid_primary_key, mad_migrate.add_foreign_key_with_index TO %I', grantee);
    -- What these call runs with the same rights.
    EXECUTE format('GRANT EXECUTE ON FUNCTION'
                   ' mad_migrate.find_table, mad_migrate.describe_column, mad_migrate.add_column_if_absent,'
                   ' mad_migrate.find_enum_type, mad_migrate.enum_values, mad_migrate.build_index,'
                   ' mad_migrate.index_shape, mad_migrate.wanted_index_shape, mad_migrate.ensure_index TO %I', grantee);
END
$$;
COMMENT ON FUNCTION mad_migrate.grant_helpers(text) IS
    'Allows a role that runs scripts to call the helpers for scripts, and nothing else of this schema';

REVOKE ALL ON SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA mad_migrate FROM PUBLIC;
