# An Alembic project becomes scripts: what they make of a database is what Alembic makes of it.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename);
use FindBin;
use lib "$FindBin::RealBin/../perl";
use AlembicEnvironment;
use Checkout;
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Scripts;
use Test::More;

plan skip_all => 'Alembic and psycopg2 are not installed' unless AlembicEnvironment::is_here();

my $checkout = abs_path("$FindBin::RealBin/../..");
my $place = PostgreSQL::Test::Utils::tempdir() . '/a place with spaces';
my $migrations = "$place/the scripts";
my $cluster = start_cluster('import');
my $control = create_control_database($cluster);
@ENV{qw(PGHOST PGPORT PGDATABASE)} = ($cluster->host, $cluster->port, $control);
delete @ENV{qw(ALEMBIC_CONFIG DATABASE_URL MIGRATIONS MAD_ENVIRONMENT)};

# Runs a program in a folder; gives its exit code, its output and its messages.
sub run_in
{
    my ($folder, @command) = @_;
    my ($output, $messages) = ('', '');
    IPC::Run::run(\@command, '<', \'', '>', \$output, '2>', \$messages, init => sub { chdir $folder });
    return ($? >> 8, $output, $messages);
}

sub import_in
{
    my ($folder, @arguments) = @_;
    return run_in($folder, '/usr/bin/python3', "$checkout/scripts/import-alembic",
        '--migrations', $migrations, @arguments);
}

sub alembic
{
    my ($folder, $database, @arguments) = @_;
    local $ENV{DATABASE_URL} =
      sprintf 'postgresql+psycopg2:///%s?host=%s&port=%s', $database, $cluster->host, $cluster->port;
    my ($code, $output, $messages) = run_in($folder, 'alembic', @arguments);
    is($code, 0, "alembic @arguments in $database") or diag $messages;
    return;
}

sub migrate
{
    my (@arguments) = @_;
    my ($code, $output, $messages) =
      run_in($place, "$checkout/scripts/migrate", '--migrations', $migrations, @arguments);
    is($code, 0, "migrate @arguments") or diag $messages;
    return $output;
}

# All that a database holds, but for what keeps its version.
sub contents
{
    my ($database) = @_;
    my ($code, $dump, $messages) = run_in($place, 'pg_dump', '--exclude-schema=mad_migrate',
        '--exclude-table=alembic_version*', $database);
    die $messages if $code;
    $dump =~ s/^\\(?:un)?restrict .*\n//mg;
    return $dump;
}

sub holds_the_same
{
    my ($one, $other, $expected, $name) = @_;
    my @dumps = map { contents($_) } ($one, $other);
    is($dumps[0], $dumps[1], "$name: the same contents");
    like($dumps[0], $expected, "$name: the expected ones");
    return;
}

sub write_text
{
    my ($path, $text) = @_;
    open my $file, '>', $path or die "could not write \"$path\": $!";
    print $file $text;
    close $file or die "could not write \"$path\": $!";
    return;
}

sub text_of { return PostgreSQL::Test::Utils::slurp_file(@_) }

# A revision's file, below one that exists.
sub write_revision
{
    my ($folder, $revision, $header, $upgrade, $downgrade) = @_;
    write_text("$folder/versions/$revision.py", <<"PYTHON");
"""Test $revision"""
import sqlalchemy as sa
from alembic import op
revision = "$revision"
down_revision = "e1"
$header
def upgrade():
    $upgrade
def downgrade():
    $downgrade
PYTHON
    return;
}

# A copy of a project, which can be changed.
sub copy_of
{
    my ($project, $name) = @_;
    my $folder = "$place/$name";
    system('cp', '-r', "$checkout/test/$project", $folder) == 0 or die "could not copy $project";
    return $folder;
}

sub refuses
{
    my ($name, $pattern, $code, $output, $messages) = @_;
    is($code, 1, "$name: nothing is done");
    like($messages, $pattern, "$name: says why");
    unlike($messages, qr/Traceback/, "$name: in words");
    return;
}

mkdir $place or die "could not create \"$place\": $!";

# ------------------------------------------------------------------------------------------------
# A plain project, whose env.py always connects
# ------------------------------------------------------------------------------------------------

my $peer = copy_of('bench/peer', 'the peer');
create_branch_of_many($cluster, $control, 'docking', 'docking_ours');
$cluster->safe_psql('postgres', 'CREATE DATABASE docking_theirs');
{
    local $ENV{DATABASE_URL} = "postgresql+psycopg2:///postgres";
    my ($code, $output, $messages) = import_in($peer, 'docking');
    is($code, 0, 'the peer is imported') or diag $messages;
    like($output, qr/^4 revisions, 0 to be completed by hand$/m, 'wholly');
    is(scalar(() = $output =~ /^\Q$migrations\E\/docking\/00\d_\w+\.sql$/mg), 4, 'a file for each');
}
migrate('upgrade', 'docking');
alembic($peer, 'docking_theirs', 'upgrade', 'head');
holds_the_same('docking_ours', 'docking_theirs', qr/CREATE TABLE public\.job_events/, 'upgrade');
$cluster->safe_psql('postgres', 'CREATE DATABASE docking_by_text');
my $text_of_upgrade =
  $cluster->safe_psql($control, q{SELECT mad_migrate.upgrade_sql('docking', 'heads')});
$cluster->safe_psql('docking_by_text', $text_of_upgrade);
holds_the_same('docking_by_text', 'docking_theirs', qr/CREATE TABLE public\.job_events/, 'upgrade_sql');
is($cluster->safe_psql($control, <<'SQL'), '{results}{}{}{}', 'a label is where it was written');
SELECT string_agg(labels::text, '' ORDER BY filename) FROM mad_migrate.script WHERE branch = 'docking'
SQL

migrate('downgrade', 'docking', 'base', '--database', 'docking_ours');
alembic($peer, 'docking_theirs', 'downgrade', 'base');
holds_the_same('docking_ours', 'docking_theirs', qr/update_updated_at_column/, 'downgrade to base');
unlike(contents('docking_ours'), qr/CREATE TABLE/, 'no table is left');
migrate('upgrade', 'docking');
alembic($peer, 'docking_theirs', 'upgrade', 'head');
holds_the_same('docking_ours', 'docking_theirs', qr/CREATE TABLE public\.job_events/, 'up again');

# Databases that Alembic has brought halfway, taken over as the page tells.
add_databases($cluster, $control, 'docking', qw(docking_taken docking_empty));
alembic($peer, 'docking_taken', 'upgrade', '002_results');
alembic($peer, 'docking_empty', 'upgrade', '+1');
alembic($peer, 'docking_empty', 'downgrade', 'base');
{
    my ($lines) = read_file('docs/from-alembic.md') =~ /^```sh\n(for database .*?)^```$/ms;
    $lines =~ s/\bshop\b/docking/g;
    $lines =~ s/\balembic_version\b/alembic_version_results/g;
    local $ENV{MIGRATIONS} = $migrations;
    my ($code, $output, $messages) = run_in($checkout, 'bash', '-c', $lines);
    is($code, 0, 'the loop of the page') or diag $messages;
    like($output, qr/docking_taken\s.*\{002_results\}.*stamped/, 'stamps one that has a version');
    unlike($output, qr/docking_(?:empty|ours).*stamped/, 'and none that has not');
    like($output, qr/docking_taken\s.*\{002_results\}\s.*\{004_results\}/, 'which goes on from there');
}
holds_the_same('docking_taken', 'docking_theirs', qr/CREATE TABLE public\.job_events/, 'taken over');

# ------------------------------------------------------------------------------------------------
# A project with all that there can be, imported without any server
# ------------------------------------------------------------------------------------------------

my $project = copy_of('imported', 'the project');
create_branch_of_many($cluster, $control, 'app', 'app_ours');
$cluster->safe_psql('postgres', 'CREATE DATABASE app_theirs');
{
    local @ENV{qw(PGHOST PGPORT)} = ('/nowhere', 1);
    my ($code, $output, $messages) = import_in($place, 'app', '-c', 'the project/alembic.ini');
    is("$code $messages", '0 ', 'the project is imported');
    ($code, $output) = import_in($place, 'app', '-c', 'the project/alembic.ini');
    is("$code $output", "0 8 revisions, 0 to be completed by hand\n", 'once more: nothing to write');
}
migrate('push', 'app');
is($cluster->safe_psql($control, <<'SQL'), <<'ROWS' =~ s/\n\z//r, 'the graph is Alembic\'s');
SELECT revision, down_revisions, depends_on, labels, message, created_at::timestamp
  FROM mad_migrate.script WHERE branch = 'app' ORDER BY filename
SQL
a1|{}|{}|{crm}|Transaction - customers / * and their moods * /|2024-01-05 10:20:30.123456
b1|{a1}|{}|{billing}|Add invoices|2024-01-06 10:00:00
c1|{a1}|{}|{}|Add notes|2024-01-06 11:00:00
m1|{b1,c1}|{}|{}|Join invoices and notes|
d1|{m1}|{}|{}|Find customers by mood|
e1|{d1}|{}|{}|Find unpaid invoices|
f1|{e1}|{}|{}|Forget the moods|
z1|{}|{billing}|{reports}|Add reports|
ROWS

foreach my $file (map { basename($_) } sort glob "'$migrations/app/*.sql'")
{
    my $text = text_of("$migrations/app/$file");
    my $leaves = $file =~ /commit\.sql$/ ? 1 : 0;
    is(scalar(() = $text =~ /^Transaction: off$/mg), $leaves, "$file: what it says of transactions");
    unlike($text, qr/alembic_version|^(?:BEGIN|COMMIT);|Running/m, "$file: nothing of Alembic's own");
}

foreach my $round ('up', 'up again')
{
    foreach my $target (qw(e1 reports@head))
    {
        migrate('upgrade', 'app', $target);
        alembic($project, 'app_theirs', 'upgrade', $target);
        holds_the_same('app_ours', 'app_theirs', qr/1\t100 % O'Neill\tglad/, "$round to $target");
    }
    like(contents('app_ours'), qr/CREATE VIEW public\.reports .*CREATE INDEX unpaid /s, 'all is there');
    foreach my $target (qw(reports@base base))
    {
        migrate('downgrade', 'app', $target, '--database', 'app_ours');
        alembic($project, 'app_theirs', 'downgrade', $target);
        holds_the_same('app_ours', 'app_theirs', qr/PostgreSQL database dump/, "down to $target");
    }
    unlike(contents('app_ours'), qr/CREATE/, 'nothing is left');
}
migrate('upgrade', 'app', 'heads');
alembic($project, 'app_theirs', 'upgrade', 'heads');
holds_the_same('app_ours', 'app_theirs', qr/CREATE TABLE public\.customers/, 'to all heads');
my ($status, $output, $error) = $cluster->psql($control,
    q{SELECT mad_migrate.downgrade('app', 'e1', databases => '{app_ours}')});
isnt($status, 0, 'what Alembic refuses to undo');
like($error, qr{moods / \* cannot \* / be remembered}, 'is refused with its reason');

# The place of the scripts in pyproject.toml, as Alembic has it from version 1.16 on.
{
    my $toml = copy_of('imported', 'toml');
    my $ini = text_of("$toml/alembic.ini");
    write_text("$toml/alembic.ini", $ini =~ s/^script_location = .*\n//mr);
    write_text("$toml/pyproject.toml", qq([tool.alembic]\nscript_location = "%(here)s"\n));
    my $reads_toml =
      (run_in($place, '/usr/bin/python3', '-c', 'from alembic.config import Config; Config.toml_alembic_config'))[0] == 0;
    my @ways = ([$toml], [ $place, '-c', 'toml/pyproject.toml', '-c', 'toml/alembic.ini' ]);
    foreach my $way (@ways)
    {
        my ($folder, @files) = @$way;
        my ($code, $output, $messages) = import_in($folder, 'app', @files);
        is($code, $reads_toml ? 0 : 1, "pyproject.toml @files: what Alembic reads is read") or diag $messages;
        like("$output$messages", $reads_toml ? qr/^8 revisions, 0 to be/ : qr/^import-alembic: No 'script_location'/,
            'and anything else is refused');
    }
}

# ------------------------------------------------------------------------------------------------
# What cannot be imported
# ------------------------------------------------------------------------------------------------

# Revisions that ask the database, each in its way; what they did before is kept.
my $asking = copy_of('imported', 'asking');
my $asked = 'op.get_bind().execute(sa.text("SELECT id FROM customers"))';
my @asking = (
    [ q1 => "op.execute('SELECT 1'); $asked.fetchall()" ],
    [ q2 => "[row for row in $asked]" ],
    [ q3 => 'sa.inspect(op.get_bind())' ],
    [ q4 => 'op.execute("DELETE FROM customers WHERE id = :id")' ],
    [ q5 => 'op.get_bind().execute(sa.table("customers", sa.column("id")).update(), {"id": 9})' ],
    [ q6 => 'raise NotImplementedError("later")' ]);
write_revision($asking, $_->[0], '', $_->[1], 'pass') foreach @asking;
write_revision($asking, 'q7', '', 'pass', 'raise RuntimeError("never")');
write_text("$asking/versions/q8.py", <<'PYTHON');
revision = "q8"
down_revision = "e1"
def upgrade():
    pass
PYTHON
my ($code, $said, $messages) = import_in($asking, 'asking');
is($code, 3, 'revisions that need a connection: the exit code says so');
like($said, qr/^16 revisions, 8 to be completed by hand$/m, 'the others are imported');
foreach my $revision (map { $_->[0] } @asking)
{
    like($messages, qr/revision $revision is not complete: .*\($revision\.py, line 8\)/,
        "$revision is named, and its line");
}
like($messages, qr/revision q7 has no way back: .*RuntimeError: never \(q7\.py, line 10\)/, 'so is q7');
like($messages, qr/revision q8 has no way back: .*there is no downgrade/, 'and q8');
my $text = text_of("$migrations/asking/q1.sql");
like($text, qr/^-- SELECT 1;$/m, 'what it did before it failed is there to read');
unlike($text, qr/^-- migrate:upgrade/m, 'but no section');
create_branch_of_many($cluster, $control, 'asking');
($code, $said, $messages) =
  run_in($place, "$checkout/scripts/migrate", '--migrations', $migrations, 'push', 'asking');
isnt($code, 0, 'the server takes none before all are complete');
like($messages, qr/script has no upgrade section/, 'and says what is missing');

# A file that has been changed since.
write_text("$migrations/app/030_merge.sql", "changed\n");
my @app = ($place, 'app', '-c', 'the project/alembic.ini');
my $first = "$migrations/app/010_customers.sql";
unlink $first or die "could not remove \"$first\": $!";
my ($kept_code, undef, $kept) = import_in(@app);
is($kept_code, 0, 'a changed file is in nobody\'s way');
like($kept, qr{kept .*app/030_merge\.sql.*--force}, 'it is named');
is(text_of("$migrations/app/030_merge.sql"), "changed\n", 'and left alone');
ok(-e $first, 'while what is not there is written');
is((import_in(@app, '--force'))[0], 0, 'unless --force');
like(text_of("$migrations/app/030_merge.sql"), qr/^Revises: b1, c1$/m, 'writes over it');

refuses('a bad branch', qr/invalid branch name "App"/, import_in($project, 'App'));
refuses('no project', qr/there is no file "alembic\.ini"/, import_in($place, 'app'));
refuses('no such section', qr/no '\[nothing\]' section|script_location/,
    import_in($project, 'app', '-n', 'nothing'));
refuses('another server', qr/not for PostgreSQL, but for mysql/,
    import_in($project, 'app', '-n', 'mysql'));
is((import_in($project))[0], 2, 'without a branch: a mistake on the command line');
is((import_in($project, 'app', '--frob'))[0], 2, 'and so is an unknown option');
my ($helped, $help) = import_in($project, '--help');
is($helped, 0, '--help');
like($help, qr/exit codes: 0 /, 'tells the exit codes');

# Projects that are not right, each with what is wrong with it.
my $broken = copy_of('imported', 'broken');
my $environment = text_of("$broken/env.py");
my @broken_environments = (
    [ 'one run for several databases', qr/runs the migrations 2 times/, "$environment\nrun_offline()\n" ],
    [ 'no run at all', qr/runs the migrations 0 times/, "from alembic import context\n" ],
    [ 'a failing env.py', qr/env\.py fails .*KeyError: 'HERE'/, "import os\nos.environ['HERE']" ]);
foreach my $case (@broken_environments)
{
    my ($name, $pattern, $text) = @$case;
    write_text("$broken/env.py", $text);
    refuses($name, $pattern, import_in($broken, 'broken'));
}
write_text("$broken/env.py", $environment);
my @broken_revisions = (
    [ 'r1', 'branch_labels = ("two words", "head")', qr/label of revision r1: "two words"\n.*"head"/ ],
    [ 'r2', 'revision = "a1"', qr/Revision a1 is present more than once/ ],
    [ 'r3', 'down_revision = "nothing"', qr/nothing/ ],
    [ 'r4', 'import nothing', qr/No module named 'nothing'/ ]);
foreach my $case (@broken_revisions)
{
    my ($revision, $header, $pattern) = @$case;
    write_revision($broken, $revision, $header, 'pass', 'pass');
    refuses("revision $revision", $pattern, import_in($broken, 'broken'));
    unlink "$broken/versions/$revision.py";
}
ok(!-e "$migrations/broken", 'nothing of it was written');

$cluster->stop('immediate');
done_testing();
