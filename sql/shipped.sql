-- The shipped branches, and who may use all of this: nobody until it is granted.

REVOKE ALL ON ALL TABLES IN SCHEMA mad_migrate FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA mad_migrate FROM PUBLIC;

SELECT mad_migrate.create_branch('metadata');
SELECT mad_migrate.create_branch('results', template => 'mad_results_template',
                                 database_pattern => 'mad_results_{org_id}');
SELECT pg_catalog.count(*) FROM mad_migrate.load_scripts('metadata');
SELECT pg_catalog.count(*) FROM mad_migrate.load_scripts('results');
