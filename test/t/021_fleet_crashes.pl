# A fleet's upgrade killed at any moment: in every database the version row, the history, the
# published heads and the schema agree, the ledger tells no lie, and the next call finishes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Crash;
use Interruption;
use List::Util qw(shuffle);
use Scripts;
use Test::More;
use Time::HiRes qw(time usleep);

my $rounds = $ENV{MAD_CRASH_ROUNDS} // 50;
my $seed = $ENV{MAD_CRASH_SEED} // time % 1_000_000;
srand $seed;
diag "MAD_CRASH_SEED=$seed";

my $cluster = start_cluster('crashes', 'restart_after_crash = on', 'fsync = off', 'autovacuum = off');
my $control = create_control_database($cluster);
my @tenants = map { "app_$_" } 1 .. 8;
my @databases = ('app_template', @tenants);
create_branch_of_many($cluster, $control, 'app', @tenants);

# The last statement cannot run in a transaction, and only works once.
add_scripts($cluster, $control, 'app',
    { revision => 'one', upgrade => "CREATE TABLE one_a ();\nCREATE TABLE one_b (id int);",
        downgrade => 'DROP TABLE one_a, one_b;' },
    { revision => 'two', revises => ['one'], upgrade => <<'SQL', downgrade => <<'SQL2' });
CREATE TABLE two_a ();
CREATE INDEX CONCURRENTLY two_b ON one_b (id);
CREATE TABLE two_c ();
SQL
DROP TABLE two_a, two_c;
DROP INDEX two_b;
SQL2

# All that tells where a database is. Of a step that is half-way, the statements that are done. An
# index that is not valid is not there.
my $look = <<'SQL';
SELECT to_regclass('mad_migrate.alembic_version_app') IS NOT NULL AS kit,
       coalesce((SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class
                  WHERE relname ~ '^(one|two)_' AND oid NOT IN (SELECT indexrelid FROM pg_index WHERE NOT indisvalid)),
                '') AS made,
       coalesce((SELECT string_agg(split_part(item, '=', 2), ',') FROM pg_db_role_setting, unnest(setconfig) AS item
                  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND item LIKE 'mad_revision.app=%'), '') AS published \gset
\if :kit
SELECT current_database(), :'made', (SELECT string_agg(version_num, ',') FROM mad_migrate.alembic_version_app),
       (SELECT string_agg(concat_ws(' ', revision, statements_done), ',' ORDER BY id)
          FROM mad_migrate.history WHERE direction = 'upgrade'), :'published';
\else
SELECT current_database(), :'made', NULL, NULL, :'published';
\endif
SQL
my $finished = 'one_a,one_b,two_a,two_b,two_c|two|one,two 3|two';
my %whole = map { $_ => 1 } (
    '|||',
    'one_a,one_b|one|one|one',
    'one_a,one_b|one|one,two 0|one',
    'one_a,one_b,two_a|one|one,two 1|one',
    # The index was built, and there was no time to record it.
    'one_a,one_b,two_a,two_b|one|one,two 1|one',
    'one_a,one_b,two_a,two_b|one|one,two 2|one',
    'one_a,one_b,two_a,two_b,two_c|one|one,two 3|one',
    $finished);

# In every database, by one psql.
sub in_each
{
    my ($statements) = @_;
    # The template, once there is one, takes connections only while it is migrated.
    my $open = "SELECT 'ALTER DATABASE app_template ALLOW_CONNECTIONS true' FROM pg_database WHERE datname = 'app_template' \\gexec\n";
    return $cluster->safe_psql('postgres', $open . join "\n", map { "\\c $_\n$statements" } @databases);
}

sub states
{
    return map { split /\|/, $_, 2 } split /\n/, in_each($look);
}

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

# To where nothing was ever run, or to where everything was taken back.
sub reset_fleet
{
    my ($from_nothing) = @_;
    ask("SELECT mad_migrate.downgrade('app', 'base', databases => '{*}')");
    in_each($from_nothing
        ? "SET client_min_messages = error;\nDROP SCHEMA mad_migrate CASCADE;\nALTER DATABASE :DBNAME RESET ALL;"
        : 'DELETE FROM mad_migrate.history;');
    return;
}

sub backends
{
    my ($name) = @_;
    return split /\n/, $cluster->safe_psql('postgres',
        "SELECT pid FROM pg_stat_activity WHERE application_name = '$name'");
}

my %crashes = (
    'kill -9 of the calling backend' => sub { kill_backend(backends('caller')) },
    'kill -9 of a remote backend' => sub {
        foreach my $pid (shuffle(backends('mad_migrate')), backends('caller'))
        {
            last if kill_backend($pid);
        }
    },
    'immediate stop' => sub { $cluster->stop('immediate'); $cluster->start });

sub check_after_crash
{
    my ($what) = @_;
    my %state = states();
    my @broken = grep { !$whole{ $state{$_} } } @databases;
    is("@broken", '', "$what: every database is whole") or diag map { "$_: $state{$_}\n" } @broken;

    my $run = ask('SELECT run, status FROM mad_migrate.run ORDER BY run DESC LIMIT 1');
    is(ask(q{SELECT count(*) FROM mad_migrate.run WHERE status = 'running'}), 0, "$what: no run seems to go on");
    my ($number, $status) = split /\|/, $run;
    my @done = split /\n/, ask(qq{SELECT database FROM mad_migrate.run_database WHERE run = $number AND status = 'upgraded'});
    my @lost = grep { $state{$_} ne $finished } @done;
    is("@lost", '', "$what: what the ledger calls done is done");
    is(ask(qq{SELECT count(*) FROM mad_migrate.run_database WHERE run = $number AND status = 'running'}), 0,
        "$what: no database seems to be at it");
    return $status;
}

#-------------------------------------------------------------------------------------------------
ask("SELECT mad_migrate.upgrade('app')");
reset_fleet(0);
# What was written so far need not be recovered again and again.
$cluster->safe_psql('postgres', 'CHECKPOINT');
my $start = time;
ask("SELECT mad_migrate.upgrade('app', jobs => 4)");
my $duration = time - $start;
my %all_finished = map { $_ => $finished } @databases;
is_deeply({ states() }, \%all_finished, 'left alone, it finishes');

my %ends;
foreach my $round (1 .. $rounds)
{
    my $kind = (sort keys %crashes)[ $round % 3 ];
    my $moment = rand $duration;
    my $what = sprintf 'round %d, %s after %.0f ms', $round, $kind, $moment * 1000;
    reset_fleet($round % 5 == 0);
    my $caller = Client->new($cluster, $control, 'caller');
    $caller->run('SET client_min_messages = error');
    my $run = ask('SELECT max(run) FROM mad_migrate.run');
    $caller->ask("SELECT mad_migrate.upgrade('app', jobs => 4)");
    usleep($moment * 1_000_000);
    crash($cluster, $crashes{$kind});
    $caller->quit;

    my $begun = ask('SELECT max(run) FROM mad_migrate.run') > $run;
    my $status = check_after_crash($what);
    my $end = $begun ? $status : 'not begun';
    $ends{$end}++;
    # A machine that does other things too is not as fast in each round.
    $duration *= $end eq 'succeeded' ? 0.9 : 1.05;
    ask("SELECT mad_migrate.upgrade('app', jobs => 4)");
    is_deeply({ states() }, \%all_finished, "$what: the next call finishes");
}
note join ', ', map { "$_: $ends{$_}" } sort keys %ends;
cmp_ok($ends{interrupted} // 0, '>', $rounds / 4, 'runs were interrupted in their middle');
is(join(' ', grep { !/^(interrupted|succeeded|not begun)$/ } keys %ends), '', 'and none ended otherwise');

unlike(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');
$cluster->stop('immediate');
done_testing();
