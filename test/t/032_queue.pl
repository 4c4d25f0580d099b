# The queue and its worker: started by a commit, one at a time, through failures and crashes, and in
# nobody's way.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;
use Time::HiRes qw(time usleep);

my $rounds = $ENV{MAD_CRASH_ROUNDS} // 12;
my $seed = $ENV{MAD_CRASH_SEED} // time % 1_000_000;
srand $seed;
diag "MAD_CRASH_SEED=$seed";

my $cluster = start_cluster('queue', 'restart_after_crash = on', 'fsync = off', 'autovacuum = off',
    'wal_level = replica', 'max_wal_senders = 1');
my $control = create_control_database($cluster);

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

sub workers
{
    my ($what) = @_;
    return "SELECT $what FROM pg_stat_activity WHERE backend_type = 'mad_migrate worker'";
}

# For what comes by itself.
sub comes_true
{
    my ($condition, $name) = @_;
    ok($cluster->poll_query_until($control, "SELECT $condition"), $name)
      or diag ask(q{SELECT * FROM mad_migrate.jobs WHERE state <> 'done'});
    return;
}

my $no_work = q{NOT EXISTS (SELECT FROM mad_migrate.jobs WHERE state IN ('queued', 'running'))};
my $no_worker = q{NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'mad_migrate worker')};

# Every organization has exactly one database, and it is at the template's version.
sub all_is_well
{
    my ($name) = @_;
    is(ask(<<'SQL'), '', $name);
SELECT o.id, g.database, d.revisions
  FROM orgs o
  FULL JOIN (SELECT * FROM mad_migrate.registry WHERE branch = 'app' AND kind = 'organization') g
    ON g.organization = o.id
  LEFT JOIN mad_migrate.databases d ON d.branch = 'app' AND d.database = g.database
 WHERE o.id IS NULL OR g.database IS DISTINCT FROM 'app_' || o.id OR NOT d.present
    OR d.revisions IS DISTINCT FROM (SELECT revisions FROM mad_migrate.databases WHERE branch = 'app' AND kind = 'template')
SQL
    return;
}

sub configure
{
    my ($setting) = @_;
    $cluster->append_conf('postgresql.conf', "$setting\n");
    $cluster->reload;
    return;
}

# While the server restarts after a crash, there is a moment in which it still seems to be there.
sub crash
{
    my ($deed) = @_;
    my $witness = Client->new($cluster, 'postgres', 'witness');
    $witness->run('SELECT 1');
    $witness->ask('SELECT pg_sleep(3600)');
    my $done = $deed->();
    if ($done)
    {
        $witness->answer;
        wait_until_back($cluster);
    }
    $witness->kill_client;
    $witness->quit;
    return $done;
}

#-------------------------------------------------------------------------------------------------
# A branch of small databases, and a table whose rows have one each.
create_branch_of_many($cluster, $control, 'app');
add_scripts($cluster, $control, 'app',
    { revision => 'one', upgrade => 'CREATE TABLE one ();', downgrade => 'DROP TABLE one;' });
ask(<<'SQL');
SELECT mad_migrate.upgrade('app');
CREATE TABLE orgs (id text PRIMARY KEY);
CREATE TRIGGER provision AFTER INSERT ON orgs
    FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert('id', 'branch=app');
SQL
is(ask(q{SELECT cloned FROM mad_migrate.fill_pool('app')}), 4, 'four are in the pool');

ask(q{INSERT INTO orgs SELECT 'a' || n FROM generate_series(1, 50) n});
comes_true(q{(SELECT count(*) = 50 FROM mad_migrate.databases WHERE branch = 'app' AND kind = 'organization')},
    'fifty rows have fifty databases in the end');
comes_true($no_work, 'and nothing is left to do');
comes_true(q{(SELECT count(*) = 4 FROM mad_migrate.databases WHERE branch = 'app' AND kind = 'pooled')},
    'and four are in the pool again');
all_is_well('all of them are at the head');
comes_true($no_worker, 'and no worker stays');
is(ask(q{SELECT count(*) FROM mad_migrate.jobs WHERE attempts > 1}), 0, 'nothing was tried twice');

ask(q{BEGIN; INSERT INTO orgs SELECT 'r' || n FROM generate_series(1, 6) n; ROLLBACK});
is(ask(q{SELECT count(*) FROM mad_migrate.registry WHERE organization LIKE 'r%'}), 0,
    'what was rolled back leaves nothing in the registry');
all_is_well('nor anywhere else');

# Many sessions at once, one of them at work.
my $most = 0;
my @clients = map { Client->new($cluster, $control, "client$_") } 1 .. 8;
foreach my $n (0 .. $#clients)
{
    $clients[$n]->ask(join ';', map { "INSERT INTO orgs VALUES ('s${n}_$_')" } 1 .. 4);
}
my $until = time + $PostgreSQL::Test::Utils::timeout_default;
do
{
    my $running = ask(q{SELECT count(DISTINCT started_at) FROM mad_migrate.jobs WHERE state = 'running' AND kind <> 'upgrade'});
    $most = $running if $running > $most;
} while (time < $until && ask("SELECT $no_work") ne 't');
my @messages = map { ($_->answer)[1] } @clients;
$_->quit foreach @clients;
is(join('', @messages), '', 'eight sessions queue at once and hear of nothing');
comes_true(q{(SELECT count(*) = 82 FROM mad_migrate.databases WHERE branch = 'app' AND kind = 'organization')},
    'each of their organizations has its database');
all_is_well('and only that one');
is($most, 1, 'one job at a time was running');
comes_true($no_work, 'nothing is left to do');
comes_true($no_worker, 'and no worker');

# A commit that waits for a standby is seen by nobody until it has.
configure(q{synchronous_standby_names = 'nobody'});
comes_true(q{current_setting('synchronous_standby_names') = 'nobody'}, 'commits are to wait for a standby');
ask('CHECKPOINT');    # by the process that makes them do so
my $slow = Client->new($cluster, $control, 'slow');
$slow->ask(q{INSERT INTO orgs VALUES ('slow')});
comes_true(q{EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'slow' AND wait_event = 'SyncRep')},
    'a commit takes its time');
comes_true(q{EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'mad_migrate worker' AND wait_event = 'virtualxid')},
    'the worker that it started waits for it');
configure(q{synchronous_standby_names = ''});
$slow->answer;
$slow->quit;
comes_true($no_work, 'and does then what it left');
comes_true(q{(SELECT count(*) = 4 FROM mad_migrate.databases WHERE branch = 'app' AND kind = 'pooled')}, 'a refill');
comes_true($no_worker, 'before it ends');

#-------------------------------------------------------------------------------------------------
# A fleet's upgrade has a worker of its own: nobody waits for it with an empty pool.
configure('mad_migrate.pool_size = 0');
ask(q{SELECT mad_migrate.fill_pool('app', 0)});
add_scripts($cluster, $control, 'app',
    { revision => 'two', revises => ['one'], upgrade => 'SELECT pg_advisory_xact_lock(7); CREATE TABLE two ();',
        downgrade => 'DROP TABLE two;' });
my $holder = Client->new($cluster, 'app_a1', 'holder');
$holder->run('SELECT pg_advisory_lock(7)');
my $run = ask(q{SELECT mad_migrate.submit_upgrade('app')});
comes_true(qq{EXISTS (SELECT FROM mad_migrate.run_database WHERE run = $run AND database = 'app_a1' AND status = 'running')},
    'an upgrade that was submitted runs, under the number that was promised');
comes_true(qq{(SELECT done >= 83 FROM mad_migrate.run WHERE run = $run)}, 'all but the one that is held are done');
ask(q{INSERT INTO orgs VALUES ('during')});
comes_true(q{EXISTS (SELECT FROM mad_migrate.databases WHERE database = 'app_during')},
    'meanwhile an organization gets its database');
is(ask("SELECT status FROM mad_migrate.run WHERE run = $run"), 'running', 'although the upgrade goes on');
$holder->quit;
comes_true(qq{(SELECT status = 'succeeded' AND started_by = session_user FROM mad_migrate.run WHERE run = $run)},
    'it ends as a run of who submitted it');
comes_true($no_work, 'and its job with it');
all_is_well('all are at the new head');

my ($result, $output, $error) = $cluster->psql($control, q{SELECT mad_migrate.submit_upgrade('app', 'nowhere')});
like($error, qr/nowhere/, 'a target that there is not is refused at once');

#-------------------------------------------------------------------------------------------------
# A job that fails is tried again, given up, and taken up again when somebody says so.
configure('mad_migrate.job_attempts = 2');
my $tablespace = PostgreSQL::Test::Utils::tempdir();
$cluster->safe_psql('postgres', "CREATE TABLESPACE full_one LOCATION '$tablespace'");
$cluster->safe_psql('postgres', 'ALTER DATABASE app_template SET TABLESPACE full_one');
my ($folder) = glob "$tablespace/PG_*";
chmod 0500, $folder or die $!;
ask(q{INSERT INTO orgs VALUES ('f1')});
comes_true(q{EXISTS (SELECT FROM mad_migrate.jobs WHERE organization = 'f1' AND attempts = 1 AND state = 'queued'
                        AND message LIKE 'could not create directory%' AND sqlstate IS NOT NULL AND due_at > now())},
    'a CREATE DATABASE that fails leaves a job to be tried later, with the error');
comes_true(q{EXISTS (SELECT FROM mad_migrate.jobs WHERE organization = 'f1' AND attempts = 2 AND state = 'dead')},
    'it is tried again, and then given up');
my $job = ask(q{SELECT job FROM mad_migrate.jobs WHERE organization = 'f1'});
like(slurp_file($cluster->logfile),
    qr/WARNING:  job $job \(provision of organization "f1" of branch "app"\) failed and is given up: could not create directory.*\n(?:.*\n)*?.*HINT:  Mend the cause and run SELECT mad_migrate\.retry\($job\)/,
    'and the log says what to do');
chmod 0700, $folder or die $!;
ask("SELECT mad_migrate.retry($job)");
comes_true(q{EXISTS (SELECT FROM mad_migrate.databases WHERE database = 'app_f1')}, 'retry gets it done');
comes_true("EXISTS (SELECT FROM mad_migrate.jobs WHERE job = $job AND state = 'done' AND message IS NULL)",
    'and clears the error');
($result, $output, $error) = $cluster->psql($control, "SELECT mad_migrate.retry($job)");
like($error, qr/ERROR:  job $job cannot be retried\nDETAIL:  It is done\./, 'what is done cannot be retried');

# While it waits for the next attempt, the worker is in nobody's way.
configure('mad_migrate.job_attempts = 1000');
sub leave_failing_job
{
    my ($id) = @_;
    chmod 0500, $folder or die $!;
    ask("INSERT INTO orgs VALUES ('$id')");
    comes_true("EXISTS (SELECT FROM mad_migrate.jobs WHERE organization = '$id' AND attempts >= 3 AND state = 'queued')",
        "a job fails and fails ($id)");
    comes_true("(SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'mad_migrate worker'
                    AND wait_event = 'Extension' AND datname IS NULL)",
        'its worker waits, connected to no database');
    return;
}
leave_failing_job('f2');
ask(q{INSERT INTO orgs VALUES ('f3')});
comes_true(q{EXISTS (SELECT FROM mad_migrate.jobs WHERE organization = 'f3' AND attempts >= 2)},
    'an earlier time than the one that is waited for is kept');
comes_true('(' . workers('count(*) = 1') . ')', 'and one worker waits for both');

ask(workers('pg_terminate_backend(pid)'));
comes_true($no_worker, 'SIGTERM ends it');
is(ask(q{SELECT count(*) FROM mad_migrate.jobs WHERE state = 'queued'}), 2, 'and leaves the jobs');
chmod 0700, $folder or die $!;
ask(q{UPDATE mad_migrate.job SET due_at = now() WHERE state = 'queued'});
is(ask('SELECT mad_migrate.work()'), 2, 'work() does them without any worker');
all_is_well('so that all have their databases');
is(ask('SELECT mad_migrate.work()'), 0, 'and has nothing more to do');

leave_failing_job('f4');
my $start = time;
$cluster->restart;
cmp_ok(time - $start, '<', 30, 'nor does a fast shutdown wait for it');
is(ask(workers('count(*)')), 0, 'after a restart nobody works without being called');
chmod 0700, $folder or die $!;
ask(q{UPDATE mad_migrate.job SET due_at = now() WHERE state = 'queued'});
ask(q{INSERT INTO orgs VALUES ('f5')});
comes_true($no_work, 'the next commit that queues something has all of it done');
all_is_well('f4 and f5 have their databases');
comes_true($no_worker, 'and the worker ends');

#-------------------------------------------------------------------------------------------------
# Killed at any moment.
my $number = 0;
my %hits;
my %deeds = (
    'kill -9 of the worker' => sub {
        my $pid = ask(workers('min(pid)'));
        return $pid && kill 'KILL', $pid;
    },
    'kill -9 of the session it works with' => sub {
        my $pid = ask(q{SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'mad_migrate'});
        return $pid && kill 'KILL', $pid;
    },
    'end of the session it works with' => sub {
        ask(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mad_migrate'});
        return 0;
    },
    'SIGTERM to the worker' => sub { ask(workers('pg_terminate_backend(pid)')); return 0 },
    'immediate stop' => sub { $cluster->stop('immediate'); $cluster->start; return 1 });
foreach my $round (1 .. $rounds)
{
    my @kinds = sort keys %deeds;
    my $kind = $kinds[ $round % @kinds ];
    ask(sprintf 'INSERT INTO orgs VALUES %s', join ', ', map { sprintf "('k%d')", ++$number } 1 .. 8);
    my $moment = rand 0.15;
    usleep($moment * 1_000_000);
    my $what = sprintf 'round %d, %s after %.0f ms', $round, $kind, $moment * 1000;
    $hits{$kind}++ if ask("SELECT NOT ($no_work)") eq 't';
    crash($deeds{$kind});
    ask(q{UPDATE mad_migrate.job SET due_at = now() WHERE state = 'queued'});
    ask('SELECT mad_migrate.work()');
    comes_true($no_work, "$what: the jobs are done by who comes next");
    all_is_well("$what: every organization has its one database");
}
note join ', ', map { "$_: $hits{$_}" } sort keys %hits;
cmp_ok(scalar keys %hits, '>', 1, 'they were hit at work');
ask('SELECT * FROM mad_migrate.reconcile(true)');
is(ask('SELECT * FROM mad_migrate.reconcile()'), '', 'what is half-made or left over can be cleared away');
is(ask(q{SELECT count(*) FROM pg_database WHERE datname LIKE 'mad_pool%'}), 0, 'and is gone then');
all_is_well('of the organizations nothing is lost by that');

#-------------------------------------------------------------------------------------------------
# DROP EXTENSION and DROP DATABASE, with a worker that waits.
comes_true($no_worker, 'no worker is left');
my $log_before = -s $cluster->logfile;
leave_failing_job('f6');
$start = time;
ask('DROP EXTENSION mad_migrate CASCADE');
cmp_ok(time - $start, '<', 10, 'DROP EXTENSION does not wait for it');
comes_true($no_worker, 'and it ends');
unlike(substr(slurp_file($cluster->logfile), $log_before), qr/mad_migrate worker.*exited with exit code/,
    'without an error');
chmod 0700, $folder or die $!;

create_control_database($cluster, 'other');
$cluster->safe_psql('other', <<'SQL');
SET client_min_messages = error;
SELECT mad_migrate.create_branch('later', template => 'later_template', database_pattern => 'later_{org_id}');
INSERT INTO mad_migrate.job (kind, branch, target, due_at) VALUES ('upgrade', 'later', 'head', now() + interval '3 seconds');
SQL
ok($cluster->poll_query_until('postgres', '' . workers('count(*) = 1') . ' AND datname IS NULL'), 'a job is due later');
$log_before = -s $cluster->logfile;
$cluster->safe_psql('postgres', 'DROP DATABASE other');
pass('DROP DATABASE does not wait for its worker');
ok($cluster->poll_query_until('postgres', workers('count(*) = 0')), 'which ends when it finds the database gone');
unlike(substr(slurp_file($cluster->logfile), $log_before), qr/FATAL|exit code|could not work/, 'and says nothing');

create_control_database($cluster, 'other');
$cluster->safe_psql('other', <<'SQL');
SET client_min_messages = error;
SELECT mad_migrate.upgrade('metadata', '001_meta');
SELECT mad_migrate.add_script('metadata', '/*
Wait

Revision ID: wait_meta
Revises: 001_meta
*/
-- migrate:upgrade
SELECT pg_sleep(3600);
-- migrate:downgrade
SELECT 1;
');
SELECT mad_migrate.submit_upgrade('metadata', 'wait_meta');
SQL
ok($cluster->poll_query_until('postgres',
    q{SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = 'other' AND wait_event = 'PgSleep'}), 'a worker is at work');
$cluster->safe_psql('postgres', 'DROP DATABASE other WITH (FORCE)');
pass('DROP DATABASE WITH (FORCE) ends its sessions');
ok($cluster->poll_query_until('postgres', workers('count(*) = 0')), 'and so the worker ends');

#-------------------------------------------------------------------------------------------------
# No room for a worker.
$cluster->append_conf('postgresql.conf', "max_worker_processes = 1\nmax_logical_replication_workers = 0\n");
$cluster->append_conf('postgresql.conf', "shared_preload_libraries = 'mad_migrate'\nmad_migrate.control_database = 'nowhere'\n");
$cluster->restart;
create_control_database($cluster, 'crowded');
($result, $output, $error) =
  $cluster->psql('crowded', q{SELECT mad_migrate.create_branch('small', template => 'small_template', database_pattern => 'small_{org_id}');
    SELECT mad_migrate.submit_upgrade('small')});
is($result, 0, 'where there is no room for a worker the transaction commits');
like($error, qr/WARNING:  could not start a worker for the queue\nDETAIL:.*\nHINT:  Run SELECT mad_migrate\.work\(\)/,
    'with a warning');
is($cluster->safe_psql('crowded', 'SELECT mad_migrate.work()'), 1, 'and work() does it');

unlike(slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/, 'nobody ended by a fault of its own');
$cluster->stop('immediate');
done_testing();
