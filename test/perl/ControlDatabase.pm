# Private clusters for TAP tests, with a control database that carries the extension.
package ControlDatabase;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_cluster create_control_database wait_until_back);

# A running cluster; further arguments are lines of its postgresql.conf.
sub start_cluster
{
    my ($name, @settings) = @_;
    my $cluster = PostgreSQL::Test::Cluster->new($name);
    # The environment's locale may have another encoding, or none.
    $cluster->init(extra => [ '--no-locale', '--encoding=UTF8' ]);
    $cluster->append_conf('postgresql.conf', "$_\n") foreach @settings;
    $cluster->start;
    return $cluster;
}

sub create_control_database
{
    my ($cluster, $database) = @_;
    $database //= 'mad';
    $cluster->safe_psql('postgres', "CREATE DATABASE $database");
    $cluster->safe_psql($database, 'CREATE EXTENSION mad_migrate');
    return $database;
}

# After a crash. A psql that is refused ends before it has read what it is told, which IPC::Run takes
# for an error of its user's.
sub wait_until_back
{
    my ($cluster) = @_;
    my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
    until (eval { $cluster->poll_query_until('postgres', 'SELECT true') })
    {
        die "the server does not come back: $@" if time > $deadline;
    }
    return;
}

1;
