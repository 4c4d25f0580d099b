# Migration scripts for tests, and a branch of many databases that carries them.
package Scripts;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(script_text add_scripts create_branch_of_many add_databases quote_text);

# A script of the given header fields and sections; lists may be empty.
sub script_text
{
    my (%script) = @_;
    my %list = map { $_ => join(', ', @{ $script{$_} // [] }) } qw(revises labels depends);
    my $message = $script{message} // "Test $script{revision}";
    return <<"EOT";
/*
$message

Revision ID: $script{revision}
Revises: $list{revises}
Branch Labels: $list{labels}
Depends On: $list{depends}
*/

-- migrate:upgrade
$script{upgrade}

-- migrate:downgrade
$script{downgrade}
EOT
}

# A string as an SQL literal.
sub quote_text
{
    my ($text) = @_;
    $text =~ s/'/''/g;
    return $text =~ s/\\/\\\\/g ? " E'$text'" : "'$text'";
}

sub add_scripts
{
    my ($cluster, $control, $branch, @scripts) = @_;
    my $texts = join ', ', map { quote_text(script_text(%$_)) } @scripts;
    $cluster->safe_psql($control,
        "SELECT mad_migrate.add_scripts('$branch', ARRAY[$texts])");
    return;
}

# A branch with a template, which the first upgrade builds, and databases that are registered.
sub create_branch_of_many
{
    my ($cluster, $control, $branch, @databases) = @_;
    $cluster->safe_psql($control, <<"SQL");
SELECT mad_migrate.create_branch('$branch', template => '${branch}_template',
                                 database_pattern => '${branch}_{org_id}')
SQL
    add_databases($cluster, $control, $branch, @databases);
    return;
}

# Creates empty databases and registers them.
sub add_databases
{
    my ($cluster, $control, $branch, @databases) = @_;
    my @statements = map {
        "CREATE DATABASE $_;\nINSERT INTO mad_migrate.registry (branch, database) VALUES ('$branch', '$_');"
    } @databases;
    $cluster->safe_psql($control, join "\n", @statements);
    return;
}

1;
