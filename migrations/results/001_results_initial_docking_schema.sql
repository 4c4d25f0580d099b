/*
Initial docking schema

Docking jobs, the results of their tasks and the files they leave behind.

Revision ID: 001_results
Revises:
Branch Labels: results
Depends On:
Create Date: 2025-09-12 10:00:00
*/

-- migrate:upgrade
SELECT mad_migrate.create_enum_type('job_status', ARRAY['pending', 'running', 'completed', 'failed', 'cancelled']);
SELECT mad_migrate.create_enum_type('artifact_type',
    ARRAY['receptor', 'ligand', 'docking_result', 'execution_log', 'analysis_report']);

CREATE TABLE docking_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name varchar(255) NOT NULL,
    description text,
    status job_status NOT NULL DEFAULT 'pending',
    engine_name varchar(50) NOT NULL,
    engine_version varchar(50),
    params json NOT NULL,
    input_signature varchar(64) NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    execution_time_seconds double precision,
    error_message text,
    metadata json
);
SELECT mad_migrate.add_audit_columns('docking_jobs');
SELECT mad_migrate.create_updated_at_trigger('docking_jobs');

CREATE TABLE task_results (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id uuid NOT NULL,
    task_name varchar(100) NOT NULL,
    status varchar(20) NOT NULL,
    result_data json NOT NULL,
    confidence_score double precision,
    execution_time_seconds double precision,
    metadata json
);
SELECT mad_migrate.add_audit_columns('task_results');
SELECT mad_migrate.create_updated_at_trigger('task_results');
SELECT mad_migrate.add_foreign_key_with_index('task_results', 'job_id', 'docking_jobs',
    ondelete => 'CASCADE', name => 'fk_task_results_job');

CREATE TABLE artifacts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id uuid NOT NULL,
    artifact_type artifact_type NOT NULL,
    file_path varchar(500) NOT NULL,
    original_filename varchar(255) NOT NULL,
    content_type varchar(100),
    size_bytes bigint NOT NULL,
    checksum_sha256 varchar(64) NOT NULL,
    metadata json
);
SELECT mad_migrate.add_audit_columns('artifacts');
SELECT mad_migrate.create_updated_at_trigger('artifacts');
SELECT mad_migrate.add_foreign_key_with_index('artifacts', 'job_id', 'docking_jobs',
    ondelete => 'CASCADE', name => 'fk_artifacts_job');

SELECT mad_migrate.create_index_if_not_exists('idx_docking_jobs_org_id', 'docking_jobs', ARRAY['org_id']);
SELECT mad_migrate.create_index_if_not_exists('idx_docking_jobs_user_id', 'docking_jobs', ARRAY['user_id']);
SELECT mad_migrate.create_index_if_not_exists('idx_docking_jobs_status', 'docking_jobs', ARRAY['status']);
SELECT mad_migrate.create_index_if_not_exists('idx_docking_jobs_input_signature', 'docking_jobs',
    ARRAY['input_signature']);
SELECT mad_migrate.create_index_if_not_exists('idx_docking_jobs_created_at', 'docking_jobs', ARRAY['created_at']);
-- The scheduler's question; almost all jobs are done and stay out of it.
SELECT mad_migrate.create_partial_index('idx_active_jobs', 'docking_jobs', ARRAY['status', 'created_at'],
    $$status IN ('pending', 'running')$$);
SELECT mad_migrate.create_index_if_not_exists('idx_artifacts_type', 'artifacts', ARRAY['artifact_type']);

-- migrate:downgrade
DROP TABLE artifacts;
DROP TABLE task_results;
DROP TABLE docking_jobs;
SELECT mad_migrate.drop_enum_type('artifact_type');
SELECT mad_migrate.drop_enum_type('job_status');
SELECT mad_migrate.drop_updated_at_function();
