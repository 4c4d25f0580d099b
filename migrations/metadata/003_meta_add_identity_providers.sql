/*
Add identity providers

Users log in through their organization's own provider.

Revision ID: 003_meta
Revises: 002_meta
Branch Labels:
Depends On:
Create Date: 2025-09-26 09:00:00
*/

-- migrate:upgrade
SELECT mad_migrate.create_enum_type('identity_provider_type', ARRAY['oidc', 'saml', 'ldap']);

CREATE TABLE identity_providers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL
        CONSTRAINT fk_identity_providers_organization REFERENCES organizations (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    provider_type identity_provider_type NOT NULL,
    issuer varchar(500) NOT NULL,
    client_id varchar(255),
    config json NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL DEFAULT true,
    CONSTRAINT identity_providers_organization_key UNIQUE (organization_id, id)
);
SELECT mad_migrate.add_audit_columns('identity_providers');
SELECT mad_migrate.create_updated_at_trigger('identity_providers');
SELECT mad_migrate.create_index_if_not_exists('idx_identity_providers_name', 'identity_providers',
    ARRAY['organization_id', 'name'], "unique" => true);
SELECT mad_migrate.create_index_if_not_exists('idx_identity_providers_issuer', 'identity_providers', ARRAY['issuer']);

-- Both references carry the organization: a provider can never vouch for another tenant's user.
CREATE TABLE user_identities (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    identity_provider_id uuid NOT NULL,
    subject varchar(255) NOT NULL,
    last_login_at timestamptz,
    CONSTRAINT fk_user_identities_user FOREIGN KEY (organization_id, user_id)
        REFERENCES users (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_user_identities_identity_provider FOREIGN KEY (organization_id, identity_provider_id)
        REFERENCES identity_providers (organization_id, id) ON DELETE CASCADE
);
SELECT mad_migrate.add_audit_columns('user_identities');
SELECT mad_migrate.create_updated_at_trigger('user_identities');
SELECT mad_migrate.create_index_if_not_exists('idx_user_identities_subject', 'user_identities',
    ARRAY['identity_provider_id', 'subject'], "unique" => true);
SELECT mad_migrate.create_index_if_not_exists('idx_user_identities_user_id', 'user_identities', ARRAY['user_id']);

COMMENT ON TABLE identity_providers IS 'Where users of an organization log in instead of with a password';
COMMENT ON COLUMN identity_providers.issuer IS
    'Issuer as the provider states it: OpenID Connect issuer, SAML entity id or LDAP address';
COMMENT ON COLUMN identity_providers.client_id IS 'Our name at the provider, where it gives one';
COMMENT ON COLUMN identity_providers.config IS 'Endpoints, claims and the like; never a secret';
COMMENT ON TABLE user_identities IS 'Which user a provider''s subject is';
COMMENT ON COLUMN user_identities.subject IS 'The provider''s unchanging name of the person';

-- migrate:downgrade
DROP TABLE user_identities;
DROP TABLE identity_providers;
SELECT mad_migrate.drop_enum_type('identity_provider_type');
