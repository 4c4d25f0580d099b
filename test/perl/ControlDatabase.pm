# Private clusters for TAP tests, with a control database that carries the extension.
package ControlDatabase;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;

our @EXPORT = qw(start_cluster create_control_database);

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

1;
