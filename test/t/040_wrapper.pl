# scripts/migrate and migrate.mk, run as a user would in a fresh folder: what they write, push, print
# and refuse, and how they exit.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use CommandLine qw(:DEFAULT $checkout $project);
use ControlDatabase;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $cluster = start_cluster('wrapper');
use_cluster($cluster);

sub make { return run_there('', 'make', '--no-print-directory', @_) }

sub fill_in
{
    my ($path, $upgrade, $downgrade) = @_;
    my $text = text_of($path);
    $text =~ s/-- The statements go here\./$upgrade/;
    $text =~ s/-- The statements go here\./$downgrade/;
    write_text($path, $text);
    return;
}

write_text('Makefile', "include $checkout/migrate.mk\n");

# A new project
my $output = succeeds('migrate-init creates what is missing', make('migrate-init'));
like($output, qr/metadata .* behind/, 'and tells where the databases stand');
ok(-d "$project/migrations/metadata" && -d "$project/migrations/results", 'each branch has its folder');
succeeds('a second time it finds all there', make('migrate-init'));
fails('check', qr/not up to date: metadata results\nHINT:  Run: \S*migrate upgrade all\n/, migrate('check', 'all'));
$output = succeeds('migrate-upgrade moves all branches', make('migrate-upgrade'));
like($output, qr/metadata:.*mad .*up to date.*results:.*mad_results_template .*upgraded/s, 'and shows them');
like($output, qr/^-+\+-+/m, 'as a table');
succeeds('migrate-validate finds nothing to say against it', make('migrate-validate'));
like(succeeds('migrate-status', make('migrate-status')), qr/results .*template .*up to date/, 'shows every database');

# A new revision
my $message = q{Add the user's "keys" & $HOME `id`; \ all};
my $file = succeeds('migrate-create writes a file', make('migrate-create', 'BRANCH=metadata', "MESSAGE=$message"));
chomp $file;
like($file, qr{^migrations/metadata/[0-9a-f]{12}_add_the_user_s_keys_home_id_all\.sql$}, 'in the folder of the branch');
like(text_of($file), qr{^/\*\n\Q$message\E\n\nRevision ID: [0-9a-f]+\nRevises: 004_meta\n}, 'with the message as it was given');
fails('a draft', qr/file "\Q$file\E" is not filled in/, make('migrate-upgrade'));
my $odd = q{'$$ $1 :branch :"given" \\d it''s' || E'\\t' || $tag$ $script_1$ $tag$};
fill_in($file, "CREATE TABLE keys AS SELECT $odd\n    AS odd;", 'DROP TABLE keys;');
$output = succeeds('filled in, it is added and run', make('migrate-upgrade', 'BRANCH=metadata'));
is($cluster->safe_psql('mad', 'SELECT odd FROM keys'), $cluster->safe_psql('mad', "SELECT $odd"),
    'as it stands in the file, whatever it holds');
is($cluster->safe_psql('mad', "SELECT script || 'x' FROM mad_migrate.script WHERE message LIKE 'Add the user%'"),
    text_of($file) . 'x', 'to the last byte');
my ($revision) = text_of($file) =~ /^Revision ID: (\w+)/m;
like(succeeds('migrate-history', make('migrate-history')), qr/^ \Q$revision\E .*004_meta/m, 'tells of it');
succeeds('pushing it again does nothing', migrate('push', 'metadata'));
write_text($file, text_of($file) =~ s/keys AS/others AS/r);
fails('an applied script that was changed', qr/was edited after it was applied/, make('migrate-upgrade'));
write_text($file, text_of($file) =~ s/others AS/keys AS/r);

# For machines
my $rows = rows_of('--json', migrate('--json', 'current', 'metadata'));
is_deeply($rows, [ { database => 'mad', revision => $revision, is_head => JSON::PP::true } ], 'gives an array of objects');
is(rows_of('--json', migrate('show', 'metadata', $revision, '--json'))->[0]{message}, $message, 'with every text as it is');
is(rows_of('--json', migrate('heads', 'metadata', '--json'))->[0]{revision}, $revision, 'anywhere on the line');
is(rows_of('--json', migrate('--json', 'status'))->[1]{database}, 'mad_results_template', 'of all branches too');

# Back and forth
fails('migrate-downgrade without a target', qr/usage: make migrate-downgrade REVISION=/, make('migrate-downgrade'));
succeeds('migrate-downgrade', make('migrate-downgrade', 'REVISION=-1'));
is(rows_of('current', migrate('--json', 'current', 'metadata'))->[0]{revision}, '004_meta', 'goes one back');
fails('check', qr/not up to date: metadata\n/, migrate('check', 'all'));
like(succeeds('sql prints what would be run', migrate('sql', 'metadata', "004_meta:$revision")), qr/^CREATE TABLE keys/m, 'as text');
like(succeeds('sql --downgrade too', migrate('sql', 'metadata', "$revision:004_meta", '--downgrade')), qr/^DROP TABLE keys/m, 'the other way');
succeeds('stamp', migrate('stamp', 'metadata', $revision));
is(rows_of('current', migrate('--json', 'current', 'metadata'))->[0]{revision}, $revision, 'moves the mark only');
succeeds('stamp back', migrate('stamp', 'metadata', '004_meta', '--purge'));
succeeds('migrate-upgrade with a revision', make('migrate-upgrade', 'BRANCH=metadata', "REVISION=$revision"));

# What cannot run in a transaction, and two lines of revisions that are joined
$file = succeeds('revision', migrate('revision', 'metadata', 'Index', '--rev-id', 'index_1'));
chomp $file;
is($file, 'migrations/metadata/index_1_index.sql', 'takes an id');
fill_in($file, 'CREATE INDEX CONCURRENTLY users_made ON users (created_at);', 'DROP INDEX users_made;');
$file = succeeds('revision --splice', migrate('revision', 'metadata', 'Other', '--rev-id', 'other_1', '--head', $revision, '--splice', '--label', 'side', '--empty'));
chomp $file;
unlike(text_of($file), qr/go here/, 'with --empty has nothing to fill in');
like(text_of($file), qr/^Branch Labels: side$/m, 'has its label');
fails('upgrade to one of two heads', qr/there are several heads/, migrate('upgrade', 'metadata'));
$file = succeeds('merge writes a file too', migrate('merge', 'metadata', 'index_1,other_1', 'Join them'));
chomp $file;
like(text_of($file), qr/^Revises: index_1, other_1$/m, 'that joins them');
succeeds('upgrade runs them all', migrate('upgrade', 'metadata'));
is($cluster->safe_psql('mad', q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_made'::regclass}), 't', 'outside a transaction where needed');

# A file that is not right
my $bad = "/*\nBad\n\nRevision ID: bad_1\nRevises: 004_results\n*/\n-- migrate:upgrade\nCREATE TABEL x ();\n-- migrate:downgrade\n";
write_text('migrations/results/bad.sql', $bad);
fails('a syntax error', qr/syntax error at or near "TABEL".*Script "bad\.sql", line 8/s, make('migrate-validate'));
fails('a syntax error', qr/syntax error at or near "TABEL"/, make('migrate-upgrade'));
write_text('migrations/results/bad.sql', $bad =~ s/CREATE TABEL x \(\)/SELECT 1\/0/r);
fails('check', qr/not up to date: results/, migrate('check', 'results'));
is($cluster->safe_psql('mad', q{SELECT count(*) FROM mad_migrate.script WHERE revision = 'bad_1'}), 0, 'check adds nothing');
fails('a script that fails', qr/division by zero/, migrate('upgrade', 'all'));
unlink "$project/migrations/results/bad.sql";
$cluster->safe_psql('mad', q{SELECT mad_migrate.remove_script('results', 'bad_1')});

# One of many databases
$cluster->safe_psql('mad', $_) foreach 'CREATE DATABASE mad_results_a TEMPLATE mad_results_template',
  q{INSERT INTO mad_migrate.registry (branch, database, organization) VALUES ('results', 'mad_results_a', 'a')};
fails("$_ of all databases", qr/databases of branch "results" to $_ must be named\nHINT:  Name the databases with --database PATTERN; /,
    migrate($_, 'results', 'base')) foreach qw(downgrade stamp);
$rows = rows_of('downgrade --database', migrate('downgrade', 'results', '-1', '--database', 'mad_results_a', '--json'));
is_deeply([ map { "$_->{database} $_->{status}" } @$rows ], ['mad_results_a downgraded'], 'moves that one');
succeeds('upgrade --jobs', migrate('upgrade', 'results', '--jobs=1'));

# Large scripts, and none for a branch
my $large = "-- migrate:upgrade\nSELECT '" . ('x' x 500_000) . "';\n-- migrate:downgrade\nSELECT 1;";
write_text('migrations/results/large.sql', "/*\nLarge\n\nRevision ID: large_1\nRevises: 004_results\n*/\n$large");
succeeds('a script of half a megabyte', migrate('upgrade', 'results'));
{
    local $ENV{MIGRATIONS} = 'elsewhere';
    like(succeeds('without a folder nothing is added', migrate('upgrade', 'results')), qr/up to date/, 'and the databases are moved');
    $file = succeeds('MIGRATIONS names another folder', migrate('revision', 'results', 'There'));
    like($file, qr{^elsewhere/results/}, 'which is made');
}

# The environment whose sections are run
write_text('migrations/results/env.sql', "/*\nEnvironments\n\nRevision ID: env_1\nRevises: large_1\n*/\n"
  . "-- migrate:upgrade\nCREATE TABLE in_development ();\n-- migrate:upgrade environment=production\nCREATE TABLE in_production ();\n"
  . "-- migrate:downgrade\nSELECT 1;\n");
succeeds('MAD_ENVIRONMENT', run_there('', 'env', 'MAD_ENVIRONMENT=production', "$checkout/scripts/migrate", 'upgrade', 'results'));
is($cluster->safe_psql('mad_results_a', q{SELECT to_regclass('in_production')}), 'in_production', 'chooses the section');

# The server by a URL
{
    my $url = "postgresql+psycopg2://$ENV{PGUSER}:p%40ss\@/mad?host=$ENV{PGHOST}&port=$ENV{PGPORT}";
    local $ENV{DATABASE_URL} = $url;
    delete local @ENV{qw(PGHOST PGPORT PGUSER)};
    like(succeeds('DATABASE_URL names the server', migrate('current', 'results')), qr/env_1/, 'and counts');
    local $ENV{DATABASE_URL} = $url =~ s/mad\?/no_such\?/r;
    fails('an unknown database', qr/database "no_such" does not exist/, migrate('current', 'results'));
}

# Starting anew
$cluster->safe_psql('mad', q{INSERT INTO organizations (name, display_name) VALUES ('gone', 'Gone')});
fails('reset in production', qr/not reset in production/,
    run_there("metadata\n", 'env', 'MAD_ENVIRONMENT=production', "$checkout/scripts/migrate", 'reset', 'metadata'));
fails('migrate-reset without an answer', qr/Type its name to go on: migrate: nothing was done/, make('migrate-reset'));
fails('migrate-reset with another answer', qr/nothing was done/, run_there("yes\n", 'make', 'migrate-reset'));
is($cluster->safe_psql('mad', 'SELECT count(*) FROM organizations'), 1, 'nothing was done');
succeeds('migrate-reset with the answer', run_there("metadata\n", 'make', 'migrate-reset'));
is($cluster->safe_psql('mad', 'SELECT count(*) FROM organizations'), 0, 'all data of the branch are gone');
succeeds('migrate-reset SURE=true', make('migrate-reset', 'BRANCH=results', 'SURE=true'));
succeeds('check', migrate('check', 'all'));

# The shell, and mistakes
like((run_there("SELECT 'in ' || current_database();\n", 'make', 'db-shell'))[1], qr/in mad/, 'db-shell');
foreach my $mistake ([], ['fly'], ['upgrade'], ['status', 'a', 'b'], [ 'merge', 'all', 'a,b' ], ['--what'], [ 'upgrade', 'all', '--jobs' ],
    [ 'upgrade', 'all', '-j', '4' ], [ 'upgrade', 'all', '--jobs', 'x' ], [ 'upgrade', 'all', '--jobs=0' ], [ 'upgrade', 'all', '--what=1' ],
    [ 'validate', 'all', '--database', 'mad' ], [ 'upgrade', 'metadata', '--rev-id=a' ], [ 'init', '--force' ],
    [ 'revision', 'metadata', ' ' ], [ 'init', 'Two words' ], [ 'init', '../out' ], [ 'init', 'all' ])
{
    my ($code, undef, $errors) = migrate(@$mistake);
    is($code, 2, "misuse: @$mistake");
    like($errors, qr/\Amigrate: .*\nHINT:  \S+migrate --help lists the commands and their options\.\n\z/, 'says what is wrong, and where to look');
}
fails("$_ of an unknown branch", qr/branch "nowhere" does not exist/, migrate($_, 'nowhere')) foreach qw(upgrade push);
# The next option is not the value of one, and makes no folder.
like((migrate(@$_))[2], qr/\Amigrate: $_->[0] needs a value, not "-d"$/m, "$_->[0] takes no option for its value")
  foreach ([ '--migrations', '-d', 'init' ], map { [ $_, '-d', 'init' ] } qw(--database --jobs --head --rev-id --label --depends-on --grace --branch));
ok(!-e "$project/-d", 'so there is no such folder');
my $before = rows_of('current', migrate('--json', 'current', 'metadata'))->[0]{revision};
fails('downgrade all', qr/branches with many databases are downgraded by name only/, migrate('downgrade', 'all', '-1'));
is(rows_of('current', migrate('--json', 'current', 'metadata'))->[0]{revision}, $before, 'moves none of them');
fails('a revision that is a path', qr{revision "\.\./out" cannot name a file}, migrate('revision', 'metadata', 'Out', '--rev-id', '../out'));
is(rows_of('revision --json', migrate('--json', 'revision', 'metadata', 'Quoted', '--rev-id', 'q"2'))->{revision}, 'q"2', 'quotes what it prints');
unlink glob "$project/migrations/metadata/q*";
fails('a target that is none', qr/ERROR/, migrate('upgrade', 'metadata', q{x'; DROP TABLE users; --}));
my $usage = succeeds('--help', migrate('--help'));
is(succeeds('help', migrate('help')), $usage, 'is the same');
like(PostgreSQL::Test::Utils::slurp_file("$checkout/docs/command-line.md"), qr/^\Q$usage\E```$/m, 'is what the documentation shows');

# A folder that is no branch's
mkdir "$project/migrations/reports";
succeeds('an empty folder is nobody\'s business', migrate('check', 'all'));
write_text('migrations/reports/001.sql', "/*\nFirst\n\nRevision ID: r1\n*/\n-- migrate:upgrade\nSELECT 1;\n");
fails("$_ all", qr{there is no branch "reports", but a folder "migrations/reports" with scripts\nHINT:  Create the branch: .*Or remove the folder\.}, migrate($_, 'all'))
  foreach qw(check push upgrade);
unlink "$project/migrations/reports/001.sql";

# What was run, and what ought to have been
is(succeeds('validate', migrate('validate', 'all', '--json')), "[]\n[]\n", 'finds nothing');
$cluster->safe_psql('mad', q{UPDATE mad_migrate.history SET checksum = repeat('0', 64) WHERE revision = '004_meta'});
fails('validate', qr/not sound: metadata\n/, migrate('validate', 'all'));
fails('resolve', qr/nothing to resolve|stands still/, migrate('resolve', 'metadata', 'mad', 'done'));

# What "make install" has put beside each other
my $shared = (run_there('', 'pg_config', '--sharedir'))[1] =~ s/\n//r . '/mad_migrate';
write_text('Makefile', "include $shared/migrate.mk\n");
like(succeeds('migrate.mk, as installed', make('migrate-status')), qr/up to date/, 'finds the wrapper, as installed');

# Organizations
like(succeeds('provision', migrate('provision', 'acme')), qr/mad_results_acme/, 'gives a database');
like(succeeds('list', migrate('list')), qr/mad_results_acme/, 'that is listed');
succeeds('deprovision', migrate('deprovision', 'acme', '--grace', '1 hour', '--force'));
unlike(succeeds('list', migrate('list')), qr/mad_results_acme/, 'until it is put aside');
like(succeeds('restore', migrate('restore', 'acme')), qr/mad_results_acme/, 'brings it back');
like(succeeds('list', migrate('list')), qr/mad_results_acme/, 'and it is listed again');
fails('restore of another', qr/globex/, migrate('restore', 'globex'));

# The queue
like(rows_of('work', migrate('work', '--json'))->[0]{jobs_done}, qr/^\d+$/, 'says how many jobs it did');
fails('retry', qr/job 4711/, migrate('retry', '4711'));

done_testing();
