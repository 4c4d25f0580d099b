# Whoever owns a target database, or may create something in it, gets nothing of the branch's owner.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use ControlDatabase;
use IPC::Run;
use Scripts;
use Test::More;

my $cluster = start_cluster('trust', 'fsync = off');
my $control = create_control_database($cluster);
$cluster->safe_psql('postgres', 'CREATE ROLE mallory LOGIN');

# In the hands of a superuser, this makes mallory one.
my $trap = <<'SQL';
CREATE FUNCTION public.trap() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE mallory SUPERUSER;
    END IF;
    RETURN true;
END $$;
SQL

my $count = 0;

# A branch of a database that mallory owns and has prepared.
sub create_prepared_branch
{
    my ($preparation) = @_;
    my $name = 'target' . ++$count;
    $cluster->safe_psql('postgres', "CREATE DATABASE $name OWNER mallory");
    $cluster->safe_psql($name, "ALTER SCHEMA public OWNER TO mallory");
    $cluster->safe_psql($name, "SET ROLE mallory; $trap $preparation");
    $cluster->safe_psql($control, "SELECT mad_migrate.create_branch('$name', database => '$name')");
    add_scripts($cluster, $control, $name,
        { revision => "${name}_1", upgrade => 'CREATE TABLE made (id int);', downgrade => 'DROP TABLE made;' });
    return $name;
}

sub is_refused
{
    my ($branch, $call, $title) = @_;
    my ($status, undef, $error) = $cluster->psql($control, "SELECT mad_migrate.$call('$branch')");
    like($error, qr/bookkeeping in this database cannot be trusted/, "$title: $call is refused");
    return;
}

sub mallory_has_nothing
{
    my ($title) = @_;
    is($cluster->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'"),
        'f', "$title: nothing ran as a superuser");
    return;
}

my $view = create_prepared_branch(<<'SQL');
CREATE SCHEMA mad_migrate;
CREATE TABLE mad_migrate.history (id int);
CREATE VIEW mad_migrate.alembic_version_target1 AS SELECT public.trap()::text AS version_num;
SQL
is_refused($view, $_, 'a view in place of the version table') foreach qw(current upgrade ensure_version);
mallory_has_nothing('a view in place of the version table');

my $function = create_prepared_branch(<<'SQL');
CREATE SCHEMA mad_migrate;
CREATE FUNCTION mad_migrate.create_enum_type(name text) RETURNS boolean LANGUAGE sql AS 'SELECT public.trap()';
SQL
is_refused($function, 'upgrade', 'a planted helper');
mallory_has_nothing('a planted helper');

my $operators = create_prepared_branch(<<'SQL');
CREATE FUNCTION public.joined(name, name) RETURNS text LANGUAGE sql AS 'SELECT public.trap()::text';
CREATE OPERATOR public.|| (LEFTARG = name, RIGHTARG = name, FUNCTION = public.joined);
CREATE FUNCTION public.same(oid, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT public.trap()';
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = public.same);
SQL
foreach my $call (1, 2)
{
    is($cluster->safe_psql($control, "SELECT status FROM mad_migrate.upgrade('$operators', databases => '{$operators}')"),
        $call == 1 ? 'upgraded' : 'up to date', "operators in public: call $call migrates");
}
mallory_has_nothing('operators in public');

my $role = create_prepared_branch('');
$cluster->safe_psql('postgres', "SET ROLE mallory; ALTER DATABASE $role SET role = 'mallory'");
is($cluster->safe_psql($control, "SELECT status FROM mad_migrate.upgrade('$role')"), 'upgraded',
    'a preset role: the branch is migrated');
is($cluster->safe_psql($role, "SELECT tableowner FROM pg_tables WHERE tablename = 'made'"),
    'postgres', 'a preset role: its script ran as the branch\'s owner');
mallory_has_nothing('a preset role');

# What comes and goes is judged and read by one look at it, or not read.
my $fleeting = create_prepared_branch('');
my $script = PostgreSQL::Test::Utils::tempdir() . '/fleeting.sql';
PostgreSQL::Test::Utils::append_to_file($script, <<"SQL");
BEGIN;
CREATE SCHEMA mad_migrate;
COMMENT ON SCHEMA mad_migrate IS 'mad_migrate kit 1.0.0: x';
CREATE VIEW mad_migrate.history AS
    SELECT 1::bigint AS id, '$fleeting' AS branch, 'r' AS revision, 'upgrade' AS direction, 'c' AS checksum, 1 AS statements,
           1 AS statements_done, 1 AS statement_started, NULL::timestamptz AS finished_at WHERE public.trap();
CREATE VIEW mad_migrate.alembic_version_$fleeting AS SELECT public.trap()::text AS version_num;
COMMIT;
DROP SCHEMA mad_migrate CASCADE;
SQL
my $planting = IPC::Run::start(
    [ 'pgbench', '-n', '-f', $script, '-T', '600', '-h', $cluster->host, '-p', $cluster->port, '-U', 'mallory', $fleeting ],
    '>', '/dev/null', '2>', '/dev/null');
$cluster->poll_query_until($fleeting, q{SELECT to_regnamespace('mad_migrate') IS NOT NULL});
# The upgrade comes last: it installs the kit, when it comes in between.
my $calls = join "\n", map { "SELECT mad_migrate.$_;" } ("current('$fleeting')", "validate('$fleeting')") x 100,
  ("upgrade('$fleeting', dry_run => true)") x 20;
(undef, undef, my $told) = $cluster->psql($control, $calls, on_error_stop => 0);
like($told, qr/cannot be trusted/, 'a fleeting schema: it was met');
$planting->kill_kill;
mallory_has_nothing('a fleeting schema');

$cluster->stop;
done_testing();
