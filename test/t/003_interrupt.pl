# An upgrade interrupted at any point, in the own database or in another, leaves whole steps, no
# session, and nothing that hinders the next call.
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

# Two revisions of three statements, each behind a gate.
sub gated_script
{
    my ($revision, $revises, $gate) = @_;
    my @statements = map { ("SELECT pg_advisory_xact_lock_shared($_);", "CREATE TABLE r_${revision}_$_ ();") }
      ($gate .. $gate + 2);
    return {
        revision => $revision, revises => $revises, upgrade => join("\n", @statements),
        downgrade => join("\n", map { "DROP TABLE r_${revision}_$_;" } ($gate .. $gate + 2)) };
}
my @scripts = (gated_script('one', [], 1), gated_script('two', ['one'], 4));

my $cluster = start_cluster('interrupt', 'restart_after_crash = on',
    "client_connection_check_interval = '100ms'", "fsync = off");
my $control = create_control_database($cluster);
$cluster->safe_psql('postgres', 'CREATE DATABASE other');
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('own')");
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('other', database => 'other')");
add_scripts($cluster, $control, $_, @scripts) foreach qw(own other);

my %database = (own => $control, other => 'other');
my @slowest;

# Steps that are there, by what they created, by version rows and by history: all must agree.
sub steps_of
{
    my ($branch) = @_;
    my $seen = $cluster->safe_psql($database{$branch}, <<"SQL");
SELECT (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relname ~ '^r_(one|two)_'),
       (SELECT string_agg(version_num, ',') FROM mad_migrate.alembic_version_$branch),
       (SELECT string_agg(revision, ',' ORDER BY id) FROM mad_migrate.history
         WHERE branch = '$branch' AND direction = 'upgrade'),
       (SELECT string_agg(split_part(item, '=', 2), ',')
          FROM pg_db_role_setting, unnest(setconfig) AS item
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND item LIKE 'mad_revision.$branch=%')
SQL
    return $seen;
}

my %whole = (
    none => '|||',
    one => 'r_one_1,r_one_2,r_one_3|one|one|one',
    two => 'r_one_1,r_one_2,r_one_3,r_two_4,r_two_5,r_two_6|two|one,two|two');

# Brings the branch back to where nothing was run.
sub reset_branch
{
    my ($branch) = @_;
    $cluster->safe_psql($control, "SELECT mad_migrate.downgrade('$branch', 'base')");
    $cluster->safe_psql($database{$branch}, "DELETE FROM mad_migrate.history WHERE branch = '$branch'");
    return;
}

sub interrupt
{
    my ($branch, $point, $name, $start, $expected) = @_;
    my ($point_name, $hold) = @$point;
    my $interruption = $interruptions{$name};
    $cluster->safe_psql($control, "SELECT mad_migrate.upgrade('$branch', '$start')");
    my $what = "$name at $point_name, $branch database";

    my $holder = Client->new($cluster, $database{$branch}, 'holder');
    hold_at($holder, $hold);
    my $caller = Client->new($cluster, $control, 'caller');
    $caller->run(join ';', "SET mad_migrate.lock_timeout = '5min'",
        $interruption->{settings} // ());
    $caller->ask("SELECT to_revisions FROM mad_migrate.upgrade('$branch', 'two')");
    my $waiter = $branch eq 'own' ? 'caller' : 'mad_migrate';
    $cluster->poll_query_until('postgres', <<"SQL") or die "never came to the point: $what";
SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '$waiter' AND wait_event_type = 'Lock'
SQL
    $interruption->{do}->($cluster, $caller);
    if ($interruption->{restarts})
    {
        wait_until_back($cluster);
    }
    elsif ($interruption->{says})
    {
        like(($caller->answer)[1], $interruption->{says}, "$what: the caller is told");
    }
    # The point is still held: nothing goes on only because it was let go.
    push @slowest, seconds_until_gone($cluster, 'mad_migrate');
    if ($name eq 'death of the client' || $name eq 'pg_terminate_backend')
    {
        push @slowest, seconds_until_gone($cluster, 'caller');
    }
    is(steps_of($branch), $whole{$expected}, "$what: whole steps");
    $caller->quit;
    $holder->quit;
    seconds_until_gone($cluster, 'holder');

    is($cluster->safe_psql($control, "SELECT to_revisions FROM mad_migrate.upgrade('$branch', 'two')"),
        '{two}', "$what: the next call finishes");
    is(steps_of($branch), $whole{two}, "$what: each step was made once");
    reset_branch($branch);
    return;
}

foreach my $branch (qw(own other))
{
    foreach my $point (points($branch, 1 .. 6))
    {
        my ($gate) = $point->[0] =~ /^gate (\d)/;
        # In the own database all steps are the caller's one transaction.
        my $start = $gate ? 'base' : 'one';
        my $expected = $gate && ($branch eq 'own' || $gate < 4) ? 'none' : 'one';
        foreach my $name (sort keys %interruptions)
        {
            my $points = $interruptions{$name}{points} // qr/./;
            interrupt($branch, $point, $name, $start, $expected) if $point->[0] =~ $points;
        }
    }
}

note sprintf 'the slowest session was gone after %.1f s', max @slowest;
cmp_ok(max(@slowest), '<', 3, 'sessions end at once');
unlike(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');

$cluster->stop('immediate');
done_testing();
