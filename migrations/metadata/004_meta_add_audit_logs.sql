/*
Add audit logs

Revision ID: 004_meta
Revises: 003_meta
Branch Labels:
Depends On:
Create Date: 2025-10-03 09:00:00
*/

-- migrate:upgrade
-- No foreign keys: the trail must outlive the organizations and users it tells about.
CREATE TABLE audit_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid,
    user_id uuid,
    action varchar(100) NOT NULL,
    resource_type varchar(100) NOT NULL,
    resource_id varchar(255),
    details jsonb NOT NULL DEFAULT '{}',
    ip_address inet,
    occurred_at timestamptz NOT NULL DEFAULT now()
);
SELECT mad_migrate.create_index_if_not_exists('idx_audit_logs_occurred_at', 'audit_logs', ARRAY['occurred_at']);
SELECT mad_migrate.create_index_if_not_exists('idx_audit_logs_organization_id', 'audit_logs',
    ARRAY['organization_id', 'occurred_at']);
SELECT mad_migrate.create_index_if_not_exists('idx_audit_logs_user_id', 'audit_logs', ARRAY['user_id', 'occurred_at']);
SELECT mad_migrate.create_index_if_not_exists('idx_audit_logs_resource', 'audit_logs',
    ARRAY['resource_type', 'resource_id', 'occurred_at']);

COMMENT ON TABLE audit_logs IS 'Who did what, when and from where; rows are only ever added';
COMMENT ON COLUMN audit_logs.organization_id IS 'Organization concerned; none for the system''s own acts';
COMMENT ON COLUMN audit_logs.user_id IS 'User who acted; none for the system';
COMMENT ON COLUMN audit_logs.action IS 'What was done, as in user.login';
COMMENT ON COLUMN audit_logs.resource_type IS 'Kind of thing it was done to';
COMMENT ON COLUMN audit_logs.resource_id IS 'Which one of that kind';
COMMENT ON COLUMN audit_logs.details IS 'What else is worth knowing, such as old and new values; never a secret';

-- migrate:downgrade
DROP TABLE audit_logs;
