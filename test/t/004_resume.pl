# A script that cannot run in a transaction, interrupted at any statement, is resumed there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use Scripts;
use Test::More;

my %script = (revision => 'one', upgrade => <<'SQL', downgrade => <<'SQL2');
CREATE TABLE made (id int);
INSERT INTO made VALUES (1);
CREATE UNIQUE INDEX CONCURRENTLY made_id ON made (id);
INSERT INTO made SELECT 2 FROM pg_advisory_xact_lock_shared(4);
VACUUM made;
CREATE INDEX CONCURRENTLY made_again ON made (id DESC);
SQL
DROP INDEX CONCURRENTLY made_again;
DROP INDEX CONCURRENTLY made_id;
DROP TABLE made;
SQL2

my $cluster = start_cluster('resume', 'restart_after_crash = on',
    "client_connection_check_interval = '100ms'", 'fsync = off');
my $control = create_control_database($cluster);
$cluster->safe_psql('postgres', 'CREATE DATABASE other');
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('own')");
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('other', database => 'other')");
add_scripts($cluster, $control, $_, \%script) foreach qw(own other);
my %database = (own => $control, other => 'other');

# What the script made, and how far the history says it came.
sub progress
{
    my ($branch) = @_;
    return $cluster->safe_psql($database{$branch}, <<"SQL");
SELECT (SELECT string_agg(version_num, ',') FROM mad_migrate.alembic_version_$branch),
       string_agg(concat_ws('/', revision, statements_done, statements, finished_at IS NOT NULL), ',' ORDER BY id)
FROM mad_migrate.history WHERE branch = '$branch' AND direction = 'upgrade'
SQL
}

sub made
{
    my ($branch) = @_;
    return $cluster->safe_psql($database{$branch}, <<'SQL');
SELECT (SELECT string_agg(id::text, ',' ORDER BY id) FROM made),
       (SELECT string_agg(c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' is invalid' END, ',' ORDER BY c.relname)
          FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid = 'made'::regclass)
SQL
}

# The statement to stand still at, how it is held there, the statements complete by then, and how
# it is known in pg_stat_activity.
my @points = (
    [ 'a transactional statement', 'SELECT pg_advisory_lock(4)', 3, '%pg_advisory_xact_lock_shared(4)%' ],
    [ 'VACUUM', 'LOCK TABLE made IN SHARE UPDATE EXCLUSIVE MODE', 4, 'VACUUM%' ],
    [ 'CREATE INDEX CONCURRENTLY', 'INSERT INTO made VALUES (9)', 5, 'CREATE INDEX%' ]);

sub call_text
{
    my ($branch) = @_;
    return $branch eq 'own' ? "CALL mad_migrate.run_upgrade('own')" : "SELECT mad_migrate.upgrade('other')";
}

sub wait_for_lock
{
    my ($query_like) = @_;
    $cluster->poll_query_until('postgres', <<"SQL") or die "never came to: $query_like";
SELECT count(*) = 1 FROM pg_stat_activity
WHERE application_name = 'mad_migrate' AND wait_event_type = 'Lock' AND query LIKE '$query_like'
SQL
    return;
}

# Where others see that it stands; the ledger is told of a statement a moment after it began.
sub standstill
{
    my ($point) = @_;
    return 'statement ' . ($point->[2] + 1) . ' of 6 of revision one';
}

sub wait_for_ledger
{
    my ($point) = @_;
    my $standstill = standstill($point);
    $cluster->poll_query_until($control, <<"SQL") or die "the ledger never told: $standstill";
SELECT standstill = '$standstill' FROM mad_migrate.run_database ORDER BY run DESC LIMIT 1
SQL
    return;
}

# Statement 4 is held first, so that the next holder finds the table it locks.
sub stop_at
{
    my ($caller, $branch, $point) = @_;
    my (undef, $hold, undef, $query_like) = @$point;
    my @holders = map { Client->new($cluster, $database{$branch}, 'holder') } 1 .. 2;
    hold_at($holders[0], $points[0][1]);
    $caller->ask(call_text($branch));
    wait_for_lock($points[0][3]);
    return @holders if $point == $points[0];
    hold_at($holders[1], $hold);
    $holders[0]->run('SELECT pg_advisory_unlock_all()');
    wait_for_lock($query_like);
    return @holders;
}

sub interrupt_and_resume
{
    my ($branch, $point, $name) = @_;
    my $interruption = $interruptions{$name};
    my $what = "$name at $point->[0], $branch database";
    my $caller = Client->new($cluster, $control, 'caller');
    $caller->run("SET mad_migrate.lock_timeout = '5min'");
    $caller->run($interruption->{settings}) if $interruption->{settings};
    my @holders = stop_at($caller, $branch, $point);
    wait_for_ledger($point);

    $interruption->{do}->($cluster, $caller);
    if ($interruption->{restarts})
    {
        wait_until_back($cluster);
    }
    elsif ($interruption->{says})
    {
        like(($caller->answer)[1], $interruption->{says}, "$what: the caller is told");
    }
    seconds_until_gone($cluster, 'mad_migrate');
    is(progress($branch), "|one/$point->[2]/6/f", "$what: what is complete is known");
    # Of a server that goes down, the database's session may be the first that is gone, and the caller see that yet.
    like($cluster->safe_psql($control, "SELECT status, problem FROM mad_migrate.status('$branch')"),
        qr/^partial\|\Q${\ standstill($point)}\E: (?:the run was interrupted|connection to database "$database{$branch}" was lost)$/,
        "$what: so it is without a look into it");
    like(($cluster->psql($control, "SELECT mad_migrate.remove_script('$branch', 'one')"))[2],
        qr/cannot be removed: it is half-way/, "$what: its script stays");
    $_->quit foreach ($caller, @holders);
    seconds_until_gone($cluster, 'holder');

    my ($status, $output, $error) = $cluster->psql($control, call_text($branch));
    is($status, 0, "$what: the next call resumes") or diag $error;
    is(progress($branch), 'one|one/6/6/t', "$what: and finishes");
    is(made($branch), '1,2|made_again,made_id', "$what: each statement was made once");
    $cluster->safe_psql($database{$branch}, <<"SQL");
DROP TABLE made;
DELETE FROM mad_migrate.alembic_version_$branch;
DELETE FROM mad_migrate.history;
ALTER DATABASE $database{$branch} RESET ALL;
SQL
    return;
}

foreach my $branch (qw(own other))
{
    foreach my $point (@points)
    {
        interrupt_and_resume($branch, $point, $_) foreach sort keys %interruptions;
    }
}

# A statement that fails by itself: the cause mended, the next call builds the index anew.
my %failing = (revision => 'two', revises => ['one'], upgrade => <<'SQL', downgrade => 'SELECT 1');
CREATE TABLE twice AS SELECT 1 AS id FROM generate_series(1, 2);
CREATE UNIQUE INDEX CONCURRENTLY twice_id ON twice (id);
SQL
add_scripts($cluster, $control, $_, \%failing) foreach qw(own other);
foreach my $branch (qw(own other))
{
    my (undef, undef, $error) = $cluster->psql($control, call_text($branch));
    like($error, qr/could not create unique index "twice_id"/, "$branch database: a statement fails");
    (undef, undef, $error) = $cluster->psql($control, "CALL mad_migrate.run_downgrade('$branch', 'base')");
    like($error, qr/revision "two" is half-way through its upgrade/,
        "$branch database: nothing else is done before it is finished");
    $cluster->safe_psql($database{$branch}, 'DELETE FROM twice WHERE ctid IN (SELECT min(ctid) FROM twice)');
    is(($cluster->psql($control, call_text($branch)))[0], 0, "$branch database: mended, it is resumed");
    is($cluster->safe_psql($database{$branch}, <<'SQL'), 'twice_id|t', "$branch database: a valid index");
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'twice'::regclass
SQL
}

# Or a person builds it, and says so.
my %built_by_hand = (revision => 'three', revises => ['two'], upgrade => <<'SQL', downgrade => 'SELECT 1');
INSERT INTO twice VALUES (5);
DROP INDEX twice_id;
INSERT INTO twice VALUES (5);
CREATE UNIQUE INDEX CONCURRENTLY twice_id ON twice (id);
SQL
add_scripts($cluster, $control, $_, \%built_by_hand) foreach qw(own other);
foreach my $branch (qw(own other))
{
    my (undef, undef, $error) = $cluster->psql($control, call_text($branch));
    like($error, qr/could not create unique index "twice_id"/, "$branch database: it fails once more");
    my $resolve = "SELECT mad_migrate.resolve('$branch', '$database{$branch}', 'done')";
    like(($cluster->psql($control, $resolve))[2], qr/index "twice_id" is missing or INVALID in database "$database{$branch}"/,
        "$branch database: it cannot be said to be there when it is not");
    $cluster->safe_psql($database{$branch}, <<'SQL');
DELETE FROM twice WHERE id = 5;
REINDEX INDEX twice_id;
SQL
    $cluster->safe_psql($control, $resolve);
    is(($cluster->psql($control, call_text($branch)))[0], 0, "$branch database: built by hand, it is done");
    like(progress($branch), qr{^three\|.*three/4/4/t$}, "$branch database: and the step finished");
}

unlike(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');

$cluster->stop('immediate');
done_testing();
