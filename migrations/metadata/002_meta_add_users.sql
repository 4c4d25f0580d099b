/*
Add users

Revision ID: 002_meta
Revises: 001_meta
Branch Labels:
Depends On:
Create Date: 2025-09-19 09:00:00
*/

-- migrate:upgrade
SELECT mad_migrate.create_enum_type('user_status', ARRAY['invited', 'active', 'suspended', 'deactivated']);
SELECT mad_migrate.create_enum_type('user_role', ARRAY['owner', 'admin', 'member', 'viewer']);

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL
        CONSTRAINT fk_users_organization REFERENCES organizations (id) ON DELETE CASCADE,
    email varchar(255) NOT NULL,
    full_name varchar(255) NOT NULL,
    status user_status NOT NULL DEFAULT 'invited',
    role user_role NOT NULL DEFAULT 'member',
    password_hash varchar(255),
    last_login_at timestamptz,
    -- Lets other tables refer to a user together with the organization; serves fk_users_organization too.
    CONSTRAINT users_organization_key UNIQUE (organization_id, id)
);
SELECT mad_migrate.add_audit_columns('users');
SELECT mad_migrate.create_updated_at_trigger('users');
CREATE UNIQUE INDEX idx_users_email ON users (organization_id, lower(email));

COMMENT ON TABLE users IS 'People who log in, each for one organization';
COMMENT ON COLUMN users.email IS 'Address to log in with; unique within the organization, whatever its case';
COMMENT ON COLUMN users.status IS 'Only active users log in; invited ones have not done so yet';
COMMENT ON COLUMN users.password_hash IS
    'Salted hash with its parameters; none when the user logs in through an identity provider';

-- migrate:downgrade
DROP TABLE users;
SELECT mad_migrate.drop_enum_type('user_role');
SELECT mad_migrate.drop_enum_type('user_status');
