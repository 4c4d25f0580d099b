# The lines that deploy/ has containers run, taken from its files and run in a clean folder against a
# private server: no container engine is needed, and the files cannot drift from what works.
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use ControlDatabase;
use CPAN::Meta::YAML;
use PostgreSQL::Test::Utils;
use Test::More;

my $checkout = abs_path("$FindBin::RealBin/../..");
my $place = PostgreSQL::Test::Utils::tempdir();
my $cluster = start_cluster('deployment', "listen_addresses = '127.0.0.1'");
delete @ENV{qw(PGHOST PGUSER PGDATABASE DATABASE_URL MIGRATIONS MAD_ENVIRONMENT)};
$ENV{PGPORT} = $cluster->port;
$ENV{PATH} = "$place/bin:$ENV{PATH}";

sub yaml_of
{
    my ($path) = @_;
    return CPAN::Meta::YAML->read_string(read_file($path))->[0];
}

# Runs a command in the clean folder; gives its exit code and all that it printed.
sub run_there
{
    my (@command) = @_;
    my $output = '';
    my $patience = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
    IPC::Run::run(\@command, '<', \'', '>&', \$output, init => sub { chdir $place }, $patience);
    return ($? >> 8, $output);
}

sub succeeds
{
    my ($name, @command) = @_;
    my ($code, $output) = run_there(@command);
    is($code, 0, $name) or diag($output);
    return $output;
}

# Paths of the image's PostgreSQL, and of its own, as they are here.
my %installed = map {
    my $path = (run_there('pg_config', "--$_"))[1];
    chomp $path;
    ($_ => $path)
} qw(pkglibdir sharedir bindir);

sub here
{
    my ($line) = @_;
    $line =~ s{/usr/lib/postgresql/15/lib\b}{$installed{pkglibdir}}g;
    $line =~ s{/usr/share/postgresql/15\b}{$installed{sharedir}}g;
    $line =~ s{/usr/local/bin/}{$place/bin/}g;
    $line =~ s{/docker-entrypoint-initdb\.d/}{$place/initdb.d/}g;
    $line =~ s{/mad_migrate/scripts/}{$checkout/scripts/}g;
    return $line;
}

# The image: its first stage builds, the second one takes what "make install" has installed.
my $dockerfile = read_file('deploy/Dockerfile');
my ($build, @finish) = map { here($_) } $dockerfile =~ /^RUN (.*)$/mg;
unlike($dockerfile, qr/\\$/m, 'the Dockerfile has no continued lines, which would be missed here');
is_deeply([ $dockerfile =~ /^FROM (\S+)/mg ], [ ('postgres:15') x 2 ], 'both stages are of one PostgreSQL');
ok(-x $build, "the image is built by a script that is there: $build");
my %functions = map { $_ => [ read_file($_) =~ /^ *(install_postgresql|build_extension)$/mg ] }
  qw(scripts/install scripts/quickstart);
is_deeply($functions{'scripts/install'}, [qw(install_postgresql build_extension)],
    'which does what scripts/quickstart does');
my %distinct = map { $_ => 1 } @{ $functions{'scripts/quickstart'} };
is_deeply([ sort keys %distinct ], [qw(build_extension install_postgresql)], 'which is this');

my %taken = map { $_ => 1 } map { glob here($_) } $dockerfile =~ /^COPY --from=build (\S+) /mg;
my @missing = grep { !$taken{$_} } map { glob "$_/mad_migrate*" } $installed{pkglibdir},
  $installed{sharedir}, "$installed{sharedir}/extension";
is_deeply([ grep { !-e } keys %taken ], [], 'what it takes over is there');
cmp_ok(scalar keys %taken, '>=', 4, 'module, control file, install script and shared files');
is_deeply(\@missing, [], 'and nothing of the extension is left behind');

mkdir "$place/$_" foreach qw(bin initdb.d migrations);
succeeds("RUN $_", 'bash', '-ec', $_) foreach @finish;
is(readlink "$place/bin/migrate", "$installed{sharedir}/mad_migrate/migrate", 'the wrapper is at hand');

# The server, which prepares its data folder and then becomes healthy
my %service = %{ yaml_of('deploy/compose.yaml')->{services} };
my $database = $service{server}{environment}{POSTGRES_DB};
$cluster->safe_psql('postgres', "CREATE DATABASE $database");
succeeds('the first start creates the extension', 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-h', $cluster->host,
    '-d', $database, '-f', $_)
  foreach glob "$place/initdb.d/*";
my ($kind, @health) = @{ $service{server}{healthcheck}{test} };
is($kind, 'CMD', 'the health check is a command');
succeeds('the server is healthy', @health);
$cluster->stop;
isnt((run_there(@health))[0], 0, 'and is not, when it is down');

# While the image prepares a data folder, its server listens on the socket only.
$cluster->append_conf('postgresql.conf', "listen_addresses = ''");
$cluster->start;
isnt((run_there(@health))[0], 0, 'nor while it is only being prepared');
$cluster->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
$cluster->restart;

# The service that migrates
is_deeply($service{migrate}{depends_on}, { server => { condition => 'service_healthy' } },
    'the migrations wait for the server\'s health');
is($service{migrate}{image}, $service{server}{image}, 'and come from the same image');
is($service{migrate}{environment}{PGDATABASE}, $database, 'and are of the database that it has made');
my ($mounted) = $service{migrate}{volumes}[0] =~ m{:(/\w+):ro$};
is($service{migrate}{environment}{MIGRATIONS}, $mounted, 'and of the folder that is mounted');

sub write_script
{
    my ($name, $text) = @_;
    mkdir "$place/migrations/metadata";
    open my $file, '>', "$place/migrations/metadata/$name" or die "could not write $name: $!";
    print $file $text;
    close $file;
    return;
}

my %environment = (
    %{ $service{migrate}{environment} },
    PGHOST => '127.0.0.1',
    PGUSER => $cluster->safe_psql('postgres', 'SELECT current_user'),
    PGPASSWORD => 'any',
    MIGRATIONS => "$place/migrations",
    MAD_ENVIRONMENT => 'development');
my @migrate = @{ $service{migrate}{command} };
write_script('005_meta_ours.sql', "/*\nOurs\n\nRevision ID: 005_meta\nRevises: 004_meta\n*/\n"
      . "-- migrate:upgrade\nCREATE TABLE in_development ();\n"
      . "-- migrate:upgrade environment=production\nCREATE TABLE in_production ();\n-- migrate:downgrade\nSELECT 1;\n");
{
    local @ENV{ keys %environment } = values %environment;
    my $output = succeeds("compose: @migrate", @migrate);
    like($output, qr/mad_results_template/, 'tells of the databases');
    is($cluster->safe_psql($database, q{SELECT mad_migrate.is_up_to_date(), to_regclass('in_development')}),
        't|in_development', 'all are at head, with the script that was mounted');
    succeeds('compose: once more, with nothing to do', @migrate);
}

# The job, for which a failure is an exit code and a further attempt goes on
my $job = yaml_of('deploy/kubernetes-job.yaml')->{spec}{template}{spec};
my ($wait, $run) = ($job->{initContainers}[0], $job->{containers}[0]);
my %given = map { $_->{name} => $_->{value} } @{ $run->{env} };
is_deeply([ sort keys %given ], [qw(DATABASE_URL MAD_ENVIRONMENT MIGRATIONS)], 'the job is told three things');
is_deeply($wait->{env}[0], $run->{env}[0], 'and waits for the server that it migrates');
{
    local @ENV{qw(DATABASE_URL MIGRATIONS MAD_ENVIRONMENT)} = (
        "postgresql://$environment{PGUSER}:any\@127.0.0.1:" . $cluster->port . "/$database",
        "$place/migrations", $given{MAD_ENVIRONMENT});
    succeeds("job: $wait->{command}[-1]", @{ $wait->{command} });
    my $script = "/*\nBroken\n\nRevision ID: 006_meta\nRevises: 005_meta\n*/\n"
      . "-- migrate:upgrade\nSELECT 1/0;\n-- migrate:upgrade environment=production\nSELECT 1/0;\n-- migrate:downgrade\nSELECT 1;\n";
    write_script('006_meta_broken.sql', $script);
    my ($code, $output) = run_there(@{ $run->{command} });
    isnt($code, 0, "job: @{ $run->{command} }: fails when a script fails");
    like($output, qr/division by zero/, 'and its log says why');
    write_script('006_meta_broken.sql', $script =~ s/production\nSELECT 1\/0/production\nCREATE TABLE in_production ()/r);
    succeeds('job: with the script mended', @{ $run->{command} });
    is($cluster->safe_psql($database, q{SELECT to_regclass('in_production')}), 'in_production',
        'goes on, with the sections for production');
}
is_deeply($run->{command}, \@migrate, 'job and service make the same call');

done_testing();
