# With the module preloaded, the queue is picked up with nobody calling: after a restart, after a
# crash, after a standby's promotion; and on a standby nothing is done.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use ControlDatabase;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('standing');
$primary->init(extra => [ '--no-locale', '--encoding=UTF8' ], allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'mad_migrate'
mad_migrate.control_database = 'mad'
mad_migrate.start_worker = off
restart_after_crash = on
CONF
$primary->start;

my $standing = q{(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'mad_migrate worker' AND datname IS NULL)};

# A job that no commit starts a worker for.
sub leave_job
{
    my ($database) = @_;
    $primary->safe_psql('mad', "INSERT INTO mad_migrate.job (kind, branch, organization) VALUES ('provision', 'app', '$database')");
    return;
}

sub done_on
{
    my ($cluster, $database, $name) = @_;
    ok($cluster->poll_query_until('mad', "SELECT present FROM mad_migrate.databases WHERE database = 'app_$database'"), $name)
      or diag $cluster->safe_psql('mad', 'SELECT * FROM mad_migrate.jobs');
    return;
}

#-------------------------------------------------------------------------------------------------
ok($primary->poll_query_until('postgres', "SELECT $standing = 2"),
    'the workers are there before their database is');
create_control_database($primary, 'mad');
create_branch_of_many($primary, 'mad', 'app');
add_scripts($primary, 'mad', 'app',
    { revision => 'one', upgrade => 'CREATE TABLE one ();', downgrade => 'DROP TABLE one;' });
$primary->safe_psql('mad', "SET client_min_messages = error; SELECT mad_migrate.upgrade('app')");

leave_job('first');
$primary->restart;
done_on($primary, 'first', 'after a restart the queue is picked up');

leave_job('second');
my ($worker) = split /\n/, $primary->safe_psql('postgres',
    q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'mad_migrate worker'});
kill 'KILL', $worker or die $!;
$primary->poll_query_until('postgres', "SELECT pg_postmaster_start_time() IS NOT NULL AND $standing = 2")
  or die 'the workers do not come back';
done_on($primary, 'second', 'and after a crash');

$primary->safe_psql('mad', q{SET mad_migrate.start_worker = on; INSERT INTO mad_migrate.job (kind, branch, organization) VALUES ('provision', 'app', 'third')});
done_on($primary, 'third', 'a commit need not wait for that');
ok($primary->poll_query_until('postgres', "SELECT $standing = 2"), 'and only those who stand remain');

my $start = time;
leave_job('fourth');
$primary->stop('fast');
cmp_ok(time - $start, '<', 30, 'a fast shutdown does not wait for them');
$primary->start;
done_on($primary, 'fourth', 'nor is anything lost');

#-------------------------------------------------------------------------------------------------
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
leave_job('fifth');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('postgres', "SELECT $standing"), 0, 'on a standby no worker starts');
my ($result, $output, $error) = $standby->psql('mad', 'SELECT mad_migrate.work()');
like($error, qr/cannot execute mad_migrate\.work\(?\)? ?during recovery/, 'and work() is refused');
($result, $output, $error) = $standby->psql('mad', "SELECT mad_migrate.submit_upgrade('app')");
like($error, qr/during recovery/, 'as is an upgrade');
$primary->stop('immediate');
$standby->promote;
done_on($standby, 'fifth', 'once it is promoted, it does what was left');

# A name of no database is a line in the log, not a loop.
$standby->append_conf('postgresql.conf', "mad_migrate.control_database = 'nowhere'");
$standby->restart;
$standby->wait_for_log(qr/WARNING:  could not work on the queue.*\n.*DETAIL:.*nowhere/);
pass('a control database that does not exist is told of');

foreach my $cluster ($primary, $standby)
{
    unlike(slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/, 'nobody ended by a fault of its own');
}
$standby->stop('immediate');
done_testing();
