# Ways to interrupt a statement, and points of an upgrade at which it can be made to stand still.
package Interruption;

use strict;
use warnings;
use Exporter 'import';
use Time::HiRes qw(time);

our @EXPORT = qw(%interruptions points hold_at backend_of seconds_until_gone);

# The backend of the session of that name.
sub backend_of
{
    my ($cluster, $name) = @_;
    return $cluster->safe_psql('postgres',
        "SELECT pid FROM pg_stat_activity WHERE application_name = '$name'");
}

sub signal_backend
{
    my ($cluster, $function) = @_;
    $cluster->safe_psql('postgres',
        "SELECT $function(pid) FROM pg_stat_activity WHERE application_name = 'caller'");
    return;
}

# How each is done to the session "caller", and what its caller is then told. One that takes the
# whole server down says so; one that comes by itself must leave time to get to the point.
our %interruptions = (
    'pg_cancel_backend' => {
        do => sub { signal_backend($_[0], 'pg_cancel_backend') }, says => qr/57014/ },
    'pg_terminate_backend' => {
        do => sub { signal_backend($_[0], 'pg_terminate_backend') }, says => qr/57P01/ },
    'statement_timeout' => {
        settings => q{SET statement_timeout = '2s'}, do => sub { }, says => qr/57014.*timeout/,
        points => qr/gate [26]|history/ },
    'death of the client' => { do => sub { $_[1]->kill_client } },
    'death of the backend' => {
        do => sub { kill 'KILL', backend_of($_[0], 'caller') }, restarts => 1 },
    'immediate stop' => {
        do => sub { $_[0]->stop('immediate'); $_[0]->start }, restarts => 1 });

# Names of the points, and the statement with which a holder stops an upgrade there. Scripts wait
# at gates; the bookkeeping after a script can only be stopped by locks on what it writes.
sub points
{
    my ($branch, @gates) = @_;
    return (
        (map { [ "gate $_", "SELECT pg_advisory_lock($_)" ] } @gates),
        [ 'version rows', "LOCK TABLE mad_migrate.alembic_version_$branch IN SHARE MODE" ],
        [ 'history', 'LOCK TABLE mad_migrate.history IN SHARE MODE' ],
        [ 'published heads', 'LOCK TABLE pg_catalog.pg_db_role_setting IN SHARE MODE' ]);
}

# Lets a client hold a point in a database, until it is told otherwise or ends.
sub hold_at
{
    my ($client, $statement) = @_;
    my ($rows, $messages) = $client->run("BEGIN; $statement");
    die "could not hold: $messages" if $messages =~ /ERROR/;
    return;
}

# Seconds until no session of that name is left.
sub seconds_until_gone
{
    my ($cluster, $name) = @_;
    my $start = time;
    $cluster->poll_query_until('postgres',
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = '$name'")
      or die "session \"$name\" does not end";
    return time - $start;
}

1;
