# A psql that runs beside the test: asked something, it is waited for later, or killed.
package Client;

use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Utils;

# Sessions are told apart by their application_name.
sub new
{
    my ($class, $cluster, $database, $name) = @_;
    local $ENV{PGAPPNAME} = $name;
    my $self = bless { in => '', out => '', err => '', asked => 0 }, $class;
    $self->{run} = IPC::Run::start(
        [ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $cluster->connstr($database), '-f', '-' ],
        '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
        IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
    return $self;
}

# Sends statements without waiting for what becomes of them.
sub ask
{
    my ($self, $sql) = @_;
    my $number = ++$self->{asked};
    $self->{in} .= "$sql;\n\\echo end of answer $number\n\\warn end of answer $number\n";
    $self->_reach('pump_nb');
    return;
}

# False where psql ended before it had read everything, as it does when its server goes.
sub _reach
{
    my ($self, $way) = @_;
    return 1 if eval { $self->{run}->$way; 1 };
    die $@ unless $@ =~ /Broken pipe/;
    return 0;
}

# Waits for the answer to what was asked last, or for the end of a psql that lost its server;
# gives the rows and the messages.
sub answer
{
    my ($self) = @_;
    my $mark = qr/^end of answer $self->{asked}\n/m;
    while ($self->{run}->pumpable && !($self->{out} =~ $mark && $self->{err} =~ $mark))
    {
        last unless $self->_reach('pump');
    }
    my ($rows, $messages) = @$self{qw(out err)};
    s/^end of answer \d+\n//mg foreach ($rows, $messages);
    @$self{qw(out err)} = ('', '');
    chomp $rows;
    return ($rows, $messages);
}

sub run
{
    my ($self, $sql) = @_;
    $self->ask($sql);
    return $self->answer;
}

# As if the client's machine had lost its power.
sub kill_client
{
    my ($self) = @_;
    $self->{run}->kill_kill;
    return;
}

# A psql that lost its server, or was killed, has ended already: then there is no one to tell.
sub quit
{
    my ($self) = @_;
    $self->{in} .= "\\q\n";
    eval { $self->{run}->finish } or $self->{run}->kill_kill;
    return;
}

1;
