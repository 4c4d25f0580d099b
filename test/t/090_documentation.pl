# The SQL examples of the documentation run, and give what is written below them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Test::More;

# Each ```sql block with the ```text block right below it, if there is one. A block with a further
# word behind "sql" is not run.
sub examples_of
{
    my ($page) = @_;
    my @examples;
    while ($page =~ /^```sql\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)
    {
        push @examples, { sql => $1, output => $2 };
    }
    return @examples;
}

# Times and the widths they give a column differ from run to run.
sub steady
{
    my ($text) = @_;
    $text =~ s/\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d)?/DATE/g;
    $text =~ s/\d\d:\d\d:\d\d(?:\.\d+)?/TIME/g;
    $text =~ s/\b\d+ ms\b/TIME/g;
    $text =~ s/\b\d+ rows\/s in [\d.]+ s\b/RATE/g;
    $text =~ s/-+/-/g;
    $text =~ s/[ \t]+/ /g;
    $text =~ s/ $//mg;
    $text =~ s/\n+/\n/g;
    $text =~ s/^\n|\n$//g;
    return $text;
}

# One psql session for the whole page, as a reader would have it.
sub outputs_of
{
    my ($cluster, $database, @examples) = @_;
    my $script = join '', map { "$_->{sql}\n\\echo ---- end of example ----\n" } @examples;
    my $output = '';
    my $psql = [ 'psql', '-X', '-q', '-P', 'pager=off', '-d', $cluster->connstr($database) ];
    IPC::Run::run($psql, '<', \$script, '>', \$output, '2>&1');
    my @outputs = split /^---- end of example ----\n/m, $output, -1;
    pop @outputs;
    return @outputs;
}

# What SQL can call and look into, and the errors of our own, are in the reference.
{
    my $reference = join '', map { read_file("docs/$_.md") } qw(reference helpers);
    # Some settings exist only where the module is there from the server's start on.
    my $cluster = start_cluster('reference', "shared_preload_libraries = 'mad_migrate'");
    my @functions = split /\n/, $cluster->safe_psql(create_control_database($cluster), <<'SQL');
SELECT DISTINCT proname FROM pg_catalog.pg_proc
WHERE pronamespace = 'mad_migrate'::regnamespace
  AND NOT starts_with(coalesce(obj_description(oid, 'pg_proc'), ''), 'Internal')
SQL
    my @relations = split /\n/, $cluster->safe_psql('mad', <<'SQL');
SELECT relname FROM pg_catalog.pg_class
WHERE relnamespace = 'mad_migrate'::regnamespace AND relkind IN ('r', 'v')
  AND relname NOT LIKE 'alembic\_version\_%'
  AND NOT starts_with(coalesce(obj_description(oid, 'pg_class'), ''), 'Internal')
SQL
    my @settings = split /\n/, $cluster->safe_psql('mad', <<'SQL');
SELECT name FROM pg_catalog.pg_settings WHERE starts_with(name, 'mad_migrate.')
SQL
    my @codes = read_file('src/core/failure.cpp') =~ /"(MM\d+)"/g;
    foreach my $name (@functions, @settings, @codes)
    {
        like($reference, qr/\b\Q$name\E\b/, "the reference tells of $name");
    }
    # Their names are words of the language too.
    foreach my $name (@relations)
    {
        like($reference, qr/`\Q$name\E`/, "the reference tells of $name");
    }
    $cluster->stop;
}

# The databases of branches belong to the server, so each page has one of its own, in the state in
# which scripts/quickstart leaves its reader.
foreach my $path ('README.md', files_below('docs', qr/\.md$/))
{
    my @examples = examples_of(read_file($path));
    next unless @examples;

    my ($name) = $path =~ m{(\w+)\.md$};
    my $cluster = start_cluster("documentation_$name");
    my $database = create_control_database($cluster);
    $cluster->safe_psql($database, "SELECT mad_migrate.upgrade('$_')") foreach qw(metadata results);
    my @outputs = outputs_of($cluster, $database, @examples);
    is(@outputs, @examples, "$path: every example ends");
    foreach my $number (0 .. $#examples)
    {
        my $example = $examples[$number];
        my ($first_line) = $example->{sql} =~ /^(.*)$/m;
        my $title = "$path, example " . ($number + 1) . ": $first_line";
        defined $example->{output}
          ? is(steady($outputs[$number]), steady($example->{output}), $title)
          : unlike($outputs[$number], qr/ERROR:/, $title);
    }
    $cluster->stop;
}

done_testing();
