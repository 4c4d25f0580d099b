-- Privileges: nothing for PUBLIC, and the helpers for who is to run scripts.

CREATE FUNCTION mad_migrate.grant_helpers(grantee text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA mad_migrate TO %I', grantee);
    EXECUTE format('GRANT EXECUTE ON ROUTINE'
                   ' mad_migrate.add_audit_columns, mad_migrate.drop_audit_columns,'
                   ' mad_migrate.create_updated_at_trigger, mad_migrate.drop_updated_at_trigger,'
                   ' mad_migrate.drop_updated_at_function, mad_migrate.create_enum_type,'
                   ' mad_migrate.drop_enum_type, mad_migrate.add_enum_value, mad_migrate.drop_enum_value,'
                   ' mad_migrate.replace_enum_type, mad_migrate.create_index_if_not_exists,'
                   ' mad_migrate.create_partial_index, mad_migrate.add_uuid_primary_key,'
                   ' mad_migrate.drop_uuid_primary_key, mad_migrate.add_foreign_key_with_index,'
                   ' mad_migrate.drop_foreign_key_with_index, mad_migrate.set_not_null_online,'
                   ' mad_migrate.backfill, mad_migrate.estimate_backfill,'
                   ' mad_migrate.begin_column_rename, mad_migrate.finish_column_rename,'
                   ' mad_migrate.cancel_column_rename, mad_migrate.begin_column_type_change,'
                   ' mad_migrate.finish_column_type_change, mad_migrate.cancel_column_type_change TO %I', grantee);
    -- What these call runs with the same rights.
    EXECUTE format('GRANT EXECUTE ON ROUTINE'
                   ' mad_migrate.find_table, mad_migrate.name_of_table, mad_migrate.describe_column,'
                   ' mad_migrate.add_column_if_absent, mad_migrate.find_enum_type, mad_migrate.require_enum_type,'
                   ' mad_migrate.enum_values, mad_migrate.list_enum_values, mad_migrate.enum_columns,'
                   ' mad_migrate.enum_dependents, mad_migrate.refuse_enum_dependents, mad_migrate.replace_labels,'
                   ' mad_migrate.change_enum_columns, mad_migrate.copy_type_properties,'
                   ' mad_migrate.replace_default_label, mad_migrate.remake_enum_dependent,'
                   ' mad_migrate.build_index, mad_migrate.index_shape, mad_migrate.wanted_index_shape,'
                   ' mad_migrate.ensure_index, mad_migrate.delete_action, mad_migrate.ensure_foreign_key,'
                   ' mad_migrate.not_null_check_name, mad_migrate.begin_not_null, mad_migrate.validate_not_null,'
                   ' mad_migrate.finish_not_null, mad_migrate.block_of, mad_migrate.count_blocks,'
                   ' mad_migrate.refuse_backfill, mad_migrate.answer_in_transaction, mad_migrate.refuse_in_transaction,'
                   ' mad_migrate.backfill_tables, mad_migrate.begin_backfill,'
                   ' mad_migrate.fill_batch, mad_migrate.end_round, mad_migrate.advance_backfill,'
                   ' mad_migrate.run_batch, mad_migrate.report_backfill, mad_migrate.rest,'
                   ' mad_migrate.sync_trigger_name, mad_migrate.sync_function_name, mad_migrate.find_column,'
                   ' mad_migrate.find_sync, mad_migrate.refuse_sync, mad_migrate.create_sync_trigger,'
                   ' mad_migrate.unfilled_rows, mad_migrate.backfill_call, mad_migrate.begin_sync,'
                   ' mad_migrate.end_sync, mad_migrate.cancel_sync, mad_migrate.raise_no_sync,'
                   ' mad_migrate.with_column_renamed, mad_migrate.without_casts, mad_migrate.column_attachments,'
                   ' mad_migrate.refuse_unmatched, mad_migrate.shadow_name, mad_migrate.move_attachments,'
                   ' mad_migrate.move_column_properties, mad_migrate.refuse_unfilled TO %I', grantee);
    -- Of its own rows, which a policy sees to.
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON mad_migrate.backfill_position TO %I', grantee);
END
$$;
COMMENT ON FUNCTION mad_migrate.grant_helpers(text) IS
    'Allows a role that runs scripts to call the helpers for scripts, and nothing else of this schema';

REVOKE ALL ON SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA mad_migrate FROM PUBLIC;
