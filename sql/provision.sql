-- Provisioning: an organization's database, from the pool of spare clones.

CREATE SEQUENCE mad_migrate.pool_number;
COMMENT ON SEQUENCE mad_migrate.pool_number IS 'Numbers in the names of spare clones';
