-- The kit: what every migrated database carries, as plain SQL, so that its dump restores anywhere.
--
-- The files of this folder, in the order of their names, are installed as target.sql. The
-- extension's install script begins with it, and the engine runs it in each target database; both
-- create schema mad_migrate first. It holds plain CREATE statements only: an object that is already
-- there, put there by whomever, is an error and never adopted.

COMMENT ON SCHEMA mad_migrate IS
    'mad_migrate kit 1.0.0: version tables, history and helper functions of the migrations run here';
