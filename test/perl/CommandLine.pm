# scripts/migrate, run as a user would in a project's fresh folder.
package CommandLine;

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use FindBin;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(use_cluster run_there migrate succeeds fails rows_of text_of write_text);
our @EXPORT_OK = qw($checkout $project);

our $checkout = abs_path("$FindBin::RealBin/../..");
our $project;

# A folder for commands that go to this cluster, whatever the environment says.
sub use_cluster
{
    my ($cluster) = @_;
    $project = PostgreSQL::Test::Utils::tempdir();
    @ENV{qw(PGHOST PGPORT PGUSER)} = ($cluster->host, $cluster->port, $cluster->safe_psql('postgres', 'SELECT current_user'));
    delete @ENV{qw(PGDATABASE DATABASE_URL MIGRATIONS MAD_ENVIRONMENT MAKEFLAGS MFLAGS MAKELEVEL)};
    $ENV{LC_ALL} = 'C';
    return;
}

# Runs a command in the project's folder; gives its exit code and what it printed.
sub run_there
{
    my ($input, @command) = @_;
    my ($output, $errors) = ('', '');
    IPC::Run::run(\@command, '<', \$input, '>', \$output, '2>', \$errors, init => sub { chdir $project });
    return ($? >> 8, $output, $errors);
}

sub migrate { return run_there('', "$checkout/scripts/migrate", @_) }

sub succeeds
{
    my ($name, $code, $output, $errors) = @_;
    is($code, 0, $name) or diag($errors);
    return $output;
}

sub fails
{
    my ($name, $pattern, $code, $output, $errors) = @_;
    isnt($code, 0, "$name: fails");
    like($errors, $pattern, "$name: says why");
    return;
}

sub rows_of
{
    my ($name, @result) = @_;
    return JSON::PP::decode_json(succeeds($name, @result));
}

sub text_of
{
    my ($path) = @_;
    return PostgreSQL::Test::Utils::slurp_file("$project/$path");
}

sub write_text
{
    my ($path, $text) = @_;
    open my $file, '>', "$project/$path" or die "could not write $path: $!";
    print $file $text;
    close $file;
    return;
}

1;
