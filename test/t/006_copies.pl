# Databases that are copied, dumped, restored, renamed and dropped.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

my @scripts = map {
    {
        revision => $_->[0], revises => $_->[1],
        upgrade => "CREATE TABLE $_->[0] ();", downgrade => "DROP TABLE $_->[0];" }
} ([ 'one', [] ], [ 'two', ['one'] ], [ 'three', ['two'] ]);

my $cluster = start_cluster('copies', 'fsync = off');
my $control = create_control_database($cluster);
create_branch_of_many($cluster, $control, 'app', 'app_one');
add_scripts($cluster, $control, 'app', @scripts[ 0, 1 ]);
$cluster->safe_psql($control, "SELECT mad_migrate.upgrade('app'), mad_migrate.upgrade('metadata', '+2')");

sub call
{
    my ($database, $call) = @_;
    return $cluster->safe_psql($database, "SELECT $call");
}

sub register
{
    my ($database) = @_;
    $cluster->safe_psql($control,
        "INSERT INTO mad_migrate.registry (branch, database) VALUES ('app', '$database')");
    return;
}

sub status_of
{
    my ($database) = @_;
    return $cluster->safe_psql($control,
        "SELECT revisions, status, pending FROM mad_migrate.status('app') WHERE database = '$database'");
}

sub dump_and_restore
{
    my ($from, $to, @options) = @_;
    my $file = PostgreSQL::Test::Utils::tempdir() . '/dump';
    $cluster->command_ok([ 'pg_dump', '-Fc', '-f', $file, $from ], "$from is dumped");
    $cluster->safe_psql('postgres', "CREATE DATABASE $to TEMPLATE template0");
    $cluster->command_ok([ 'pg_restore', '--exit-on-error', '-d', $to, $file ], "and restored as $to");
    return;
}

# A clone of a migrated database carries all but the settings of the database.
$cluster->safe_psql('postgres', 'CREATE DATABASE app_clone TEMPLATE app_one');
register('app_clone');
is(status_of('app_one'), '{two}|up to date|0', 'the status of the original');
isnt(status_of('app_clone'), status_of('app_one'), 'that of the clone is not known at first');
is(call($control, "array[steps::text, status] FROM mad_migrate.upgrade('app', databases => '{app_clone}')"),
    '{0,"up to date"}', 'the clone is where its original is');
is(status_of('app_clone'), '{two}|up to date|0', 'and now it is known to be');

# A dump of a migrated database needs no extension to be restored.
dump_and_restore('app_one', 'app_restored');
register('app_restored');
add_scripts($cluster, $control, 'app', $scripts[2]);
is(call($control, "string_agg(format('%s: %s %s', database, from_revisions, to_revisions), ', ' ORDER BY database)"
      . " FROM mad_migrate.upgrade('app')"),
    'app_clone: {two} {three}, app_one: {two} {three}, app_restored: {two} {three}, app_template: {two} {three}',
    'original, clone and restored go on together');

# A dump of the control database carries what users made of it.
$cluster->safe_psql('postgres', 'CREATE ROLE app_owner SUPERUSER');
$cluster->safe_psql($control, <<'SQL');
SELECT mad_migrate.alter_branch('results', owner => 'app_owner', search_path => 'public, extra'),
       mad_migrate.create_branch('mine', owner => 'app_owner'),
       mad_migrate.revision('metadata', 'mine too', rev_id => 'mine',
                            sql => 'SELECT 1', downgrade_sql => 'SELECT 1');
SELECT mad_migrate.add_script(
           'metadata', replace(script, 'Revision ID', E'Requires: results@001_results\nRevision ID'), filename)
FROM mad_migrate.script WHERE revision = '004_meta';
SQL
dump_and_restore($control, 'mad_restored');
my %all_of = (
    branches => 'SELECT branch, owner, database, template, database_pattern, search_path
        FROM mad_migrate.branch ORDER BY 1',
    scripts => 'SELECT branch, revision, filename, script, checksum FROM mad_migrate.script ORDER BY 1, 2',
    registry => 'SELECT * FROM mad_migrate.registry ORDER BY 1, 2',
    history => 'SELECT * FROM mad_migrate.history ORDER BY id',
    'version rows' => 'SELECT * FROM mad_migrate.alembic_version_metadata',
    'version table' => q{SELECT pg_describe_object(classid, objid, 0), deptype FROM pg_depend
        WHERE objid = 'mad_migrate.alembic_version_metadata'::regclass});
is($cluster->safe_psql('mad_restored', $all_of{$_}), $cluster->safe_psql($control, $all_of{$_}), "the same $_")
  foreach sort keys %all_of;
is(call('mad_restored', "to_revisions FROM mad_migrate.upgrade('metadata', '+1')"),
    '{003_meta}', 'the restored control database goes on by itself');
is(call('mad_restored', 'max(id) FROM mad_migrate.history'), 3, 'with the next number in its history');
is(call($control, "revision FROM mad_migrate.current('metadata')"), '002_meta', 'and leaves its original alone');

# A copy of the control database must not move the databases of its original.
$cluster->safe_psql('postgres', "CREATE DATABASE mad_copy TEMPLATE $control");
my ($status, $output, $error) = $cluster->psql('mad_copy', "SELECT mad_migrate.downgrade('app', 'one', '{*}')");
like($error, qr/"mad_copy" is a copy of a control database\n/, 'a copied control database keeps its hands off');
is(status_of('app_one'), '{three}|up to date|0', 'other databases');
like(($cluster->psql('mad_copy', "SELECT mad_migrate.alter_branch('app', owner => 'app_owner')"))[2],
    qr/"mad_copy" is a copy of a control database\n/, 'does not give them away');
is(call('mad_copy', "to_revisions FROM mad_migrate.upgrade('metadata', '+1')"),
    '{003_meta}', 'but upgrades itself');
is(call('mad_copy', "count(*) FROM mad_migrate.current('app')"), 4, 'and may look');
call('mad_copy', 'mad_migrate.take_over()');
is(call('mad_copy', "status FROM mad_migrate.upgrade('app', databases => '{app_one}')"),
    'up to date', 'and takes over when it is told to');

# Two control databases on one server keep a template each.
my ($first, $second) = map { create_control_database($cluster, $_) } 'first_of_two', 'second_of_two';
is(call($first, q{status FROM mad_migrate.upgrade('results', '001_results')}), 'upgraded', 'one keeps its template');
foreach my $call (q{mad_migrate.upgrade('results')}, q{mad_migrate.provision_org('acme')},
    q{mad_migrate.alter_branch('results', owner => 'app_owner')})
{
    (undef, undef, my $refusal) = $cluster->psql($second, "SELECT $call");
    like($refusal, qr/template "mad_results_template" of branch "results" is kept by control database "$first"\n/,
        "the other is refused $call");
}
is($cluster->safe_psql('postgres', q{SELECT count(*) FROM pg_database WHERE datname ~ '^mad_results_acme|^mad_pool'}), 0,
    'and nothing was made');
$cluster->safe_psql('postgres', "CREATE DATABASE third_of_two TEMPLATE $first");
call('third_of_two', 'mad_migrate.take_over()');
is(call('third_of_two', q{status FROM mad_migrate.upgrade('results', '002_results')}), 'upgraded', 'a copy takes it over');
$cluster->safe_psql('postgres', 'COMMENT ON DATABASE mad_results_template IS NULL');
is(call($second, q{status FROM mad_migrate.upgrade('results', '003_results')}), 'upgraded', 'it goes to whoever comes, when nobody is said to keep it');

# A registered database that is gone, or goes by another name, is its own failure.
$cluster->safe_psql('postgres', 'DROP DATABASE app_clone');
$cluster->safe_psql('postgres', 'ALTER DATABASE app_one RENAME TO app_renamed');
is(call($control, "array_agg(database || ' ' || status ORDER BY database)"
      . " FROM mad_migrate.downgrade('app', 'two', '{*}', on_error => 'report')"),
    '{"app_clone failed","app_one failed","app_restored downgraded","app_template downgraded"}',
    'one that is gone does not keep the others');
($status, $output, $error) = $cluster->psql($control,
    "SELECT mad_migrate.upgrade('app', databases => '{app_one}')");
like($error, qr/database "app_one" of branch "app" does not exist\n/, 'and is named');
$cluster->safe_psql($control,
    "UPDATE mad_migrate.registry SET database = 'app_renamed' WHERE database = 'app_one'");
is(status_of('app_renamed'), '{three}|up to date|0', 'a renamed database keeps what is published of it');
is(call($control, "to_revisions FROM mad_migrate.downgrade('app', 'one', '{app_renamed}')"),
    '{one}', 'and goes on');

$cluster->stop('immediate');
done_testing();
