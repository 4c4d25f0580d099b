# Databases that let nobody in, servers that are full or read-only: a clear error, and nothing done.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

my %script = (revision => 'one', upgrade => 'CREATE TABLE made ();', downgrade => 'DROP TABLE made;');
my %next = (
    revision => 'two', revises => ['one'], upgrade => 'CREATE TABLE more ();', downgrade => 'DROP TABLE more;');

my $cluster = PostgreSQL::Test::Cluster->new('refusals');
$cluster->init(allows_streaming => 1, extra => [ '--no-locale', '--encoding=UTF8' ]);
$cluster->append_conf('postgresql.conf',
    "max_connections = 12\nsuperuser_reserved_connections = 3\nfsync = off\n");
$cluster->start;
my $control = create_control_database($cluster);
$cluster->safe_psql('postgres', q{CREATE ROLE app LOGIN PASSWORD 'right-word'});
$cluster->safe_psql('postgres', 'CREATE DATABASE other OWNER app');
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('own')");
$cluster->safe_psql($control, "SELECT mad_migrate.create_branch('other', database => 'other', owner => 'app')");
add_scripts($cluster, $control, $_, \%script) foreach qw(own other);

# The error of a call, which must be one of connecting.
sub refusal
{
    my ($settings, $pattern, $what) = @_;
    my ($status, $output, $error) = $cluster->psql($control,
        "\\set VERBOSITY verbose\n$settings\nSELECT mad_migrate.upgrade('other')");
    like($error, qr/ERROR:  08001: could not connect to database "other"\nDETAIL:  .*(?:$pattern)[\s\S]*^HINT:  /m,
        "$what: a clear error");
    unlike($error, qr/right-word|wrong-word/, "$what: no password in it");
    is($cluster->safe_psql($control, q{SELECT status, revisions, pending FROM mad_migrate.status('other')}),
        'failed|{}|1', "$what: nothing is done, and the status says so");
    return;
}

sub host_rules
{
    my ($rule) = @_;
    my $file = $cluster->data_dir . '/pg_hba.conf';
    unlink $file;
    append_to_file($file, "$rule\nlocal all all trust\nlocal replication all trust\n");
    $cluster->reload;
    return;
}

$cluster->safe_psql('postgres', 'ALTER DATABASE other ALLOW_CONNECTIONS false');
refusal('', 'not currently accepting connections', 'connections not allowed');
$cluster->safe_psql('postgres', 'ALTER DATABASE other ALLOW_CONNECTIONS true CONNECTION LIMIT 0');
refusal('', 'too many connections for database', 'a connection limit');
$cluster->safe_psql('postgres', 'ALTER DATABASE other CONNECTION LIMIT -1; ALTER ROLE app NOLOGIN');
refusal('', 'is not permitted to log in', 'a role without login');
$cluster->safe_psql('postgres', 'ALTER ROLE app LOGIN; REVOKE CONNECT ON DATABASE other FROM PUBLIC, app');
refusal('', 'permission denied for database', 'a role that may not connect');
$cluster->safe_psql('postgres', 'GRANT CONNECT ON DATABASE other TO app');

host_rules('local other all reject');
refusal('', 'pg_hba.conf rejects', 'pg_hba.conf');
host_rules('local other all scram-sha-256');
refusal('', 'no password supplied', 'a password that is not given');
refusal("SET mad_migrate.connection_options = 'password=wrong-word';",
    'password authentication failed', 'a wrong password');
is($cluster->safe_psql($control, <<'SQL'), 'f', 'the right one is let in, and nobody else may read it');
SET mad_migrate.connection_options = 'password=right-word';
DO $$BEGIN PERFORM mad_migrate.upgrade('other', 'one'); PERFORM mad_migrate.downgrade('other', 'base'); END$$;
SET ROLE app;
SELECT count(*) > 0 FROM pg_settings WHERE name = 'mad_migrate.connection_options';
SQL
host_rules('');

# A server without a free place for the branch's owner
my @others = map { Client->new($cluster, 'postgres', 'occupant') } 1 .. 9;
$_->run('SELECT 1') foreach @others;
refusal('', 'remaining connection slots are reserved|too many clients', 'no free connection');
$_->quit foreach @others;
seconds_until_gone($cluster, 'occupant');
is($cluster->safe_psql($control, q{SELECT status FROM mad_migrate.upgrade('other')}),
    'upgraded', 'with room again, the call is made');

# A hot standby can be read, and changes nothing.
$cluster->safe_psql($control, "SELECT mad_migrate.upgrade('own')");
add_scripts($cluster, $control, $_, \%next) foreach qw(own other);
$cluster->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($cluster, 'base', has_streaming => 1);
$standby->start;
$cluster->wait_for_catchup($standby, 'replay', $cluster->lsn('insert'));
foreach my $branch (qw(own other))
{
    my %reading = (
        status => "SELECT revisions, status, pending FROM mad_migrate.status('$branch')",
        current => "SELECT * FROM mad_migrate.current('$branch')",
        history => "SELECT revision, is_head, is_current FROM mad_migrate.history('$branch')",
        plan => "SELECT revision, deletes, inserts FROM mad_migrate.plan('$branch')",
        upgrade_sql => "SELECT mad_migrate.upgrade_sql('$branch', 'one:head')");
    foreach my $name (sort keys %reading)
    {
        is($standby->safe_psql($control, $reading{$name}), $cluster->safe_psql($control, $reading{$name}),
            "a standby gives the same $name, $branch database");
    }
    foreach my $call (
        "SELECT mad_migrate.upgrade('$branch')", "SELECT mad_migrate.downgrade('$branch', 'base')",
        "SELECT mad_migrate.stamp('$branch', 'two')", "SELECT mad_migrate.ensure_version('$branch')",
        "CALL mad_migrate.run_upgrade('$branch')", "CALL mad_migrate.run_downgrade('$branch', 'base')")
    {
        my ($status, $output, $error) = $standby->psql($control, "\\set VERBOSITY verbose\n$call");
        like($error, qr/ERROR:  25006: cannot execute mad_migrate\.\w+ during recovery/,
            "a standby refuses: $call");
    }
}
foreach my $call ("create_branch('mine')", "drop_branch('other')", "remove_script('own', 'two')")
{
    my ($status, $output, $error) = $standby->psql($control, "\\set VERBOSITY verbose\nSELECT mad_migrate.$call");
    like($error, qr/ERROR:  25006: cannot execute/, "a standby refuses: $call");
}
unlike(PostgreSQL::Test::Utils::slurp_file($standby->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');

$standby->stop('immediate');
$cluster->stop('immediate');
done_testing();
