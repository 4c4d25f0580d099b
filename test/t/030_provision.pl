# An organization's database appears with its row and disappears with it: in one transaction, from
# many sessions at once, while the fleet is upgraded, and whatever is connected to what.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Organizations;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

my $cluster = start_cluster('provision', 'fsync = off', 'autovacuum = off', 'max_connections = 60');
my $control = create_control_database($cluster);
create_organizations($cluster, $control, q{'id'});

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

# The messages of a statement that fails.
sub complaint
{
    my ($sql) = @_;
    my ($status, $output, $messages) = $cluster->psql($control, $sql);
    return $status == 0 ? "no error, but: $output" : $messages;
}

sub databases
{
    return $cluster->safe_psql('postgres',
        q{SELECT datname, oid, datallowconn FROM pg_database ORDER BY oid});
}

sub version_of
{
    my ($database) = @_;
    return $cluster->safe_psql($database, 'SHOW mad_revision.app');
}

sub all_is_well
{
    my ($name) = @_;
    wait_for_queue($cluster, $control);
    is(misfits($cluster, $control), '', $name);
    return;
}

#-------------------------------------------------------------------------------------------------
# One transaction
#-------------------------------------------------------------------------------------------------
{
    ask(q{SELECT mad_migrate.fill_pool('app', 4)});
    my ($pool, $databases) = (pool($cluster, $control), databases());
    my $client = Client->new($cluster, $control, 'caller');
    $client->run(q{BEGIN; INSERT INTO orgs VALUES ('acme'), ('brick')});
    is(($client->run(q{SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ '^app_[ab]'}))[0],
        'app_acme app_brick', 'the caller sees the databases of rows that it inserts');
    is(databases(), $databases, 'nobody else does');
    $client->run('ROLLBACK');
    is(databases(), $databases, 'after ROLLBACK there is no database');
    is(pool($cluster, $control), $pool, 'and the pool is as it was');
    is(ask('SELECT count(*) FROM mad_migrate.job'), 0, 'nor is there any work to do');

    $client->run(q{BEGIN; INSERT INTO orgs VALUES ('acme'); SAVEPOINT s; INSERT INTO orgs VALUES ('brick'); ROLLBACK TO s; COMMIT});
    is(version_of('app_acme'), 'one', 'after COMMIT there is, with its version');
    $client->quit;
    all_is_well('and none for the row that was taken back to a savepoint');
    is(scalar(split /\n/, pool($cluster, $control)), 4, 'the pool is filled again');
}

# A transaction with an old snapshot
{
    my $client = Client->new($cluster, $control, 'caller');
    $client->run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM orgs');
    ask(q{INSERT INTO orgs VALUES ('quick')});
    wait_for_queue($cluster, $control);
    my ($rows, $messages) = $client->run(q{INSERT INTO orgs VALUES ('slow'); COMMIT});
    is($messages, '', 'a REPEATABLE READ transaction may be older than the clones in the pool');
    $client->run('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM orgs');
    ask(q{SELECT mad_migrate.fill_pool('app', 0)});
    ($rows, $messages) = $client->run(q{SELECT mad_migrate.provision_org('serial'); INSERT INTO orgs VALUES ('serial'); COMMIT});
    is($messages, '', 'a SERIALIZABLE one older than the clone that is made for it');
    $client->quit;
    all_is_well('both organizations have their database');
}

# The session beside the caller's, with an empty pool
{
    my $beside = q{FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'mad_migrate'};
    my $gone = "SELECT count(*) = 0 $beside";
    my $client = Client->new($cluster, $control, 'caller');
    my $cloned = 0;
    my $clone = sub {
        my $id = 'beside_' . ++$cloned;
        return "SELECT mad_migrate.provision_org('$id'); INSERT INTO orgs VALUES ('$id');";
    };
    ask(q{SELECT mad_migrate.fill_pool('app', 0)});
    $client->run(q{SET mad_migrate.pool_size = 0; SET mad_migrate.lock_timeout = '1h'; } . $clone->());
    ok($cluster->poll_query_until($control, $gone), 'who calls once leaves no session behind');

    my $pids = "SELECT pid $beside;";
    my ($rows, $messages) = $client->run(join ' ', $clone->(), $clone->(), $pids, $clone->(), $pids);
    my @sessions = $rows =~ /^([0-9]+)$/mg;
    like("@sessions", qr/^([0-9]+) \1$/, 'calls that follow one another share one');
    ($rows, $messages) = $client->run(
        join ' ', $clone->(), "SELECT pg_terminate_backend(pid, 60000) $beside;", $clone->(), $pids);
    is($messages, '', 'where it was terminated between two calls, the next opens another');
    isnt(($rows =~ /^([0-9]+)$/m)[0], $sessions[0], 'of its own');
    ok($cluster->poll_query_until($control, $gone), 'one that no call comes for ends by itself');
    $messages = ($client->run($clone->()))[1];
    is($messages, '', 'which the next call does not mind');

    my $blocking = Client->new($cluster, $control, 'blocking');
    $blocking->run(q{BEGIN; COMMENT ON DATABASE app_template IS 'locked'});
    $messages = ($client->run("SET statement_timeout = '200ms'; " . $clone->()))[1];
    like($messages, qr/statement timeout/, 'a call is cancelled');
    ok($cluster->poll_query_until($control, $gone), 'so is what it waits for, and nothing is kept');
    $blocking->quit;
    ($rows, $messages) = $client->run('RESET statement_timeout; ' . $clone->());
    is($messages, '', 'the next one has a session that is good');
    $client->quit;
    all_is_well('and all have their databases');
}

# Within a call that session may be idle for as long as its caller has other things to do.
{
    my $pool = 'mad_pool_' . ask('SELECT database FROM mad_migrate.control');
    ask("INSERT INTO mad_migrate.registry (branch, database, kind, state) VALUES ('app', '${pool}_99998', 'pooled', 'creating')");
    ask(q{INSERT INTO mad_migrate.registry (branch, database, organization) VALUES ('app', 'app_gone', 'gone')});
    ask("CREATE DATABASE ${pool}_99999 ALLOW_CONNECTIONS false");
    my ($holding, $mending) = map { Client->new($cluster, $control, $_) } qw(holding mending);
    $holding->run(q{BEGIN; SELECT FROM mad_migrate.registry WHERE organization = 'gone' FOR UPDATE});
    $mending->ask('SELECT action FROM mad_migrate.reconcile(repair => true)');
    ok($cluster->poll_query_until($control, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}),
        'a repair waits for a row');
    $cluster->poll_query_until($control,
        q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'mad_migrate' AND state_change > now() - interval '3.5 s'});
    $holding->quit;
    my ($rows, $messages) = $mending->answer;
    is($messages, '', 'longer than an idle session is kept');
    is($rows, "dropped\nforgotten\ndropped", 'and then does the rest');
    $mending->quit;
}

#-------------------------------------------------------------------------------------------------
# Many rows, many sessions
#-------------------------------------------------------------------------------------------------
{
    ask(q{SELECT mad_migrate.fill_pool('app', 4)});
    ask(q{INSERT INTO orgs SELECT 'many_' || i FROM generate_series(1, 50) i});
    all_is_well('50 rows with 4 clones in the pool: 50 databases at head');
}

sub insert_from_sessions
{
    my ($sessions, $rows, $statement) = @_;
    my @clients = map { Client->new($cluster, $control, "caller $_") } 1 .. $sessions;
    foreach my $number (1 .. $sessions)
    {
        my @statements = map { $statement->("s${number}_$_", $_) } 1 .. $rows;
        $clients[ $number - 1 ]->ask(join ";\n", @statements);
    }
    my @messages = grep { $_ ne '' } map { ($_->answer)[1] } @clients;
    is("@messages", '', 'no session has to complain');
    $_->quit foreach @clients;
    return;
}

{
    insert_from_sessions(8, 6, sub {
        my ($id, $number) = @_;
        my $end = $number % 3 == 0 ? 'ROLLBACK' : 'COMMIT';
        return "BEGIN; INSERT INTO orgs VALUES ('$id'); $end";
    });
    is(ask(q{SELECT count(*) FROM orgs WHERE id ~ '^s[0-9]'}), 32, '8 sessions insert at once, some in vain');
    all_is_well('no database is lost, and none given twice');
    ask(q{SELECT mad_migrate.fill_pool('app', 0); SET mad_migrate.pool_size = 0; DELETE FROM orgs WHERE id ~ '^s[0-9]'; }
        . q{SELECT mad_migrate.deprovision_org(organization, '0') FROM mad_migrate.registry WHERE organization ~ '^s[0-9]'});
    wait_for_queue($cluster, $control);

    insert_from_sessions(4, 3, sub {
        my ($id) = @_;
        return "SELECT mad_migrate.provision_org('$id'); INSERT INTO orgs VALUES ('$id')";
    });
    all_is_well('4 sessions with an empty pool do not take what is not there');

    insert_from_sessions(4, 1, sub { return q{SELECT mad_migrate.provision_org('the same')} });
    ask(q{INSERT INTO orgs VALUES ('the same')});
    all_is_well('4 sessions want the same one, and get it');
}

#-------------------------------------------------------------------------------------------------
# The template is in nobody's way
#-------------------------------------------------------------------------------------------------
{
    my ($status, $output, $messages) = $cluster->psql('app_template', 'SELECT 1');
    like($messages, qr/not currently accepting connections/, 'the template takes no connections');

    # As a session leaves it that dies while it migrates the template.
    ask('ALTER DATABASE app_template ALLOW_CONNECTIONS true');
    my $guest = Client->new($cluster, 'app_template', 'guest');
    $guest->run('BEGIN; SELECT 1');
    ask(q{SET mad_migrate.pool_size = 0; SELECT mad_migrate.fill_pool('app', 0); SELECT mad_migrate.provision_org('guest'); INSERT INTO orgs VALUES ('guest')});
    is(ask(q{SELECT datallowconn FROM pg_database WHERE datname = 'app_template'}), 'f', 'who finds it open closes it');
    is(ask(q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'app_template'}), 0, 'and ends who is inside');
    $guest->quit;

    # The same while an upgrade of the template stands still.
    my $holder = Client->new($cluster, 'postgres', 'holder');
    $holder->run('SELECT pg_advisory_lock(1)');
    add_scripts($cluster, $control, 'app',
        { revision => 'two', revises => ['one'],
            upgrade => "CREATE TABLE two ();\nSELECT pg_sleep(0.1) FROM generate_series(1, 10);", downgrade => 'DROP TABLE two;' });
    my $upgrade = Client->new($cluster, $control, 'upgrade');
    $upgrade->ask(q{SET client_min_messages = error; SELECT mad_migrate.upgrade('app')});
    $cluster->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = 'app_template'});
    is(ask(q{SET mad_migrate.pool_size = 0; SELECT mad_migrate.provision_org('during'); INSERT INTO orgs VALUES ('during')}), 'app_during',
        'an organization that comes while the template is migrated waits for that');
    is(version_of('app_during'), 'two', 'and is at the new head');
    is(($upgrade->answer)[1], '', 'the upgrade is not disturbed either');
    $_->quit foreach $upgrade, $holder;
    all_is_well('all are at the new head');
    unlike(slurp_file($cluster->logfile), qr/is being accessed by other users/, 'the template was never in use');
}

#-------------------------------------------------------------------------------------------------
# Upgrades of the fleet while organizations come
#-------------------------------------------------------------------------------------------------
{
    my @clients = map { Client->new($cluster, $control, "insert $_") } 1 .. 3;
    foreach my $number (1 .. 3)
    {
        $clients[ $number - 1 ]->ask(join ";\n",
            map { ("INSERT INTO orgs VALUES ('u${number}_$_')", 'SELECT pg_sleep(0.02)') } 1 .. 40);
    }
    my $last = 'two';
    foreach my $number (1 .. 6)
    {
        add_scripts($cluster, $control, 'app',
            { revision => "more_$number", revises => [$last],
                upgrade => "CREATE TABLE more_$number ();", downgrade => "DROP TABLE more_$number;" });
        $last = "more_$number";
        ask(q{SELECT mad_migrate.upgrade('app')});
    }
    is(join('', map { ($_->answer)[1] } @clients), '', 'organizations are inserted while the fleet is upgraded six times');
    $_->quit foreach @clients;
    all_is_well('none is left behind');
    is(version_of('app_u3_40'), 'more_6', 'by what its database says itself');
    is(ask(q{SELECT count(*) FROM mad_migrate.reconcile()}), 0, 'registry and databases agree');
}

#-------------------------------------------------------------------------------------------------
# The branch is given to another role while organizations come
#-------------------------------------------------------------------------------------------------
sub owner_of
{
    my ($databases) = @_;
    return $cluster->safe_psql('postgres',
        "SELECT DISTINCT datdba::regrole FROM pg_database WHERE datname ~ '$databases'");
}

{
    my $first = ask(q{SELECT owner FROM mad_migrate.branch WHERE branch = 'app'});
    ask('CREATE ROLE heir SUPERUSER LOGIN; CREATE ROLE lesser_heir');
    ask(q{SELECT mad_migrate.fill_pool('app', 4)});
    my $claimer = Client->new($cluster, $control, 'claimer');
    $claimer->run(q{BEGIN; INSERT INTO orgs VALUES ('claimed')});
    like(complaint(q{SET mad_migrate.lock_timeout = '10ms'; SELECT mad_migrate.alter_branch('app', owner => 'heir')}),
        qr/databases of branch "app" are in use.*HINT:  Wait for it/s, 'a claim that is not committed is in the way');
    my $giver = Client->new($cluster, $control, 'giver');
    $giver->run(q{SET mad_migrate.lock_timeout = '5min'});
    $giver->ask(q{SELECT mad_migrate.alter_branch('app', owner => 'heir')});
    $cluster->poll_query_until('postgres',
        q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'giver' AND wait_event_type = 'Lock'});
    $claimer->run('COMMIT');
    is(($giver->answer)[1], '', 'unless it is waited for');
    is(owner_of('^app_(claimed|template|u3_40)$'), 'heir', 'the database that was claimed is handed over too');
    is(owner_of('^mad_pool_'), 'heir', 'so are the spare clones');

    # Clones are made when it is known for whom.
    $giver->run(qq{BEGIN; SELECT mad_migrate.alter_branch('app', owner => '$first')});
    $claimer->ask(q{SET mad_migrate.lock_timeout = '5min'; SELECT cloned >= 2 FROM mad_migrate.fill_pool('app', 9)});
    $cluster->poll_query_until('postgres',
        q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'mad_migrate' AND wait_event_type = 'Lock'});
    $giver->run('COMMIT');
    is(($claimer->answer)[0], 't', 'who makes clones waits');
    is(owner_of('^mad_pool_'), $first, 'and makes them for the new owner');
    $_->quit foreach $claimer, $giver;

    like(complaint(q{BEGIN; SELECT mad_migrate.alter_branch('app', owner => 'lesser_heir'); SELECT 1/0}),
        qr/NOTICE:  what is in databases of branch "app" still belongs to role "$first".*HINT:  In each of them, hand it over with ALTER \.\.\. OWNER TO "lesser_heir"/s,
        'what the first superuser owns cannot be reassigned at once');
    all_is_well('all is as it was');
}

#-------------------------------------------------------------------------------------------------
# Deprovisioning
#-------------------------------------------------------------------------------------------------
{
    my $tenant = Client->new($cluster, 'app_acme', 'tenant');
    $tenant->run('CREATE TABLE precious AS SELECT 42 AS answer');
    like(complaint(q{SELECT mad_migrate.deprovision_org('acme')}),
        qr/is in use.*1 session is connected.*force => true/s, 'a tenant at work is in the way');
    is(version_of('app_acme'), 'more_6', 'and stays');
    ask(q{BEGIN; SELECT mad_migrate.deprovision_org('acme', force => true); DELETE FROM orgs WHERE id = 'acme'; COMMIT});
    like(($tenant->run('SELECT 1'))[1], qr/57P01|server closed/, 'unless it is to be ended');
    $tenant->quit;
    like(($cluster->psql('app_acme', 'SELECT 1'))[2], qr/database "app_acme" does not exist/, 'the database is put aside');
    my $aside = ask(q{SELECT database FROM mad_migrate.org_databases WHERE organization = 'acme' AND status = 'deprovisioned'});
    like(($cluster->psql($aside, 'SELECT 1'))[2], qr/not currently accepting connections/, 'where nobody gets at it');
    add_scripts($cluster, $control, 'app',
        { revision => 'last', revises => ['more_6'], upgrade => 'CREATE TABLE last ();', downgrade => 'DROP TABLE last;' });
    ask(q{SELECT mad_migrate.upgrade('app')});
    is(ask(q{SELECT mad_migrate.restore_org('acme'); INSERT INTO orgs VALUES ('acme')}), 'app_acme', 'it can be brought back');
    is($cluster->safe_psql('app_acme', 'SELECT answer FROM precious'), 42, 'with all that was in it');
    all_is_well('and catches up with the others');

    ask(q{BEGIN; SELECT mad_migrate.deprovision_org('acme', '1 second'); DELETE FROM orgs WHERE id = 'acme'; COMMIT});
    ok($cluster->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_database WHERE datname = '$aside'"),
        'after the grace period it is dropped');
    like(complaint(q{SELECT mad_migrate.restore_org('acme')}), qr/has no database/, 'and cannot be brought back any more');
    ask(q{INSERT INTO orgs VALUES ('acme')});
    all_is_well('the organization can have a new one');

    my $databases = databases();
    ask(q{BEGIN; SELECT mad_migrate.deprovision_org('acme', '0'); ROLLBACK});
    is(databases(), $databases, 'a ROLLBACK leaves everything as it was');
}

{
    ask(<<'SQL');
CREATE TRIGGER deprovision AFTER DELETE ON orgs FOR EACH ROW EXECUTE FUNCTION mad_migrate.deprovision_on_delete('id', 'grace=0', 'force');
DELETE FROM orgs WHERE id ~ '^many';
SQL
    all_is_well('by a trigger, databases go with their rows');
    is(ask(q{SELECT count(*) FROM mad_migrate.registry WHERE organization ~ '^many'}), 0, 'for good');
}

unlike(slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/, 'no backend ended by a fault of its own');
$cluster->stop;
done_testing();
