# Databases and roles with names that want quoting, or look like something else.
use strict;
use warnings;
use utf8;
use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::RealBin/../perl";
use ControlDatabase;
use Scripts;
use Test::More;

my @names = (
    'with space', 'with "quotes"', q{o'clock}, 'UPPER', 'größe', 'back\\slash', 'key=value',
    'host=/nowhere dbname=postgres', 'postgres://nowhere/postgres', '$1', '-c role=postgres', '{}', '100%', 'a;b');

my $cluster = start_cluster('names', 'fsync = off');
my $control = create_control_database($cluster);

sub run_in
{
    my ($database, $sql) = @_;
    my $output = $cluster->safe_psql(encode_utf8($database), encode_utf8($sql));
    utf8::decode($output);
    return $output;
}

sub identifier
{
    my ($name) = @_;
    $name =~ s/"/""/g;
    return qq{"$name"};
}

my %script = (revision => 'one', upgrade => 'CREATE TABLE made ();', downgrade => 'DROP TABLE made;');
my $number = 0;
foreach my $name (@names)
{
    my $branch = 'odd_' . ++$number;
    my $label = encode_utf8($name);
    my ($role, $text) = (identifier("role $name"), quote_text($name));
    my $role_text = quote_text("role $name");
    run_in('postgres', "CREATE ROLE $role LOGIN");
    run_in('postgres', 'CREATE DATABASE ' . identifier($name) . " OWNER $role");
    run_in($control, "SELECT mad_migrate.create_branch('$branch', database => $text, owner => $role_text)");
    add_scripts($cluster, $control, $branch, \%script);

    is(run_in($control, "SELECT database = $text, status FROM mad_migrate.upgrade('$branch')"),
        't|upgraded', "$label is upgraded");
    is(run_in($name, "SELECT tableowner = $role_text FROM pg_tables WHERE tablename = 'made'"),
        't', "$label: by its role, in it");
    is(run_in($name, "SELECT applied_by = $role_text FROM mad_migrate.history"),
        't', "$label: as the history has it");
    is(run_in($control, "SELECT database = $text, revision FROM mad_migrate.current('$branch')"),
        't|one', "$label: current");
    is(run_in($control, "SELECT status FROM mad_migrate.status('$branch')"), 'up to date', "$label: status");
    is(run_in($control, "SELECT to_revisions FROM mad_migrate.downgrade('$branch', 'base')"),
        '{}', "$label goes down");
}

# Patterns of names know only * and ?, and a template and its organizations are named alike.
run_in($control, <<'SQL');
SELECT mad_migrate.create_branch('many', template => 'Löwe % "template"', database_pattern => 'Löwe % "{org_id}"')
SQL
add_scripts($cluster, $control, 'many', \%script);
foreach my $name ('Löwe % "1"', 'Löwe _ "2"')
{
    my $text = quote_text($name);
    run_in('postgres', 'CREATE DATABASE ' . identifier($name));
    run_in($control, "INSERT INTO mad_migrate.registry (branch, database) VALUES ('many', $text)");
}
is(run_in($control, <<'SQL'),
SELECT string_agg(database || ': ' || status, ', ' ORDER BY database COLLATE "C")
FROM mad_migrate.upgrade('many', databases => '{"L?we % *"}')
SQL
    'Löwe % "1": upgraded, Löwe % "template": upgraded', 'a pattern takes a percent sign for itself');
is(run_in($control, q{SELECT count(*) FROM mad_migrate.databases WHERE branch = 'many' AND revisions = '{one}'}),
    2, 'and leaves the third alone');

# A name that is no name of a database is refused, and nothing is connected to.
foreach my $name ('', 'x' x 64)
{
    my ($status, $output, $error) = $cluster->psql($control,
        "SELECT mad_migrate.create_branch('none', database => '$name')");
    like($error, qr/ERROR:  invalid database/, length($name) . ' bytes are no name');
}

$cluster->stop('immediate');
done_testing();
