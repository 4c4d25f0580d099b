# pg_cron runs upgrades and the queue by the clock, and its record says how they went.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

my $shared = `pg_config --sharedir`;
chomp $shared;
plan skip_all => 'pg_cron is not installed' unless -e "$shared/extension/pg_cron.control";

my $cluster = start_cluster('cron', "shared_preload_libraries = 'pg_cron'", "cron.database_name = 'mad'",
    'fsync = off', 'mad_migrate.start_worker = off');
$cluster->append_conf('postgresql.conf', sprintf "cron.host = '%s'\n", $cluster->host);
$cluster->restart;
my $control = create_control_database($cluster);
create_branch_of_many($cluster, $control, 'app', 'app_one', 'app_two');
create_branch_of_many($cluster, $control, 'broken');
add_scripts($cluster, $control, 'app',
    { revision => 'one', upgrade => 'CREATE TABLE one ();', downgrade => 'DROP TABLE one;' });
add_scripts($cluster, $control, 'broken',
    { revision => 'two', upgrade => 'SELECT 1 / 0;', downgrade => 'SELECT 1;' });

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

ask(<<'SQL');
CREATE EXTENSION pg_cron;
CREATE TABLE orgs (id text PRIMARY KEY);
SELECT mad_migrate.upgrade('app');
CREATE TRIGGER provision AFTER INSERT ON orgs
    FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert('id', 'branch=app');
SELECT mad_migrate.downgrade('app', 'base', databases => '{app_one,app_two}');
INSERT INTO orgs VALUES ('three');
SQL
is(ask(q{SELECT count(*) FROM mad_migrate.databases WHERE database = 'app_three'}), 0,
    'with an empty pool, and no worker, an organization waits for its database');

ask(<<'SQL');
SELECT cron.schedule('upgrade', '* * * * *', $$SELECT mad_migrate.upgrade('app', 'head')$$);
SELECT cron.schedule('work', '* * * * *', $$SELECT mad_migrate.work()$$);
SELECT cron.schedule('broken', '* * * * *', $$SELECT mad_migrate.upgrade('broken')$$);
SQL

# The outcome of a schedule's first run, once it has one.
sub first_run
{
    my ($name) = @_;
    my $runs = "cron.job_run_details r JOIN cron.job j USING (jobid) WHERE j.jobname = '$name'";
    $cluster->poll_query_until($control,
        "SELECT count(*) > 0 FROM $runs AND r.status IN ('succeeded', 'failed')") or die "$name was not run";
    return ask("SELECT r.status, r.return_message FROM $runs AND r.end_time IS NOT NULL ORDER BY r.runid LIMIT 1");
}

like(first_run('upgrade'), qr/^succeeded\|/, 'an upgrade by the clock succeeds');
is(ask(q{SELECT string_agg(revisions::text, ' ') FROM mad_migrate.databases WHERE database IN ('app_one', 'app_two')}),
    '{one} {one}', 'and did what it was for');
like(first_run('work'), qr/^succeeded\|/, 'so does the queue');
ok($cluster->poll_query_until($control, q{SELECT present FROM mad_migrate.databases WHERE database = 'app_three'}),
    'and the organization has its database');
is(ask(q{SELECT count(*) FROM mad_migrate.jobs WHERE kind = 'provision' AND state = 'done'}), 1, 'by its job');
like(first_run('broken'), qr/^failed\|.*division by zero/s, 'a failure is recorded with its message');

$cluster->stop;
done_testing();
