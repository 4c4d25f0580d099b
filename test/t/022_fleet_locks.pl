# A fleet among others who hold locks: another fleet, an application, a deadlock, and callers who
# are interrupted.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use List::Util qw(max);
use Scripts;
use Test::More;

my $cluster = start_cluster('fleet_locks', 'fsync = off', 'autovacuum = off', 'deadlock_timeout = 100ms',
    'log_lock_waits = on', "client_connection_check_interval = '100ms'");
my $control = create_control_database($cluster);
my @tenants = map { "app_$_" } 1 .. 9;
create_branch_of_many($cluster, $control, 'app', @tenants);
add_scripts($cluster, $control, 'app',
    { revision => 'one', upgrade => "CREATE TABLE made (id int);\nCREATE TABLE other (id int);",
        downgrade => 'DROP TABLE made, other;' });
$cluster->safe_psql($control, "SET client_min_messages = error; SELECT mad_migrate.upgrade('app')");

my $last = 'one';
sub add_revision
{
    my ($revision, $upgrade) = @_;
    add_scripts($cluster, $control, 'app',
        { revision => $revision, revises => [$last], upgrade => $upgrade, downgrade => 'SELECT 1;' });
    $last = $revision;
    return;
}

sub open_caller
{
    my ($name, $lock_timeout) = @_;
    my $caller = Client->new($cluster, $control, $name);
    $caller->run("SET client_min_messages = error; SET mad_migrate.lock_timeout = '$lock_timeout'");
    return $caller;
}

sub hold
{
    my ($database, $name, $statement) = @_;
    my $holder = Client->new($cluster, $database, $name);
    hold_at($holder, $statement);
    return $holder;
}

sub wait_until
{
    my ($condition) = @_;
    $cluster->poll_query_until($control, "SELECT $condition") or die "never: $condition";
    return;
}

# Databases by the revision that the shared catalog has, and how often each was brought there.
sub at
{
    my ($revision) = @_;
    return $cluster->safe_psql($control,
        "SELECT count(*) FROM mad_migrate.databases WHERE branch = 'app' AND revisions = '{$revision}'");
}

sub times_made
{
    my ($revision) = @_;
    # Which takes connections only while it is migrated.
    $cluster->safe_psql('postgres', 'ALTER DATABASE app_template ALLOW_CONNECTIONS true');
    return join ' ', map {
        $cluster->safe_psql($_, "SELECT count(*) FROM mad_migrate.history WHERE revision = '$revision'")
    } 'app_template', @tenants;
}

# Of the last run, the databases that are like this.
sub entries
{
    my ($columns, $condition) = @_;
    return $cluster->safe_psql($control, <<"SQL");
SELECT $columns FROM mad_migrate.run_database
WHERE run = (SELECT max(run) FROM mad_migrate.run) AND $condition ORDER BY 1
SQL
}

my $call = "SELECT count(*) FILTER (WHERE steps > 0), count(*) FROM mad_migrate.upgrade('app')";
my $once = join ' ', (1) x 10;

#-------------------------------------------------------------------------------------------------
# Two runs at once: both stand in the middle of their work when they are let go
#-------------------------------------------------------------------------------------------------
add_revision('two', "CREATE TABLE two ();\nSELECT pg_advisory_xact_lock_shared(1);");
my @gates = map { hold($_, 'gate', 'SELECT pg_advisory_lock(1)') } @tenants;
my @callers = map { open_caller("caller $_", '5min') } 1 .. 2;
foreach my $number (1, 2)
{
    $callers[ $number - 1 ]->ask($call =~ s/'app'/'app', jobs => 3/r);
    wait_until("count(*) = 3 * $number FROM pg_stat_activity WHERE application_name = 'mad_migrate' AND wait_event = 'advisory'");
}
is($cluster->safe_psql($control, q{SELECT count(*) FROM mad_migrate.run WHERE status = 'running'}), 2, 'two runs go on');
$_->quit foreach @gates;
my @shares = map { (split /\|/, ($_->answer)[0])[0] } @callers;
is($shares[0] + $shares[1], 10, 'together they migrate all');
cmp_ok($_, '>=', 3, 'each has its share') foreach @shares;
is(times_made('two'), $once, 'and each database once');
is($cluster->safe_psql($control, q{SELECT count(*) FROM mad_migrate.run_database WHERE status = 'failed'}), 0, 'none fails');

#-------------------------------------------------------------------------------------------------
# An application that holds a lock
#-------------------------------------------------------------------------------------------------
add_revision('three', 'ALTER TABLE made ADD COLUMN three int;');
my $application = hold('app_3', 'shop', 'LOCK TABLE made IN ACCESS SHARE MODE');
my $caller = open_caller('caller', '600ms');
$caller->ask($call =~ s/'app'/'app', jobs => 2/r);
wait_until(q{count(*) = 9 FROM mad_migrate.run_database WHERE to_revisions = '{three}'});
is(at('three'), 9, 'the others go on');
my ($rows, $messages) = $caller->answer;
like($messages, qr/ERROR:  MM\d+: upgrade of branch "app" failed in 1 of 10 databases\nDETAIL:  app_3: three_\w+\.sql:\d+: canceling statement due to lock timeout \(55P03\)/,
    'a lock that stays is given up at last');
my $holder = backend_of($cluster, 'shop');
like(entries('status, attempts, sqlstate, detail', q{status = 'failed'}),
    qr/^failed\|5\|55P03\|The lock is held by process $holder \(role "[^"]+", application "shop"\) since \d{4}-[^,]+, its statement: .*LOCK TABLE made IN ACCESS SHARE MODE;?$/s,
    'after some attempts, and who holds it is named');

add_revision('four', 'ALTER TABLE made ADD COLUMN four int;');
$caller->ask($call);
wait_until(q{count(*) = 9 FROM mad_migrate.run_database WHERE to_revisions = '{four}'});
$cluster->poll_query_until('app_3', q{SELECT count(*) = 1 FROM pg_locks WHERE relation = 'made'::regclass AND NOT granted})
  or die 'it is not tried again';
$application->quit;
is(($caller->answer)[0], '10|10', 'a lock that is given back in time fails nothing');
is(entries('steps, status', q{database = 'app_3'}), '2|upgraded', 'of that database either');

#-------------------------------------------------------------------------------------------------
# A deadlock
#-------------------------------------------------------------------------------------------------
add_revision('five', <<'SQL');
LOCK TABLE made IN ACCESS EXCLUSIVE MODE;
SELECT pg_advisory_xact_lock_shared(1);
LOCK TABLE other IN ACCESS EXCLUSIVE MODE;
SQL
# The application asks in the other order, and its own patience with deadlocks is the longer one.
my $gate = hold('app_5', 'gate', 'SELECT pg_advisory_lock(1)');
$application = hold('app_5', 'shop', q{SET LOCAL deadlock_timeout = '10min'; LOCK TABLE other IN ACCESS SHARE MODE});
$caller->run("SET mad_migrate.lock_timeout = '5min'");
$caller->ask($call);
$cluster->poll_query_until('app_5', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted})
  or die 'the script never came to its gate';
$application->ask('LOCK TABLE made IN ACCESS SHARE MODE; COMMIT');
$cluster->poll_query_until('app_5', q{SELECT count(*) = 1 FROM pg_locks WHERE relation = 'made'::regclass AND NOT granted})
  or die 'the application never came to wait';
$gate->quit;
unlike(($application->answer)[1], qr/ERROR/, 'of a deadlock the application notices nothing');
is(($caller->answer)[0], '10|10', 'the script is tried again');
is(entries('status, attempts > 1', q{database = 'app_5'}), 'upgraded|t', 'and succeeds');
like(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/ERROR:  deadlock detected/, 'there was one');
is(times_made('five'), $once, 'each database was migrated once');
$_->quit foreach ($application, @callers);

#-------------------------------------------------------------------------------------------------
# Interruptions
#-------------------------------------------------------------------------------------------------
my @slowest;
foreach my $name (grep { !$interruptions{$_}{restarts} } sort keys %interruptions)
{
    my $interruption = $interruptions{$name};
    my $revision = $name =~ s/\W/_/gr;
    add_revision($revision, "CREATE TABLE $revision ();\nSELECT pg_advisory_xact_lock_shared(1);");
    @gates = map { hold($_, 'gate', 'SELECT pg_advisory_lock(1)') } @tenants[ 3 .. 8 ];
    $caller->quit;
    $caller = open_caller('caller', '5min');
    $caller->run($interruption->{settings}) if $interruption->{settings};
    $caller->ask($call =~ s/'app'/'app', jobs => 4/r);
    my $at_gates = q{count(*) = 4 FROM pg_stat_activity WHERE application_name = 'mad_migrate' AND wait_event = 'advisory'};
    wait_until($at_gates);
    $interruption->{do}->($cluster, $caller);
    like(($caller->answer)[1], $interruption->{says}, "$name: the caller is told") if $interruption->{says};
    # The gates are still held.
    push @slowest, seconds_until_gone($cluster, 'mad_migrate');
    note sprintf '%s: gone after %.1f s', $name, $slowest[-1];
    is(at($revision), 4, "$name: what was done is done");
    is(entries(q{string_agg(DISTINCT status, ' ')}, 'true'), 'interrupted upgraded', "$name: the ledger tells it");
    is($cluster->safe_psql($control, 'SELECT status FROM mad_migrate.run ORDER BY run DESC LIMIT 1'), 'interrupted',
        "$name: and of the run");
    $_->quit foreach @gates;
    is($cluster->safe_psql($control, "SET client_min_messages = error; $call"), '6|10', "$name: the next call finishes");
    is(times_made($revision), $once, "$name: each database was migrated once");
}
cmp_ok(max(@slowest), '<', 1, 'no statement goes on for a second');

$caller->quit;
unlike(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');
$cluster->stop('immediate');
done_testing();
