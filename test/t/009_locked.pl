# Of several sessions that migrate one branch of another database at once, one does and the others
# wait, or say who is at it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use Scripts;
use Test::More;

my $cluster = start_cluster('locked', 'fsync = off');
my $control = create_control_database($cluster);
$cluster->safe_psql('postgres', 'CREATE DATABASE other');
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('$_', database => 'other')")
  foreach qw(app beside);
my %script = (
    revision => 'one', upgrade => "CREATE TABLE made ();\nSELECT pg_advisory_xact_lock_shared(1);",
    downgrade => 'DROP TABLE made;');
my %beside = (revision => 'one', upgrade => 'CREATE TABLE beside ();', downgrade => 'DROP TABLE beside;');
add_scripts($cluster, $control, 'app', \%script);
add_scripts($cluster, $control, 'beside', \%beside);

# The first session stands still in its script, and holds the branch's lock meanwhile.
my $gate = Client->new($cluster, 'other', 'gate');
hold_at($gate, 'SELECT pg_advisory_lock(1)');
my @clients = map { Client->new($cluster, $control, "client $_") } 1 .. 4;
$_->run("SET client_min_messages = error; SET mad_migrate.lock_timeout = '5min'") foreach @clients;
my $call = "SELECT to_revisions, status FROM mad_migrate.upgrade('app')";
$clients[0]->ask($call);
$cluster->poll_query_until('postgres', <<'SQL') or die 'the first never came to its script';
SELECT count(*) = 1 FROM pg_stat_activity
WHERE application_name = 'mad_migrate' AND datname = 'other' AND wait_event = 'advisory'
SQL

# Who has no time is told whom to wait for, however the call is made.
foreach my $impatient ($call, "CALL mad_migrate.run_upgrade('app')", "SELECT mad_migrate.downgrade('app', 'base')",
    "SELECT mad_migrate.stamp('app', 'one')")
{
    my ($status, $output, $error) = $cluster->psql($control,
        "\\set VERBOSITY verbose\nSET mad_migrate.lock_timeout = '20ms';\n$impatient");
    like($error, qr/ERROR:  MM017: branch "app" of database "other" is being migrated by another session/,
        "not at the same time: $impatient");
    like($error, qr/DETAIL:  It is held by process \d+ \(role \w+, application "mad_migrate"\) since /,
        'and who is at it');
    like($error, qr/HINT:  .*mad_migrate\.lock_timeout/, 'and what to do');
}
is($cluster->safe_psql($control, "SELECT count(*) FROM mad_migrate.current('app')"),
    0, 'looking waits for nobody');
is($cluster->safe_psql($control, "SELECT status FROM mad_migrate.upgrade('beside')"),
    'upgraded', 'nor does another branch of the same database');

# Who has time waits outside the server's locks, and finds nothing left to do.
$_->ask($call) foreach @clients[ 1 .. 3 ];
$cluster->poll_query_until('postgres', <<'SQL') or die 'the others never came to wait';
SELECT count(*) = 4 FROM pg_stat_activity WHERE application_name = 'mad_migrate' AND datname = 'other'
SQL
is($cluster->safe_psql('postgres', <<'SQL'), 1, 'no session waits inside the server but the script\'s own');
SELECT count(*) FROM pg_locks WHERE NOT granted
SQL
$gate->run('SELECT pg_advisory_unlock_all(); COMMIT');
is(($clients[0]->answer)[0], '{one}|upgraded', 'the first upgrades');
is(($_->answer)[0], '{one}|up to date', 'another finds nothing to do') foreach @clients[ 1 .. 3 ];
is($cluster->safe_psql('other', q{SELECT count(*) FROM mad_migrate.history WHERE branch = 'app'}),
    1, 'it was done once');

# A procedure holds the scripts it runs, so the extension cannot be dropped under it.
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('own')");
add_scripts($cluster, $control, 'own', \%script);
my $own_gate = Client->new($cluster, $control, 'gate');
hold_at($own_gate, 'SELECT pg_advisory_lock(1)');
$clients[0]->ask("CALL mad_migrate.run_upgrade('own')");
$cluster->poll_query_until('postgres', <<'SQL') or die 'the procedure never came to its script';
SELECT count(*) = 1 FROM pg_stat_activity
WHERE application_name = 'mad_migrate' AND datname = 'mad' AND wait_event = 'advisory'
SQL
my (undef, undef, $refusal) = $cluster->psql($control,
    "SET lock_timeout = '100ms'; DROP EXTENSION mad_migrate CASCADE");
like($refusal, qr/lock timeout/, 'the extension cannot be dropped under a procedure');
$own_gate->run('SELECT pg_advisory_unlock_all(); COMMIT');
unlike(($clients[0]->answer)[1], qr/ERROR/, 'and the procedure goes on');
is($cluster->safe_psql($control, q{SELECT to_regclass('public.made')}), 'made', 'to its end');

# Of the caller's own transaction nobody asks whom it waits for; of a procedure's somebody does.
hold_at($own_gate, 'LOCK TABLE made IN ACCESS SHARE MODE');
my ($in_function, $in_procedure) = map {
    ($cluster->psql($control, "\\set VERBOSITY verbose\nSET mad_migrate.lock_timeout = '200ms';\n$_"))[2]
} "SELECT mad_migrate.downgrade('own', 'base')", "CALL mad_migrate.run_downgrade('own', 'base')";
like($in_function, qr/ERROR:  55P03: (?!.*^DETAIL: )/ms, 'a function does not name who holds a lock');
like($in_procedure, qr/ERROR:  55P03: .*^DETAIL:  The lock is held by process \d+ \(role "\w+", application "gate"\) since /ms,
    'a procedure does');
$own_gate->quit;

$_->quit foreach (@clients, $gate);
$cluster->stop('immediate');
done_testing();
