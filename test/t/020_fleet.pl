# One call brings a fleet to head: what fails fails alone, what is gone or new is noticed, and the
# next call does only what is left.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use Scripts;
use Test::More;

my $cluster = start_cluster('fleet', 'fsync = off', 'autovacuum = off');
my $control = create_control_database($cluster);
my @fifty = map { sprintf 'app_%03d', $_ } 1 .. 50;
create_branch_of_many($cluster, $control, 'app', @fifty);
add_scripts($cluster, $control, 'app',
    { revision => 'one', upgrade => 'CREATE TABLE made (id int);', downgrade => 'DROP TABLE made;' });

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

sub add_revision
{
    my ($revision, $revises, $upgrade) = @_;
    add_scripts($cluster, $control, 'app', { revision => $revision, revises => [$revises],
        upgrade => $upgrade, downgrade => "DROP TABLE made_$revision;" });
    return;
}

# A revision that stands still in each database where somebody holds its gate.
sub add_gated_revision
{
    my ($revision, $revises) = @_;
    add_revision($revision, $revises,
        "CREATE TABLE made_$revision ();\nSELECT pg_advisory_xact_lock_shared(1);");
    return;
}

sub hold_gates
{
    my (@databases) = @_;
    return map {
        my $holder = Client->new($cluster, $_, 'holder');
        hold_at($holder, 'SELECT pg_advisory_lock(1)');
        $holder;
    } @databases;
}

sub wait_for_gates
{
    my ($number) = @_;
    $cluster->poll_query_until('postgres', <<"SQL") or die "never came to $number gates";
SELECT count(*) = $number FROM pg_stat_activity
WHERE application_name = 'mad_migrate' AND wait_event = 'advisory'
SQL
    return;
}

# Databases at a revision, by the shared catalog.
sub at
{
    my ($revision) = @_;
    return ask("SELECT count(*) FROM mad_migrate.databases WHERE branch = 'app' AND revisions = '{$revision}'");
}

my $last_run = '(SELECT max(run) FROM mad_migrate.run)';
sub last_run
{
    return ask("SELECT status, databases, done, failed, remaining FROM mad_migrate.run WHERE run = $last_run");
}

# Of that run, what was done to the databases that are like this.
sub entries
{
    my ($columns, $rest) = @_;
    return ask("SELECT $columns FROM mad_migrate.run_database WHERE run = $last_run $rest ORDER BY 1");
}

#-------------------------------------------------------------------------------------------------
# The fleet from nothing: rows, notices, ledger
#-------------------------------------------------------------------------------------------------
my (undef, $rows, $messages) = $cluster->psql($control, "SELECT * FROM mad_migrate.upgrade('app')");
my @rows = split /\n/, $rows;
is(scalar @rows, 51, 'the template and each database give a row');
like($rows[0], qr/^app_template\|\{\}\|\{one\}\|1\|upgraded\|00:00:\d\d[.\d]*\|$/, 'the template comes first');
is(scalar(grep { /^app_0\d\d\|\{\}\|\{one\}\|1\|upgraded\|/ } @rows), 50, 'and each was upgraded');
is(scalar(() = $messages =~ /NOTICE:  \[[ \d]{2}\/51\] app_\w+  <base> -> one  \d+ ms$/mg), 51,
    'each was told of when it was done') or diag $messages;
is(last_run(), 'succeeded|51|51|0|0', 'the ledger counts them');
is(entries('count(*), min(attempts), max(attempts)', <<'SQL'), '51|1|1', 'and has a row of each');
AND status = 'upgraded' AND finished_at >= started_at AND from_revisions = '{}' AND to_revisions = '{one}'
SQL
is($cluster->safe_psql('app_017', "SELECT run FROM mad_migrate.history"), ask("SELECT $last_run"),
    'a database\'s history names the run');
is(ask("SELECT count(*), count(*) FILTER (WHERE status = 'up to date') FROM mad_migrate.upgrade('app')"),
    '51|51', 'there is nothing left');
is(ask("SELECT count(*) FROM mad_migrate.run"), 1, 'for which no run is begun');

#-------------------------------------------------------------------------------------------------
# A failing tenant
#-------------------------------------------------------------------------------------------------
add_revision('two', 'one', <<'SQL');
CREATE TABLE made_two ();
ALTER TABLE made
    ADD CONSTRAINT positive CHECK (id > 0);
SQL
$cluster->safe_psql('app_023', 'INSERT INTO made VALUES (-1)');
(my $status, undef, $messages) = $cluster->psql($control, "\\set VERBOSITY verbose\nSELECT mad_migrate.upgrade('app')");
like($messages, qr/^psql:.*ERROR:  MM\d+: upgrade of branch "app" failed in 1 of 51 databases\nDETAIL:  app_023: two_\w+\.sql:\d+: check constraint "positive" of relation "made" is violated by some row \(23514\)\nHINT: .*run_database WHERE run = \d+/m,
    'one fails, and the call says so at the end');
is(at('two'), 50, 'all others are done');
is($cluster->safe_psql('app_023', "SELECT version_num, to_regclass('made_two') FROM mad_migrate.alembic_version_app"),
    'one|', 'of the failed one nothing is');
is(last_run(), 'failed|51|50|1|0', 'the ledger counts it');
like(entries("status, sqlstate, message, attempts, from_revisions, to_revisions, replace(context, E'\\n', ' ')", 'AND sqlstate IS NOT NULL'),
    qr/^failed\|23514\|check constraint "positive" of relation "made" is violated by some row\|1\|\{one\}\|\{one\}\|.*statement 2 of 2, line 12 of script "[^"]*": ALTER TABLE made \.\.\. upgrade of revision "two", branch "app", database "app_023"$/,
    'and has its error with the script\'s line');

is(ask("SELECT database, from_revisions, to_revisions, steps, status, split_part(error, E'\\n', 1)
        FROM mad_migrate.upgrade('app', on_error => 'report') WHERE status <> 'up to date'"),
    'app_023|{one}|{one}|0|failed|check constraint "positive" of relation "made" is violated by some row (23514)',
    'the next call fails again, and reports it when it shall not raise');
is(entries('database', ''), 'app_023', 'it was only tried where it was left');
$cluster->safe_psql('app_023', 'DELETE FROM made');
is(ask("SELECT database, status FROM mad_migrate.upgrade('app') WHERE steps > 0"), 'app_023|upgraded', 'mended, it is done');
is(last_run(), 'succeeded|1|1|0|0', 'in a run of its own');
is($cluster->safe_psql('app_001', 'SELECT count(*) FROM mad_migrate.history'), 2, 'and the others were left alone');

#-------------------------------------------------------------------------------------------------
# Some of them, and how many at a time
#-------------------------------------------------------------------------------------------------
add_gated_revision('three', 'two');
is(ask("SELECT string_agg(database, ' ' ORDER BY database) FROM mad_migrate.upgrade('app', databases => '{app_00?,app_04*,app_017}')"),
    join(' ', map { sprintf 'app_%03d', $_ } 1 .. 9, 17, 40 .. 49), 'names and globs choose');
is(at('three'), 20, 'and nothing else is done');
like(($cluster->psql($control, "SELECT mad_migrate.upgrade('app', databases => '{app_001,app_9*}')"))[2],
    qr/ERROR:  branch "app" has no database "app_9\*"/, 'one that chooses nothing is refused');

my @few = @fifty[ 9 .. 14 ];
my @holders = hold_gates(@few);
my $caller = Client->new($cluster, $control, 'caller');
$caller->run("SET client_min_messages = error; SET mad_migrate.lock_timeout = '5min'");
$caller->ask("SELECT count(*) FROM mad_migrate.upgrade('app', databases => '{app_01?}', jobs => 4)");
wait_for_gates(4);
is($cluster->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mad_migrate' AND datname LIKE 'app%'"),
    4, 'jobs says how many at a time');
is(ask("SELECT done, failed, remaining, current_databases FROM mad_migrate.progress"),
    "0|0|9|{$few[0],$few[1],$few[2],$few[3]}", 'which others can watch');
$_->quit foreach @holders;
is(($caller->answer)[0], 10, 'released, they are done');
is(ask('SELECT count(*) FROM mad_migrate.progress'), 0, 'and there is nothing more to watch');

#-------------------------------------------------------------------------------------------------
# Databases that go and come in the middle
#-------------------------------------------------------------------------------------------------
@holders = hold_gates('app_021', 'app_022');
$caller->ask("SELECT count(*), count(*) FILTER (WHERE status = 'failed') FROM mad_migrate.upgrade('app', jobs => 2, on_error => 'report')");
wait_for_gates(2);
$cluster->safe_psql('postgres', $_) foreach 'DROP DATABASE app_030', 'DROP DATABASE app_031';
$cluster->safe_psql($control, q{DELETE FROM mad_migrate.registry WHERE database = 'app_031'});
$cluster->safe_psql('postgres', 'DROP DATABASE app_022 WITH (FORCE)');
add_databases($cluster, $control, 'app', 'app_051', 'app_052');
$_->quit foreach @holders;
is(($caller->answer)[0], '53|3', 'those that are gone fail, those that are new are done too');
is(at('three'), 50, 'with all others');
is(last_run(), 'failed|24|21|3|0', 'the ledger counts them');
my $gone = entries(q{database, sqlstate, regexp_replace(coalesce(detail, message), '.*FATAL:  ', '')},
    q{AND status = 'failed'});
is("$gone\n", <<'EOT', 'and says what became of them');
app_022|57P01|terminating connection due to administrator command
app_030|MM022|database "app_030" of branch "app" does not exist
app_031|MM022|database "app_031" of branch "app" does not exist
EOT
is(entries('database, status', "AND database BETWEEN 'app_051' AND 'app_052'"),
    "app_051|upgraded\napp_052|upgraded", 'the new ones are in it');
like(($cluster->psql($control, "SELECT mad_migrate.upgrade('app')"))[2], qr/failed in 2 of 52 databases/,
    'those that are gone but registered fail again');
$cluster->safe_psql($control, q{DELETE FROM mad_migrate.registry WHERE database IN ('app_022', 'app_030')});
is(ask("SELECT count(*) FROM mad_migrate.upgrade('app')"), 50, 'until they are forgotten');

#-------------------------------------------------------------------------------------------------
# A run that goes wrong everywhere
#-------------------------------------------------------------------------------------------------
add_revision('broken', 'three', 'CREATE TABLE made (id int);');
like(($cluster->psql($control, "SELECT mad_migrate.upgrade('app', jobs => 1, max_failures => 3)"))[2],
    qr/failed in 3 of 50 databases/, 'a run stops after the failures it may have');
is(last_run(), 'stopped|50|0|3|0', 'and says so');
is(entries('status, count(*)', 'GROUP BY status'), "failed|3\nskipped|47", 'in the ledger');
ask("SELECT mad_migrate.remove_script('app', 'broken')");

#-------------------------------------------------------------------------------------------------
# Memory of the calling backend
#-------------------------------------------------------------------------------------------------
add_databases($cluster, $control, 'app', map { sprintf 'app_%03d', $_ } 53 .. 202);
ask("SELECT mad_migrate.upgrade('app')");
add_gated_revision('four', 'three');

# Of a new backend, while the last of these databases is still to be done.
sub memory_of_upgrade
{
    my ($last, $number, $databases) = @_;
    my ($holder) = hold_gates($last);
    my $session = Client->new($cluster, $control, 'measured');
    $session->run("SET client_min_messages = error; SET mad_migrate.lock_timeout = '5min'");
    $session->ask("SELECT count(*) FROM mad_migrate.upgrade('app', databases => '{$databases}')");
    $cluster->poll_query_until($control, "SELECT done = $number - 1 FROM mad_migrate.progress")
      or die 'the others never came to their end';
    my ($resident) = PostgreSQL::Test::Utils::slurp_file('/proc/' . backend_of($cluster, 'measured') . '/status') =~
      /^RssAnon:\s+(\d+) kB/m;
    $holder->quit;
    is(($session->answer)[0], $number, "$number databases are upgraded");
    $session->quit;
    return $resident;
}
SKIP:
{
    skip 'there is no /proc to look into', 3 unless -r '/proc/self/status';
    my $of_few = memory_of_upgrade('app_049', 46, 'app_00?,app_01?,app_02?,app_03?,app_04?');
    ask("SELECT mad_migrate.downgrade('app', 'three', databases => '{*}')");
    my $of_many = memory_of_upgrade('app_202', 200, '*');
    note "$of_few kB for 46 databases, $of_many kB for 200";
    cmp_ok($of_many - $of_few, '<', 2048, 'a fleet four times as large takes no more memory');
}

$caller->quit;
unlike(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');
$cluster->stop('immediate');
done_testing();
