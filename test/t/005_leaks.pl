# Hundreds of failures of every kind in one session leave no memory, no file and no session behind.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use List::Util qw(min);
use Scripts;
use Test::More;

my $windows = 4;
my $rounds = 40;

my $cluster = start_cluster('leaks', 'fsync = off', 'log_statement = none');
my $control = create_control_database($cluster);
$cluster->safe_psql('postgres', 'CREATE DATABASE other');
$cluster->safe_psql('postgres', 'CREATE DATABASE refusing ALLOW_CONNECTIONS false');
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('own')");
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('$_', database => '$_')")
  foreach qw(other refusing);

my @scripts = (
    { revision => 'good', upgrade => 'CREATE TABLE good ();', downgrade => 'DROP TABLE good;' },
    { revision => 'bad', revises => ['good'], downgrade => 'SELECT 1',
        upgrade => <<'SQL' },
CREATE TABLE bad (id int);
DO $$BEGIN RAISE WARNING 'on its way'; END$$;
INSERT INTO bad SELECT 1/0;
SQL
    { revision => 'slow', revises => ['good'], downgrade => 'SELECT 1',
        upgrade => "CREATE TABLE slow ();\nSELECT pg_advisory_xact_lock_shared(1);" },
    { revision => 'outside', revises => ['good'], downgrade => 'SELECT 1',
        upgrade => 'VACUUM nothing_of_that_name;' });
add_scripts($cluster, $control, $_, @scripts) foreach qw(own other refusing);

# The script of the misspelt statement, as an SQL literal.
my $misspelt = 'E\'/*\nx\n\nRevision ID: x\n*/\n-- migrate:upgrade\nCREATE TABEL x;\n-- migrate:downgrade\nSELECT 1;\n\'';

# A failure of each kind, with a sign that it is the one that was meant.
my %failures = (
    'an unknown branch' => [ "SELECT mad_migrate.upgrade('nowhere')", 'MM001' ],
    'an unknown target here' => [ "SELECT mad_migrate.upgrade('own', 'nothing')", 'MM002' ],
    'an unknown target there' => [ "SELECT mad_migrate.upgrade('other', 'nothing')", 'MM002' ],
    'several heads' => [ "SELECT mad_migrate.plan('own', 'head')", 'MM004' ],
    'too far down' => [ "SELECT mad_migrate.downgrade('other', '-9')", 'MM006' ],
    'a failing script here' => [ "SELECT mad_migrate.upgrade('own', 'bad')", '22012' ],
    'a failing script there' => [ "SELECT mad_migrate.upgrade('other', 'bad')", '22012' ],
    'a failing script of a procedure' => [ "CALL mad_migrate.run_upgrade('own', 'bad')", '22012' ],
    'a failing script in a transaction' => [
        "BEGIN; SAVEPOINT s; SELECT mad_migrate.upgrade('own', 'bad'); ROLLBACK TO s; COMMIT", '22012' ],
    'a failing script in a block with a handler' => [ <<'SQL', 'TT001' ],
DO $$
BEGIN
    PERFORM mad_migrate.upgrade('own', 'bad');
EXCEPTION WHEN division_by_zero THEN
    RAISE 'handled' USING ERRCODE = 'TT001';
END$$
SQL
    'no transaction where one is needed' => [ "SELECT mad_migrate.upgrade('own', 'outside')", '25001' ],
    'a database that refuses connections' => [ "SELECT mad_migrate.upgrade('refusing', 'good')", '08001' ],
    'a timeout here' => [ <<'SQL', '57014' ],
SET statement_timeout = '20ms';
SELECT mad_migrate.upgrade('own', 'slow');
RESET statement_timeout
SQL
    'a timeout there' => [ <<'SQL', '57014' ],
SET statement_timeout = '40ms';
SELECT mad_migrate.upgrade('other', 'slow');
RESET statement_timeout
SQL
    'a syntax error' => [ "SELECT mad_migrate.add_script('own', $misspelt)",
        qr/MM009: syntax error at or near "TABEL"\nDETAIL:  Script "x_x.sql", line 7: TABEL x/ ],
    'a script without a header' => [ "SELECT mad_migrate.add_script('own', 'SELECT 1')", 'MM009' ],
    'a folder that is not there' => [ "SELECT mad_migrate.load_scripts('own', '/nothing/of/that/name')", '58P01' ],
    'bad connection options' => [ <<'SQL', '22023' ]);
SET mad_migrate.connection_options = 'nonsense=1';
SELECT mad_migrate.upgrade('other', 'good', databases => '{other}');
RESET mad_migrate.connection_options
SQL

# And what succeeds.
my %successes = (
    'a rolled back upgrade' => "BEGIN; SELECT mad_migrate.upgrade('own', 'good'); ROLLBACK",
    'up and down there' => "SELECT mad_migrate.upgrade('other', 'good'), mad_migrate.downgrade('other', 'base')",
    'looking' => <<'SQL');
SELECT count(*) FROM mad_migrate.history('own'), mad_migrate.status(), mad_migrate.current('other');
SELECT mad_migrate.history_graph('own', 'dot')
SQL

my $gate = Client->new($cluster, $control, 'gate');
$gate->run('SELECT pg_advisory_lock(1)');
my $other_gate = Client->new($cluster, 'other', 'gate');
$other_gate->run('SELECT pg_advisory_lock(1)');

my $session = Client->new($cluster, $control, 'failing');
my ($pid) = $session->run('SET client_min_messages = error; SELECT pg_backend_pid()');

# Everything that could grow: memory of the server's and of the heap, open files.
sub measure
{
    my ($contexts, $bytes) = split /\|/, ($session->run(
            'SELECT count(*), sum(total_bytes) FROM pg_backend_memory_contexts'))[0];
    my ($resident) = PostgreSQL::Test::Utils::slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+) kB/m;
    my @files = glob "/proc/$pid/fd/*";
    return (contexts => $contexts, bytes => $bytes, resident => $resident, files => scalar @files);
}

sub repeat
{
    my ($statement, $times) = @_;
    return $session->run(join ";\n", ($statement) x $times);
}

foreach my $name (sort keys %failures)
{
    my ($statement, $state) = @{ $failures{$name} };
    my $messages = (repeat($statement, 2))[1];
    is(scalar(() = $messages =~ /ERROR:  $state/g), 2, "$name fails as it should") or diag $messages;
}
foreach my $name (sort keys %successes)
{
    unlike((repeat($successes{$name}, 2))[1], qr/ERROR/, "$name succeeds");
}

# The growth of each measure over several windows. Of memory the least: what is lost is lost in all
# of them, while caches fill in one or another. And what was said in the last window.
sub growth
{
    my ($statement) = @_;
    my (%least, $messages);
    repeat($statement, 10);
    my %before = measure();
    my $files = $before{files};
    foreach my $window (1 .. $windows)
    {
        $messages = (repeat($statement, $rounds))[1];
        my %after = measure();
        foreach my $measure (keys %after)
        {
            my $growth = $after{$measure} - $before{$measure};
            $least{$measure} = min($growth, $least{$measure} // $growth);
        }
        %before = %after;
    }
    return (%least, files => $before{files} - $files, messages => $messages);
}

SKIP:
{
    skip 'there is no /proc to look into', 1 unless -r "/proc/$pid/status";
    my %statements = (%successes, map { $_ => $failures{$_}[0] } keys %failures);
    foreach my $name (sort keys %statements)
    {
        my %growth = growth($statements{$name});
        my $expected = $failures{$name} ? $failures{$name}[1] : qr/./;
        is(scalar(() = $growth{messages} =~ /ERROR:  $expected/g),
            $failures{$name} ? $rounds : 0, "$name ends as before after all the others");
        # The server keeps some of its own files open, up to a limit.
        cmp_ok($growth{files}, '<', $windows * $rounds / 10, "$name leaves no file open");
        cmp_ok($growth{contexts}, '<=', 0, "$name leaves no memory context");
        cmp_ok($growth{bytes}, '<', $rounds, "$name leaves no memory of the server's");
        cmp_ok($growth{resident}, '<', $rounds, "$name leaves no kilobyte of the heap");
    }
}
$_->quit foreach ($session, $gate, $other_gate);
cmp_ok(seconds_until_gone($cluster, 'mad_migrate'), '<', 3, 'no session is left');

my $log = PostgreSQL::Test::Utils::slurp_file($cluster->logfile);
unlike($log, qr/leak|still referenced|PANIC|TRAP|signal/, 'nor does the server find anything leaked');
my @warnings = grep { /WARNING/ && !/on its way/ } split /\n/, $log;
is("@warnings", '', 'there is no warning but the script\'s own');

$cluster->stop('immediate');
done_testing();
