/*
Add organizations

The tenants. Each has its own results database.

Revision ID: 001_meta
Revises:
Branch Labels: metadata
Depends On:
Create Date: 2025-09-12 09:00:00
*/

-- migrate:upgrade
SELECT mad_migrate.create_enum_type('organization_status', ARRAY['active', 'inactive', 'suspended', 'deleted']);
SELECT mad_migrate.create_enum_type('subscription_tier', ARRAY['free', 'basic', 'professional', 'enterprise']);

CREATE TABLE organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(100) NOT NULL,
    display_name varchar(255) NOT NULL,
    description text,
    status organization_status NOT NULL DEFAULT 'active',
    subscription_tier subscription_tier NOT NULL DEFAULT 'free',
    max_concurrent_jobs integer NOT NULL DEFAULT 5
        CONSTRAINT organizations_max_concurrent_jobs_check CHECK (max_concurrent_jobs >= 0),
    storage_quota_gb integer NOT NULL DEFAULT 10
        CONSTRAINT organizations_storage_quota_gb_check CHECK (storage_quota_gb >= 0),
    contact_email varchar(255),
    settings json
);
SELECT mad_migrate.add_audit_columns('organizations');
SELECT mad_migrate.create_updated_at_trigger('organizations');
SELECT mad_migrate.create_index_if_not_exists('idx_organizations_name', 'organizations', ARRAY['name'],
    "unique" => true);
SELECT mad_migrate.create_index_if_not_exists('idx_organizations_status', 'organizations', ARRAY['status']);
SELECT mad_migrate.create_index_if_not_exists('idx_organizations_subscription_tier', 'organizations',
    ARRAY['subscription_tier']);

COMMENT ON TABLE organizations IS 'Tenants; each has a results database of its own';
COMMENT ON COLUMN organizations.name IS 'Short name, unique, as in addresses';
COMMENT ON COLUMN organizations.display_name IS 'Name as people write it';
COMMENT ON COLUMN organizations.max_concurrent_jobs IS 'Docking jobs that may run at the same time';
COMMENT ON COLUMN organizations.storage_quota_gb IS 'Room for artifacts, in gigabytes';
COMMENT ON COLUMN organizations.settings IS 'Preferences of the application; nothing the database looks into';

-- migrate:downgrade
DROP TABLE organizations;
SELECT mad_migrate.drop_enum_type('subscription_tier');
SELECT mad_migrate.drop_enum_type('organization_status');
SELECT mad_migrate.drop_updated_at_function();
