-- The queue by hand: what a transaction leaves to be done, done by work(), given up and retried.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
SELECT mad_migrate.create_branch('jobs', template => 'regress_jobs_template', database_pattern => 'regress_jobs_{org_id}');
SELECT mad_migrate.add_script('jobs',
    E'/*\nOne\n\nRevision ID: 001_one\nRevises:\n*/\n-- migrate:upgrade\nCREATE TABLE one ();\n-- migrate:downgrade\nDROP TABLE one;\n');
CREATE VIEW jobs AS
    SELECT kind, branch, organization, target, environment, run IS NOT NULL AS has_run, state, attempts,
           due_at > clock_timestamp() AS later, sqlstate, message
      FROM mad_migrate.jobs ORDER BY job;
-- No worker, of this session or of those that work() opens: every step is ours.
ALTER DATABASE :DBNAME SET mad_migrate.start_worker = off;
SET mad_migrate.start_worker = off;

-------------------------------------------------------------------------------------------------
-- An upgrade is submitted, and done by work()
-------------------------------------------------------------------------------------------------
SET mad_migrate.environment = 'production';
SELECT mad_migrate.submit_upgrade('jobs') AS run \gset
RESET mad_migrate.environment;
SELECT * FROM jobs;
SELECT count(*) AS begun FROM mad_migrate.run WHERE run = :run;
SELECT mad_migrate.work();
SELECT * FROM jobs;
SELECT branch, environment, status, databases, done, started_by = session_user AS by_me FROM mad_migrate.run WHERE run = :run;
-- Its number is promised, also where there is nothing to do.
SELECT mad_migrate.submit_upgrade('jobs', '001_one') AS run \gset
SELECT mad_migrate.work();
SELECT status, databases FROM mad_migrate.run WHERE run = :run;
-- What cannot be is refused at once.
SELECT mad_migrate.submit_upgrade('no such branch');
SELECT mad_migrate.submit_upgrade('jobs', '999_none');
-- A rollback takes it back.
BEGIN;
SELECT mad_migrate.submit_upgrade('jobs') IS NOT NULL AS submitted;
ROLLBACK;
SELECT mad_migrate.work();
-- work() is in a transaction, for which the control database's own upgrade might wait: a worker does that.
SELECT mad_migrate.submit_upgrade('metadata') IS NOT NULL AS submitted;
SELECT mad_migrate.work();
SELECT state FROM mad_migrate.jobs WHERE branch = 'metadata';
DELETE FROM mad_migrate.job;

-------------------------------------------------------------------------------------------------
-- Provisioning
-------------------------------------------------------------------------------------------------
ALTER DATABASE :DBNAME SET mad_migrate.pool_size = 1;
INSERT INTO mad_migrate.job (kind, branch, organization) VALUES ('provision', 'jobs', 'a'), ('provision', 'jobs', 'b');
INSERT INTO mad_migrate.job (kind, branch) VALUES ('refill', 'jobs'), ('refill', 'jobs'), ('refill', 'jobs');
SELECT mad_migrate.work() >= 5 AS done;
SELECT database, kind FROM mad_migrate.databases WHERE branch = 'jobs' AND kind = 'organization' ORDER BY database;
SELECT count(*) AS spare FROM mad_migrate.databases WHERE branch = 'jobs' AND kind = 'pooled';
-- Several wishes for a refill were one piece of work.
SELECT count(DISTINCT started_at) AS refills FROM mad_migrate.jobs WHERE kind = 'refill' AND created_by = session_user;
DELETE FROM mad_migrate.job;

-------------------------------------------------------------------------------------------------
-- Failures
-------------------------------------------------------------------------------------------------
INSERT INTO mad_migrate.job (kind, branch, organization) VALUES ('provision', 'jobs', '');
\set VERBOSITY terse
SELECT mad_migrate.work();
SELECT * FROM jobs;
SELECT mad_migrate.work();
UPDATE mad_migrate.job SET attempts = 9, due_at = now();
SELECT mad_migrate.work();
SELECT * FROM jobs;
\set VERBOSITY default
SELECT job FROM mad_migrate.jobs \gset
SELECT mad_migrate.retry(:job);
SELECT * FROM jobs;
UPDATE mad_migrate.job SET organization = 'c';
SELECT mad_migrate.work();
SELECT * FROM jobs WHERE kind = 'provision';
SELECT mad_migrate.retry(0);
SELECT mad_migrate.retry(NULL);
DO $$
BEGIN
    PERFORM mad_migrate.retry(job) FROM mad_migrate.jobs WHERE kind = 'provision';
EXCEPTION WHEN invalid_parameter_value THEN
    RAISE NOTICE '%', regexp_replace(SQLERRM, '\d+', '<n>');
END
$$;
-- What somebody left who died is taken up, and was an attempt.
INSERT INTO mad_migrate.job (kind, branch, organization, state, attempts) VALUES ('provision', 'jobs', 'd', 'running', 1);
SELECT mad_migrate.work();
SELECT organization, state, attempts, later, sqlstate, message FROM jobs WHERE organization = 'd';
UPDATE mad_migrate.job SET due_at = now() WHERE organization = 'd';
SELECT mad_migrate.work() > 0 AS done;
SELECT organization, state, attempts, later, sqlstate, message FROM jobs WHERE organization = 'd';
-- After a week what was done is forgotten.
UPDATE mad_migrate.job SET finished_at = now() - interval '8 days' WHERE organization = 'd';
SELECT mad_migrate.work();
SELECT count(*) FROM jobs WHERE organization = 'd';

-------------------------------------------------------------------------------------------------
-- Only who may
-------------------------------------------------------------------------------------------------
CREATE ROLE regress_nobody;
GRANT USAGE ON SCHEMA mad_migrate TO regress_nobody;
SET ROLE regress_nobody;
SELECT mad_migrate.work();
SELECT mad_migrate.retry(1);
SELECT mad_migrate.submit_upgrade('jobs');
CALL mad_migrate.run_queued_upgrade(1);
SELECT * FROM mad_migrate.jobs;
RESET ROLE;
CALL mad_migrate.run_queued_upgrade(0);
-- A role that may submit leaves what the extension's owner does, and is told of as the one who did.
GRANT EXECUTE ON FUNCTION mad_migrate.submit_upgrade TO regress_nobody;
SET ROLE regress_nobody;
SELECT mad_migrate.submit_upgrade('jobs') IS NOT NULL AS submitted;
RESET ROLE;
SELECT mad_migrate.work() > 0 AS done;

ALTER DATABASE :DBNAME RESET ALL;
SET client_min_messages = warning;
SELECT count(*) AS dropped FROM mad_migrate.fill_pool('jobs', 0);
DROP DATABASE regress_jobs_a;
DROP DATABASE regress_jobs_b;
DROP DATABASE regress_jobs_c;
DROP DATABASE regress_jobs_d;
DROP DATABASE regress_jobs_template;
DROP EXTENSION mad_migrate CASCADE;
DROP OWNED BY regress_nobody;
DROP ROLE regress_nobody;
DROP VIEW IF EXISTS jobs;
