# Crashes of backends and of the whole server, and waiting until it is back.
package Crash;

use strict;
use warnings;
use Client;
use ControlDatabase;
use Exporter 'import';

our @EXPORT = qw(crash kill_backend);

# False for one that has ended already: of that no server would notice. Once it is stopped, it
# cannot end by itself any more.
sub kill_backend
{
    my ($pid) = @_;
    my $state = 'R';
    kill 'STOP', $pid or return 0;
    $state = `ps -o state= -p $pid` while $state !~ /^(T|Z|$)/i;
    return $state =~ /^T/i && kill 'KILL', $pid;
}

# Does the deed, which takes the server down. While it restarts there is a moment in which it still
# seems to be there.
sub crash
{
    my ($cluster, $deed) = @_;
    my $witness = Client->new($cluster, 'postgres', 'witness');
    $witness->run('SELECT 1');
    $witness->ask('SELECT pg_sleep(3600)');
    $deed->();
    $witness->answer;
    wait_until_back($cluster);
    $witness->quit;
    return;
}

1;
