# A fleet whose script cannot run in a transaction: where it fails it is resumed. And what an
# environment, or another branch, has to do with it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use Interruption;
use Scripts;
use Test::More;

my $cluster = start_cluster('fleet_resume', 'fsync = off', 'autovacuum = off');
my $control = create_control_database($cluster);
my @tenants = map { "app_$_" } 1 .. 6;
create_branch_of_many($cluster, $control, 'app', @tenants);
add_scripts($cluster, $control, 'app',
    { revision => 'one', upgrade => 'CREATE TABLE made (id int);', downgrade => 'DROP TABLE made;' });

sub ask
{
    my ($sql) = @_;
    return $cluster->safe_psql($control, "SET client_min_messages = error; $sql");
}

sub messages_of
{
    my ($sql) = @_;
    return ($cluster->psql($control, "\\set VERBOSITY verbose\n$sql"))[2];
}

# Of the last run.
sub entry
{
    my ($database, $columns) = @_;
    return ask(<<"SQL");
SELECT $columns FROM mad_migrate.run_database
WHERE run = (SELECT max(run) FROM mad_migrate.run) AND database = '$database'
SQL
}

sub indexes_of
{
    my ($database) = @_;
    return $cluster->safe_psql($database, <<'SQL');
SELECT string_agg(c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END, ',' ORDER BY c.relname)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'made%'
SQL
}

my $upgrade = "SELECT count(*) FILTER (WHERE steps > 0), count(*) FROM mad_migrate.upgrade('app')";

#-------------------------------------------------------------------------------------------------
# A unique index on what is not unique in one tenant
#-------------------------------------------------------------------------------------------------
is(ask($upgrade), '7|7', 'the fleet is there');
$cluster->safe_psql('app_4', 'INSERT INTO made VALUES (7), (7)');
add_scripts($cluster, $control, 'app', { revision => 'two', revises => ['one'],
    upgrade => <<'SQL', downgrade => "DROP TABLE two;\nDROP INDEX made_id;" });
CREATE TABLE two (id int);
CREATE UNIQUE INDEX CONCURRENTLY made_id ON made (id);
INSERT INTO two VALUES (2);
SQL
like(messages_of("SELECT mad_migrate.upgrade('app')"),
    qr/ERROR:  MM\d+: upgrade of branch "app" failed in 1 of 7 databases\nDETAIL:  app_4: two_\w+\.sql:\d+: could not create unique index "made_id" \(23505\)/,
    'an index fails in one tenant');
is(join(' ', map { indexes_of($_) } grep { $_ ne 'app_4' } @tenants), join(' ', ('made_id') x 5), 'the others have it');
is(entry('app_4', 'status, sqlstate, to_revisions'), 'partial|23505|{one}', 'the ledger calls it half-way');
like(entry('app_4', 'detail'), qr/Key \(id\)=\(7\) is duplicated/, 'and says why');
like(entry('app_4', 'context'), qr/^(?s:.*)statement 2 of 3, line 12 of script "two_test_two.sql": CREATE UNIQUE INDEX CONCURRENTLY/,
    'and where');
is(ask("SELECT database, revisions, status, problem FROM mad_migrate.status('app') WHERE status <> 'up to date'"),
    'app_4|{one}|partial|statement 2 of 3 of revision two: could not create unique index "made_id"',
    'so does the status of the branch');
is(indexes_of('app_4'), 'made_id invalid', 'what the server left is still there');

like(messages_of("SELECT mad_migrate.upgrade('app')"), qr/could not create unique index "made_id"/, 'not mended, it fails again');
is($cluster->safe_psql('app_4', 'SELECT statements_done, statements FROM mad_migrate.history WHERE finished_at IS NULL'),
    '1|3', 'at the same statement');
like(messages_of("SELECT mad_migrate.resolve('app', 'app_4', 'done')"),
    qr/ERROR:  MM\d+: index "made_id" is missing or INVALID in database "app_4"\nDETAIL:  Statement 2 of 3, line 12 of script "two_\w+\.sql": CREATE UNIQUE INDEX CONCURRENTLY.*\nHINT:  Mend what made it fail/,
    'nobody can say that the index is there');
$cluster->safe_psql('app_4', 'DELETE FROM made WHERE ctid = (SELECT min(ctid) FROM made)');
is(ask($upgrade), '1|7', 'mended, it is resumed');
is(indexes_of('app_4'), 'made_id', 'with an index that is valid');
is($cluster->safe_psql('app_4', 'SELECT count(*) FROM two'), 1, 'and each statement made once');
is(entry('app_4', 'status, from_revisions, to_revisions, sqlstate'), 'upgraded|{one}|{two}|', 'the ledger says so');
is(ask("SELECT count(*) FROM mad_migrate.databases WHERE branch = 'app' AND revisions = '{two}'"), 7, 'all are there');

#-------------------------------------------------------------------------------------------------
# An environment's own section
#-------------------------------------------------------------------------------------------------
my $by_environment = script_text(revision => 'three', revises => ['two'], upgrade => 'CREATE INDEX made_three ON made (id);',
    downgrade => 'DROP INDEX made_three;') =~
  s/(?=-- migrate:downgrade)/-- migrate:upgrade environment=production\nCREATE INDEX CONCURRENTLY made_three ON made (id);\n\n/r;
ask("SELECT mad_migrate.add_script('app', " . quote_text($by_environment) . ')');

# A statement that runs alone is counted in the history.
my $how = q{SELECT statements FROM mad_migrate.history WHERE revision = 'three' AND direction = 'upgrade'};
ask("SELECT mad_migrate.upgrade('app', databases => '{app_template,app_1}')");
is($cluster->safe_psql('app_1', $how), '', 'elsewhere than in production the index is a plain one');
ask("SET mad_migrate.environment = 'production'; SELECT mad_migrate.upgrade('app')");
is($cluster->safe_psql('app_2', $how), 1, 'in production it is built concurrently');
is($cluster->safe_psql($control, 'SELECT string_agg(environment, \',\' ORDER BY run) FROM (SELECT * FROM mad_migrate.run ORDER BY run DESC LIMIT 2) r'),
    'development,production', 'the ledger has the environment');
is(join(' ', map { indexes_of($_) } @tenants), join(' ', ('made_id,made_three') x 6), 'both have it');

# Concurrently means that nobody who writes is kept waiting.
add_scripts($cluster, $control, 'app', { revision => 'four', revises => ['three'], downgrade => 'SELECT 1;',
    upgrade => 'CREATE INDEX CONCURRENTLY made_four ON made (id);' });
my $writer = Client->new($cluster, 'app_6', 'writer');
hold_at($writer, 'INSERT INTO made VALUES (8)');
my $caller = Client->new($cluster, $control, 'caller');
$caller->run(q{SET client_min_messages = error; SET mad_migrate.lock_timeout = '5min'});
$caller->ask($upgrade);
$cluster->poll_query_until('app_6', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'virtualxid' AND NOT granted})
  or die 'the build never came to wait for the writer';
is($cluster->safe_psql('app_6', 'INSERT INTO made VALUES (9) RETURNING id'), 9, 'others write while the build waits');
$writer->run('COMMIT');
is(($caller->answer)[0], '7|7', 'it goes on when the writer is done');
is(indexes_of('app_6'), 'made_four,made_id,made_three', 'and is complete');

#-------------------------------------------------------------------------------------------------
# A requirement of another branch
#-------------------------------------------------------------------------------------------------
ask("SELECT mad_migrate.create_branch('base')");
add_scripts($cluster, $control, 'base',
    { revision => 'b1', upgrade => 'CREATE TABLE b1 ();', downgrade => 'DROP TABLE b1;' },
    { revision => 'b2', revises => ['b1'], upgrade => 'CREATE TABLE b2 ();', downgrade => 'DROP TABLE b2;' });
my $requiring = script_text(revision => 'five', revises => ['four'], upgrade => 'CREATE TABLE five ();',
    downgrade => 'DROP TABLE five;') =~ s/^(?=\*\/)/Requires: base\@b2\n/mr;
ask("SELECT mad_migrate.add_script('app', " . quote_text($requiring) . ')');
ask("SELECT mad_migrate.upgrade('base', 'b1')");
my $refusal = messages_of("SELECT mad_migrate.upgrade('app')");
like($refusal, qr/revision "five" requires "base\@b2"/, 'what requires another branch\'s revision is held back');
like($refusal, qr/HINT:  .*mad_migrate\.upgrade\('base', 'b2'\)/, 'and says what to run first') or diag $refusal;
is(ask("SELECT count(*) FROM mad_migrate.databases WHERE branch = 'app' AND revisions = '{four}'"), 7, 'nowhere was it run');
ask("SELECT mad_migrate.upgrade('base', 'b2')");
is(ask($upgrade), '7|7', 'until the other branch has it');

$_->quit foreach ($writer, $caller);
unlike(PostgreSQL::Test::Utils::slurp_file($cluster->logfile), qr/PANIC|TRAP|signal 11|signal 6/,
    'no backend ended by a fault of its own');
$cluster->stop('immediate');
done_testing();
