# The real Alembic and mad_migrate take turns on the same databases.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use AlembicEnvironment;
use ControlDatabase;
use Scripts;
use Test::More;

plan skip_all => 'Alembic and psycopg2 are not installed' unless AlembicEnvironment::is_here();

my @scripts = map {
    {
        revision => $_->[0], revises => $_->[1], labels => $_->[2], depends => $_->[3],
        upgrade => "CREATE TABLE r_$_->[0] ();", downgrade => "DROP TABLE r_$_->[0];" }
  } ([ 'a1', [], [], [] ], [ 'b1', ['a1'], ['left'], [] ], [ 'c1', ['a1'], ['right'], [] ],
    [ 'm1', [ 'b1', 'c1' ], [], [] ], [ 'n1', ['m1'], [], [] ], [ 'z1', [], ['lib'], ['b1'] ]);

my $cluster = start_cluster('alembic');
my $control = create_control_database($cluster);
my $alembic = AlembicEnvironment->new($cluster, 'app', @scripts);
create_branch_of_many($cluster, $control, 'app', qw(app_ours app_theirs));
add_scripts($cluster, $control, 'app', @scripts);


# Runs one of the four commands; gives whether it succeeded, and what was said.
sub ours
{
    my ($database, $command, $target) = @_;
    my ($status, $output, $error) = $cluster->psql($control,
        "SELECT 1 FROM mad_migrate.$command('app', '$target', databases => '{$database}')");
    return ($status == 0, $error);
}

sub theirs
{
    my ($database, @arguments) = @_;
    return $alembic->run($database, @arguments);
}

# The applied set, for each script creates one table.
sub tables
{
    my ($database) = @_;
    return $cluster->safe_psql($database, <<'SQL');
SELECT string_agg(substr(relname, 3), ',' ORDER BY relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
SQL
}

sub rows
{
    my ($database) = @_;
    return $cluster->safe_psql($database,
        "SELECT string_agg(version_num, ',' ORDER BY version_num) FROM mad_migrate.alembic_version_app");
}

sub heads_of
{
    my ($database) = @_;
    return $cluster->safe_psql($control, <<"SQL");
SELECT string_agg(revision, ',' ORDER BY revision) FROM mad_migrate.current('app', '{$database}')
SQL
}

# The heads that sessions of the server are shown.
sub published
{
    my ($database) = @_;
    return $cluster->safe_psql($database, "SELECT current_setting('mad_revision.app', true)");
}

# Alembic comes first in one of the databases, mad_migrate in the other.
is($alembic->list('app_theirs', 'current'), '', 'Alembic finds nothing at first');
{
    local $ENV{CREATE_SCHEMA} = 1;
    ok((theirs('app_theirs', 'upgrade', 'b1'))[0], 'Alembic creates the schema and its table');
}
is(heads_of('app_theirs'), 'b1', 'mad_migrate reads what Alembic wrote, without a kit there');
is($cluster->safe_psql('app_theirs', "SELECT to_regclass('mad_migrate.history')"),
    '', 'and reading adds nothing');
ok((ours('app_ours', 'upgrade', 'b1'))[0], 'mad_migrate upgrades the other');

# A command, its target, the rows then and the tables then.
my @moves = (
    [ 'upgrade', 'heads', 'n1,z1', 'a1,b1,c1,m1,n1,z1' ],
    [ 'downgrade', 'lib@-1', 'n1', 'a1,b1,c1,m1,n1' ],
    [ 'downgrade', 'b1', 'b1,c1', 'a1,b1,c1' ],
    [ 'upgrade', 'lib@head', 'c1,z1', 'a1,b1,c1,z1' ],
    [ 'upgrade', 'm1', 'm1,z1', 'a1,b1,c1,m1,z1' ],
    [ 'downgrade', 'lib@base', 'm1', 'a1,b1,c1,m1' ],
    [ 'stamp', 'n1', 'n1', 'a1,b1,c1,m1' ],
    [ 'stamp', 'm1', 'm1', 'a1,b1,c1,m1' ],
    [ 'upgrade', '+1', 'n1', 'a1,b1,c1,m1,n1' ],
    [ 'downgrade', 'a1', 'a1', 'a1' ],
    [ 'downgrade', 'base', '', '' ],
    [ 'upgrade', 'left@n1', 'n1', 'a1,b1,c1,m1,n1' ]);

# Each move is made by one tool here and by the other there, and each tool follows the other.
my $ours_is_next = 1;
foreach my $move (@moves)
{
    my ($command, $target, $rows, $tables) = @$move;
    my @sides = ([ 'app_theirs', $ours_is_next ], [ 'app_ours', !$ours_is_next ]);
    foreach my $side (@sides)
    {
        my ($database, $is_ours) = @$side;
        my $run = $is_ours ? \&ours : \&theirs;
        my $move_text = "$command $target by " . ($is_ours ? 'mad_migrate' : 'Alembic');
        my ($succeeded, $said) = $run->($database, $command, $target);
        ok($succeeded, "$move_text in $database") or diag $said;
        is(rows($database), $rows, "$move_text: rows");
        is(tables($database), $tables, "$move_text: tables");
        is(published($database), $rows, "$move_text: published heads") if $is_ours;
    }
    $ours_is_next = !$ours_is_next;
}

foreach my $database (qw(app_ours app_theirs))
{
    is(heads_of($database), 'n1', "mad_migrate's current in $database");
    is($alembic->list($database, 'current'), 'n1', "Alembic's current in $database");
}
is($alembic->list('app_ours', 'heads'),
    $cluster->safe_psql($control,
        "SELECT string_agg(revision, ',' ORDER BY revision) FROM mad_migrate.heads('app')"),
    'both name the same heads');

# After Alembic moved it, the published heads are old; a call with nothing to do puts them right.
ok((theirs('app_ours', 'downgrade', 'm1'))[0], 'Alembic downgrades');
is(published('app_ours'), 'n1', 'Alembic publishes nothing');
ok((ours('app_ours', 'upgrade', 'm1'))[0], 'mad_migrate has nothing to do');
is(published('app_ours'), 'm1', 'but publishes what is so');

# A row that only Alembic knows: an error that names it, and a way on.
my %unknown = (revision => 'x1', revises => ['m1'], upgrade => 'SELECT 1', downgrade => 'SELECT 1');
AlembicEnvironment->new($cluster, 'app', @scripts, \%unknown)->run('app_ours', 'upgrade', 'x1');
my ($succeeded, $said) = ours('app_ours', 'upgrade', 'n1');
ok(!$succeeded, 'mad_migrate refuses to upgrade from a revision it does not know');
like($said, qr/"x1"/, 'and names it');
($succeeded) = $cluster->psql($control,
    "SELECT mad_migrate.stamp('app', 'm1', databases => '{app_ours}', purge => true)");
is($succeeded, 0, 'a purging stamp forgets it');
is(rows('app_ours'), 'm1', 'and leaves what was stamped');

# Alembic's column takes 32 characters; ours widens it when an id needs more.
my %long = (
    revision => 'a_revision_whose_id_is_longer_than_alembic_allows', revises => ['m1'],
    upgrade => 'CREATE TABLE r_long ();', downgrade => 'DROP TABLE r_long;');
my $width = <<'SQL';
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'mad_migrate.alembic_version_app'::regclass AND attname = 'version_num'
SQL
is($cluster->safe_psql('app_theirs', $width), 'character varying(32)', 'as Alembic made it');
add_scripts($cluster, $control, 'app', \%long);
$alembic->add_script(%long);
ok((ours('app_theirs', 'downgrade', 'm1'))[0], 'back to the merge');
($succeeded, $said) = ours('app_theirs', 'upgrade', $long{revision});
ok($succeeded, 'a long id is written to the table that Alembic made') or diag $said;
is($alembic->list('app_theirs', 'current'), $long{revision}, 'Alembic reads it');
ok((theirs('app_theirs', 'downgrade', 'm1'))[0], 'and downgrades it');
ok((theirs('app_theirs', 'upgrade', $long{revision}))[0], 'and writes it');
is(rows('app_theirs'), $long{revision}, 'in full');
is($cluster->safe_psql($_, <<'SQL'), 'alembic_version_app_pkc', "primary key in $_") for qw(app_ours app_theirs);
SELECT conname FROM pg_constraint
WHERE conrelid = 'mad_migrate.alembic_version_app'::regclass AND contype = 'p'
SQL

$cluster->stop('immediate');
done_testing();
