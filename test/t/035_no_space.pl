# A disk that is full in the middle of a copy: nothing of it stays, and it is made up for later. No
# file of the server may grow beyond a limit here, which the template's table is larger than.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use ControlDatabase;
use Organizations;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

my $cluster = start_cluster('no_space', 'fsync = off', 'autovacuum = off', 'mad_migrate.pool_size = 0',
    'mad_migrate.job_attempts = 1');
my $control = create_control_database($cluster);
create_organizations($cluster, $control, q{'id', 'branch=app'});
# The server's own files of 16 MB, of the write-ahead log, are below the limit.
add_scripts($cluster, $control, 'app', { revision => 'two', revises => ['one'], downgrade => 'DROP TABLE two;',
    upgrade => q{CREATE TABLE two AS SELECT repeat('x', 1000) AS line FROM generate_series(1, 24000);} });

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

# The server inherits it from here.
sub restart_with_limit
{
    my ($bytes) = @_;
    $cluster->stop;
    system_or_bail('prlimit', "--pid=$$", "--fsize=$bytes:");
    $cluster->start;
    system_or_bail('prlimit', "--pid=$$", '--fsize=unlimited:');
    return;
}

# Databases, records of them, and the space that is used.
sub state_of_all
{
    return ask(q{SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database}) . '|'
      . ask('SELECT count(*) FROM mad_migrate.registry') . '|'
      . join(',', sort { $a <=> $b } map { m{/(\d+)$} } glob($cluster->data_dir . '/base/[0-9]*'));
}

# As the server words it depends on how it writes.
my $no_space = qr/could not .*(?:File too large|No space left on device)/;

ask("SELECT mad_migrate.upgrade('app')");
my $before = state_of_all();
restart_with_limit(20_000_000);

foreach my $strategy (qw(wal_log file_copy))
{
    my ($status, undef, $error) = $cluster->psql($control,
        "SET mad_migrate.clone_strategy = $strategy; SELECT mad_migrate.provision_org('full')");
    like($error, qr/^\S+ ERROR:  $no_space/, "$strategy: the caller is told");
    is(state_of_all(), $before, "$strategy: nothing half-made stays");
}
is(ask('SELECT count(*) FROM mad_migrate.reconcile()'), 0, 'nor anything to repair');

# A trigger leaves a job instead, which fails and can be taken up again.
ask(q{INSERT INTO orgs VALUES ('full')});
$cluster->poll_query_until($control, q{SELECT state = 'dead' FROM mad_migrate.jobs WHERE organization = 'full'})
  or die 'the job never failed';
like(ask(q{SELECT message FROM mad_migrate.jobs WHERE organization = 'full'}), qr/^$no_space/, 'the job says why');
is(state_of_all(), $before, 'nothing half-made stays of that either');
is(ask(q{SELECT organization || ' ' || status FROM mad_migrate.org_databases}), 'full given up', 'an organization waits');

restart_with_limit('unlimited');
ask(q{SELECT mad_migrate.retry(job) FROM mad_migrate.jobs WHERE state = 'dead'});
wait_for_queue($cluster, $control);
is(misfits($cluster, $control), '', 'with space again, retry gets it its database');
is($cluster->safe_psql('app_full', 'SELECT count(*) FROM two'), 24000, 'and all of it');

$cluster->stop('immediate');
done_testing();
