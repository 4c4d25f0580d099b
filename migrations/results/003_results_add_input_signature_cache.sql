/*
Add input-signature cache

A job whose input was seen before is answered by the job that ran then.

Revision ID: 003_results
Revises: 002_results
Branch Labels:
Depends On:
Create Date: 2025-09-26 10:00:00
*/

-- migrate:upgrade
CREATE TABLE input_signatures (
    signature varchar(64) PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES docking_jobs (id) ON DELETE CASCADE,
    hits bigint NOT NULL DEFAULT '0'
);
SELECT mad_migrate.add_audit_columns('input_signatures');
SELECT mad_migrate.create_updated_at_trigger('input_signatures');
SELECT mad_migrate.create_index_if_not_exists('idx_input_signatures_job_id', 'input_signatures', ARRAY['job_id']);

-- migrate:downgrade
DROP TABLE input_signatures;
