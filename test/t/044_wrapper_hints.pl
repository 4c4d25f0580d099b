# scripts/migrate where there is no control database yet: what it says, and that the call its hint names,
# by the path by which the user called it, is the one that helps.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use CommandLine qw(:DEFAULT $checkout $project);
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Test::More;

my $cluster = start_cluster('hints');
use_cluster($cluster);
$ENV{PATH} .= ":$project/some tools";
mkdir "$project/some tools";
symlink "$checkout/scripts/migrate", "$project/some tools/migrate";
symlink "$project/some tools/migrate", "$project/run me";

# The call that the hint names.
sub named_call
{
    my ($name, $pattern, @result) = @_;
    fails($name, qr/${pattern}HINT:  Name another control database by PGDATABASE or DATABASE_URL, or run: .*\n\z/, @result);
    is($result[0], 1, "$name: it is no mistake on the command line");
    my ($call) = $result[3 - 1] =~ /, or run: (.*)\n\z/;
    return $call;
}

my $no_database = qr/database "mad" does not exist\n/;
my $no_extension = qr/\Amigrate: extension "mad_migrate" is not in database "mad"\n/;
my @folder = ('--migrations', 'the scripts');
foreach my $case (
    [ 'a path', './run me', './run\ me' ],
    [ 'the search path', 'migrate', 'migrate' ],
    [ 'an absolute path', "$checkout/scripts/migrate", "$checkout/scripts/migrate" ])
{
    my ($name, $program, $expected) = @$case;
    # bash takes what is typed, as a user's shell does.
    my @call = ('bash', '-c', '"$0" "$@"', $program);
    is(named_call($name, $no_database, run_there('', @call, 'status')), "$expected init", "$name: is the hint's");
    is(named_call("$name, and a folder", $no_database, run_there('', @call, @folder, 'upgrade', 'all')),
        "$expected --migrations the\\ scripts init", "$name: with the folder that was given");
    is((run_there('', @call, 'fly'))[2],
        "migrate: there is no command \"fly\"\nHINT:  $expected --help lists the commands and their options.\n",
        "$name: to the help too");
}

# Every command of a branch says so, and creates nothing.
named_call(join(' ', @$_), $no_database, migrate(@$_)) foreach
  [ 'check', 'all' ], [ 'push', 'app' ], [ 'revision', 'app', 'New' ], [ 'list' ], [ 'work' ], [ 'validate', 'app' ];
ok(!-e "$project/migrations", 'no folder is made');
$cluster->safe_psql('postgres', 'CREATE DATABASE mad');
my $call = named_call('a database without the extension', $no_extension, migrate(@folder, 'upgrade', 'all'));
named_call(join(' ', @$_), $no_extension, migrate(@$_)) foreach [ 'check', 'all' ], [ 'status' ], [ 'provision', 'acme' ];
succeeds('the call of the hint', run_there('', 'bash', '-c', $call));
ok(-d "$project/the scripts/metadata", 'makes the folders where they were asked for');
succeeds('and the command', migrate('status'));

# What comes to be behind later names the call as well.
like((migrate(@folder, 'check', 'all'))[2],
    qr{^HINT:  Run: \Q$checkout\E/scripts/migrate --migrations the\\ scripts upgrade all$}m, 'check');

# A URL's database is created too, whatever its name.
{
    local $ENV{DATABASE_URL} = "postgresql+psycopg2:///odd%20%22one?host=$ENV{PGHOST}&port=$ENV{PGPORT}&user=$ENV{PGUSER}";
    delete local @ENV{qw(PGHOST PGPORT PGUSER)};
    $call = named_call('a URL', qr/database "odd "one" does not exist\n/, migrate('status'));
    succeeds('init by a URL', run_there('', 'bash', '-c', $call));
    succeeds('and the command', migrate('status'));
}
is($cluster->safe_psql('postgres', q{SELECT count(*) FROM pg_database WHERE datname = 'odd "one'}), 1, 'creates it');

# A connection that is lost on the way is a failure like others.
mkdir "$project/migrations";
mkdir "$project/migrations/metadata";
write_text('migrations/metadata/lost.sql', "/*\nLost\n\nRevision ID: lost\nRevises: 004_meta\n*/\n"
  . "-- migrate:upgrade\nSELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '044_wrapper_hints.pl';\n-- migrate:downgrade\n");
is((migrate('upgrade', 'metadata'))[0], 1, 'a lost connection is no mistake on the command line either');

# Where there is no server, init is no help.
{
    local $ENV{PGPORT} = 1;
    my ($code, undef, $errors) = migrate('status');
    is($code, 1, 'no server: fails');
    like($errors, qr/\Apsql: error: /, 'no server: psql says why');
    unlike($errors, qr/HINT/, 'no server: and nothing else is to be done');
    isnt((migrate('init'))[0], 0, 'nor can it be prepared');
}

done_testing();
