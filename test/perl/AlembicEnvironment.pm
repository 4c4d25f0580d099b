# An environment of the real Alembic in a temporary folder, with the revisions of our scripts.
package AlembicEnvironment;

use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Utils;

my $environment = <<'PYTHON';
import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
if os.environ.get("CREATE_SCHEMA"):
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA mad_migrate")
with engine.connect() as connection:
    context.configure(connection=connection, version_table=os.environ["VERSION_TABLE"],
                      version_table_schema="mad_migrate", transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
PYTHON

# Whether this machine has Alembic and its driver.
sub is_here
{
    my $output;
    return IPC::Run::run([ 'alembic', '--version' ], '>&', \$output)
      && IPC::Run::run([ '/usr/bin/python3', '-c', 'import psycopg2' ], '>&', \$output);
}

sub new
{
    my ($class, $cluster, $branch, @scripts) = @_;
    my $folder = PostgreSQL::Test::Utils::tempdir();
    mkdir "$folder/versions" or die "could not create \"$folder/versions\": $!";
    append_to_file("$folder/alembic.ini", "[alembic]\nscript_location = $folder\n");
    append_to_file("$folder/env.py", $environment);
    my $self =
      bless { cluster => $cluster, branch => $branch, folder => $folder, count => 0 }, $class;
    $self->add_script(%$_) foreach @scripts;
    return $self;
}

sub python_list
{
    my ($items) = @_;
    return '(' . join('', map { "'$_', " } @{ $items // [] }) . ')';
}

# Alembic reads revisions in the order of their files' names.
sub add_script
{
    my ($self, %script) = @_;
    my %list = map { $_ => python_list($script{$_}) } qw(revises labels depends);
    append_to_file(sprintf('%s/versions/%03d.py', $self->{folder}, ++$self->{count}), <<"PYTHON");
"""Test $script{revision}"""
from alembic import op
revision = '$script{revision}'
down_revision = $list{revises} or None
branch_labels = $list{labels} or None
depends_on = $list{depends} or None
def upgrade():
    op.execute("""$script{upgrade}""")
def downgrade():
    op.execute("""$script{downgrade}""")
PYTHON
    return;
}

# Runs alembic against a database; gives whether it succeeded, and all that it printed.
sub run
{
    my ($self, $database, @arguments) = @_;
    local $ENV{DATABASE_URL} = sprintf 'postgresql+psycopg2:///%s?host=%s&port=%s',
      $database, $self->{cluster}->host, $self->{cluster}->port;
    local $ENV{VERSION_TABLE} = "alembic_version_$self->{branch}";
    my $output = '';
    my $succeeded = IPC::Run::run([ 'alembic', '-c', "$self->{folder}/alembic.ini", @arguments ],
        '>&', \$output);
    return ($succeeded, $output);
}

# The revisions that "alembic current" or "alembic heads" prints, sorted.
sub list
{
    my ($self, $database, $command) = @_;
    my ($succeeded, $output) = $self->run($database, $command);
    die "alembic $command failed: $output" unless $succeeded;
    return join ',', sort grep { !/^INFO/ } $output =~ /^([^\s:]+)/mg;
}

1;
