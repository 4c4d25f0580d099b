# A backfill that is cancelled, loses its server or its client: what is committed stays, and the same
# call goes on there. It reads each block a few times only, however small its batches are.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Client;
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Test::More;

my $rows = 50_000;
my $call = q{CALL mad_migrate.backfill('filled', 'status = ''active''', 'status IS NULL', batch_size => 100};

my $cluster = start_cluster('backfill', 'autovacuum = off', 'fsync = off');
my $mad = create_control_database($cluster);

sub create_table
{
    $cluster->safe_psql($mad, <<"SQL");
DROP TABLE IF EXISTS filled;
CREATE TABLE filled AS SELECT n AS id, NULL::text AS status, 0 AS changes FROM generate_series(1, $rows) AS n;
CREATE OR REPLACE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END';
CREATE TRIGGER count_change BEFORE UPDATE ON filled FOR EACH ROW EXECUTE FUNCTION count_change();
SQL
    return;
}

# Waits until some rows are done, and gives how many.
sub wait_for_some
{
    $cluster->poll_query_until($mad, 'SELECT changed_rows > 500 FROM mad_migrate.backfill_position')
      or die 'the backfill did not begin';
    return;
}

sub rows_done
{
    return $cluster->safe_psql($mad, q{SELECT count(*) FROM filled WHERE status = 'active'});
}

# The pause leaves the test time to act.
sub begin_backfill
{
    my $client = Client->new($cluster, $mad, 'backfill');
    $client->ask("$call, pause => '5 ms', report_every => '0')");
    wait_for_some();
    return $client;
}

sub finishes_what_was_begun
{
    my ($how) = @_;
    my $done = rows_done();
    cmp_ok($done, '>', 0, "$how: what was committed stays");
    cmp_ok($done, '<', $rows, "$how: some of it was not done");
    is($cluster->safe_psql($mad, 'SELECT changed_rows FROM mad_migrate.backfill_position'),
        $done, "$how: the position tells exactly what was committed");
    my ($status, $output, $messages) = $cluster->psql($mad, "$call)");
    is($status, 0, "$how: the same call goes on");
    like($messages, qr/going on at block [1-9]\d* of \d+, $done rows done before/, "$how: where it stopped");
    is($cluster->safe_psql($mad, q{SELECT status, changes, count(*) FROM filled GROUP BY 1, 2}),
        "active|1|$rows", "$how: in the end every row was changed, once");
    is($cluster->safe_psql($mad, 'SELECT count(*) FROM mad_migrate.backfill_position'),
        0, "$how: no position is left");
    return;
}

create_table();
my $client = begin_backfill();
$cluster->safe_psql('postgres',
    q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'backfill'});
my (undef, $messages) = $client->answer;
like($messages, qr/ERROR:  57014: canceling statement/, 'it can be cancelled');
like($messages, qr/NOTICE:  .*backfill of public\.filled in database "mad": \d+ rows, \d+ rows\/s, \d+\.\d %, \d+ s left/,
    'it told how far it was');
finishes_what_was_begun('after a cancel');
$client->quit;

create_table();
$client = begin_backfill();
$cluster->stop('immediate');
$client->answer;
$cluster->start;
finishes_what_was_begun("after the server's crash");
$client->quit;

# What the server crashed over, as a statement of a script: nobody needs to say what became of it.
$cluster->safe_psql($mad, <<'SQL');
SELECT mad_migrate.create_branch('crashed', template => 'crashed_template', database_pattern => 'crashed_{org_id}');
SELECT mad_migrate.add_script('crashed', $script$/*
Fill a table

Revision ID: c1
*/
-- migrate:upgrade
CREATE TABLE filled AS SELECT n AS id, NULL::text AS status FROM generate_series(1, 50000) AS n;
CALL mad_migrate.backfill('filled', $$status = 'active'$$, 'status IS NULL', 100, pause => '5 ms');
-- migrate:downgrade
DROP TABLE filled;
$script$);
SQL
$client = Client->new($cluster, $mad, 'upgrade');
$client->ask(q{SELECT status FROM mad_migrate.upgrade('crashed')});
$cluster->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_database WHERE datname = 'crashed_template'});
$cluster->poll_query_until('crashed_template',
    q{SELECT CASE WHEN to_regclass('mad_migrate.backfill_position') IS NOT NULL THEN
          (xpath('//c/text()', query_to_xml('SELECT count(*) AS c FROM mad_migrate.backfill_position WHERE changed_rows > 500', false, true, '')))[1]::text = '1'
      END});
$cluster->stop('immediate');
$client->answer;
$client->quit;
$cluster->start;
$cluster->safe_psql('postgres', 'ALTER DATABASE crashed_template ALLOW_CONNECTIONS true');
cmp_ok($cluster->safe_psql('crashed_template', q{SELECT count(*) FROM filled WHERE status IS NULL}),
    '>', 0, 'a script was interrupted in its backfill');
is($cluster->safe_psql($mad, q{SELECT status FROM mad_migrate.upgrade('crashed')}),
    'upgraded', 'the next upgrade goes on with it');
$cluster->safe_psql('postgres', 'ALTER DATABASE crashed_template ALLOW_CONNECTIONS true');
is($cluster->safe_psql('crashed_template', q{SELECT count(*) FROM filled WHERE status IS NULL}),
    0, 'and finishes it');

# Others move rows to where it has been, and vacuum makes room there: none is forgotten.
$cluster->safe_psql($mad, <<'SQL');
CREATE TABLE busy (id int PRIMARY KEY, status text, note text, settings int NOT NULL DEFAULT 0) WITH (fillfactor = 70);
INSERT INTO busy SELECT n, NULL, 'x' FROM generate_series(1, 20000) AS n;
CREATE FUNCTION count_setting() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.settings := OLD.settings + (NEW.status IS DISTINCT FROM OLD.status)::int; RETURN NEW; END';
CREATE TRIGGER count_setting BEFORE UPDATE ON busy FOR EACH ROW EXECUTE FUNCTION count_setting();
SQL
my $mover = Client->new($cluster, $mad, 'mover');
$mover->ask(<<'SQL');
DO $$
BEGIN
    FOR turn IN 1..400 LOOP
        UPDATE busy SET note = repeat('x', (random() * 1000)::int) WHERE id % 400 = turn - 1;
        COMMIT;
        UPDATE busy SET status = 'mine' WHERE id / 50 = turn + 3 AND status IS NULL;
        PERFORM pg_sleep(0.002);
        COMMIT;
        EXIT WHEN turn > 50 AND NOT EXISTS (SELECT FROM busy WHERE status IS NULL);
    END LOOP;
END
$$
SQL
my $cleaner = Client->new($cluster, $mad, 'cleaner');
$cleaner->ask(join ";\n", ('VACUUM busy', 'SELECT pg_sleep(0.05)') x 20);
$cluster->safe_psql($mad,
    q{CALL mad_migrate.backfill('busy', 'status = ''active''', 'status IS NULL', batch_size => 50, pause => '1 ms')});
foreach my $session ($mover, $cleaner)
{
    $session->answer;
    $session->quit;
}
is($cluster->safe_psql($mad, 'SELECT settings, count(*) FROM busy GROUP BY 1'), '1|20000',
    'beside others that write, every row was set, once');
cmp_ok($cluster->safe_psql($mad, q{SELECT count(*) FROM busy WHERE status = 'mine'}), '>', 0, 'by one or the other');

# However many batches there are, each block is read as often.
sub block_visits
{
    my ($batch_size) = @_;
    create_table();
    $cluster->safe_psql($mad, 'VACUUM ANALYZE filled');
    $cluster->safe_psql($mad, "$call)" =~ s/batch_size => 100/batch_size => $batch_size/r);
    $cluster->poll_query_until($mad, "SELECT n_tup_upd = $rows FROM pg_stat_user_tables WHERE relname = 'filled'")
      or die 'not each row was updated once';
    return $cluster->safe_psql($mad,
        q{SELECT heap_blks_read + heap_blks_hit FROM pg_statio_user_tables WHERE relname = 'filled'});
}
my ($in_one, $in_thousands) = map { block_visits($_) } ($rows, 10);
cmp_ok($in_thousands, '<', 1.3 * $in_one, "thousands of batches visit no more blocks ($in_thousands) than one ($in_one)");

done_testing();
