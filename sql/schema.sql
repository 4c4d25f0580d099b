-- The schema, for which a schema of that name must not be there already: it would be somebody else's.

CREATE SCHEMA mad_migrate;
