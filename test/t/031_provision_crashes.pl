# Organizations are inserted, and whoever does it is killed at any moment: every committed one ends
# with exactly one database, no other has any, and the pool is whole again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Crash;
use List::Util qw(shuffle);
use Organizations;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;
use Time::HiRes qw(time usleep);

my $rounds = $ENV{MAD_CRASH_ROUNDS} // 24;
my $seed = $ENV{MAD_CRASH_SEED} // time % 1_000_000;
srand $seed;
diag "MAD_CRASH_SEED=$seed";

my $cluster = start_cluster('provision_crashes', 'restart_after_crash = on', 'fsync = off', 'autovacuum = off',
    'max_worker_processes = 16', q{shared_preload_libraries = 'mad_migrate'}, q{mad_migrate.control_database = 'mad'});
my $control = create_control_database($cluster);
create_organizations($cluster, $control, q{'id'});

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

sub backends
{
    my ($condition) = @_;
    return split /\n/, $cluster->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $condition");
}

sub kill_one_of
{
    my ($condition) = @_;
    foreach my $pid (shuffle(backends($condition)), backends(q{application_name ~ '^inserter'}))
    {
        last if kill_backend($pid);
    }
    return;
}

my %crashes = (
    'kill -9 of an inserting backend' => sub { kill_one_of(q{application_name ~ '^inserter'}) },
    'kill -9 of the worker' => sub { kill_one_of(q{backend_type = 'mad_migrate worker'}) },
    'kill -9 of a session that clones' => sub { kill_one_of(q{application_name = 'mad_migrate'}) },
    'immediate stop' => sub { $cluster->stop('immediate'); $cluster->start });

# Each commits and rolls back, claims and has clones made for it, and takes organizations away again.
sub insert_all_the_time
{
    my ($round) = @_;
    my @inserters = map { Client->new($cluster, $control, "inserter $_") } 1 .. 3;
    foreach my $number (1 .. 3)
    {
        my @statements = ('SET client_min_messages = error');
        foreach my $count (1 .. 10)
        {
            my $id = "r${round}_${number}_$count";
            my $end = $count % 3 == 0 ? 'ROLLBACK' : 'COMMIT';
            my $first = $count % 4 == 0 ? "SELECT mad_migrate.provision_org('$id'); " : '';
            push @statements, "BEGIN; ${first}INSERT INTO orgs VALUES ('$id'); $end";
            push @statements, "BEGIN; DELETE FROM orgs WHERE id = '$id'; SELECT mad_migrate.deprovision_org('$id', '0'); COMMIT"
              if $count % 5 == 0;
        }
        $inserters[ $number - 1 ]->ask(join ";\n", @statements);
    }
    return @inserters;
}

my $remains = q{SELECT datname FROM pg_database WHERE datname ~ '^mad_(pool|dropped)_'}
  . q{ AND datname NOT IN (SELECT database FROM mad_migrate.registry WHERE state = 'ready')};

ask(q{SELECT mad_migrate.fill_pool('app', 4)});
$cluster->safe_psql('postgres', 'CHECKPOINT');
foreach my $round (1 .. $rounds)
{
    my $kind = (sort keys %crashes)[ $round % keys %crashes ];
    my $moment = rand 0.6;
    my $what = sprintf 'round %d, %s after %.0f ms', $round, $kind, $moment * 1000;
    my @inserters = insert_all_the_time($round);
    usleep($moment * 1_000_000);
    crash($cluster, $crashes{$kind});
    $_->quit foreach @inserters;

    ask('SELECT mad_migrate.work()');
    wait_for_queue($cluster, $control);
    ask('SELECT mad_migrate.reconcile(repair => true)');
    wait_for_queue($cluster, $control);
    is(misfits($cluster, $control), '', "$what: each organization has its database, and nobody else has one");
    is(ask(q{SELECT * FROM mad_migrate.reconcile()}), '', "$what: registry and databases agree");
    is(ask($remains), '', "$what: nothing is left over");
    is(ask(q{SELECT kind, message, detail FROM mad_migrate.job WHERE state = 'dead'}), '', "$what: no job was given up");
    ask(q{SELECT mad_migrate.deprovision_org(id, '0') FROM orgs; DELETE FROM orgs});
}
wait_for_queue($cluster, $control);
is(ask(q{SELECT count(*) FROM pg_database WHERE datname ~ '^app_'}), 1, 'in the end the template is left');

# A clone is a copy of pages, in which the template's next 32 numbers are logged already.
add_scripts($cluster, $control, 'app', { revision => 'numbered', revises => ['one'], downgrade => 'DROP TABLE numbered;',
    upgrade => "CREATE TABLE numbered (id serial PRIMARY KEY);\nINSERT INTO numbered DEFAULT VALUES;" });
ask(q{SELECT mad_migrate.upgrade('app')});
ask(q{SELECT mad_migrate.provision_org('numbered')});
$cluster->safe_psql('app_numbered', 'INSERT INTO numbered DEFAULT VALUES');
crash($cluster, sub { $cluster->stop('immediate'); $cluster->start });
is(($cluster->psql('app_numbered', 'INSERT INTO numbered DEFAULT VALUES RETURNING id > 2'))[1], "t",
    'after a crash a clone gives no number again');

unlike(slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');
$cluster->stop('immediate');
done_testing();
