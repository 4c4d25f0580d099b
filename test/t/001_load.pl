# The extension can be created, dropped and created again, and carries what its control file says.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use Client;
use ControlDatabase;
use Test::More;

my $cluster = start_cluster('load');
my $database = create_control_database($cluster);

my ($version) = read_file('mad_migrate.control') =~ /^default_version = '([^']+)'$/m;
is($cluster->safe_psql($database,
        "SELECT extversion FROM pg_extension WHERE extname = 'mad_migrate'"),
    $version, 'the version is the control file\'s');

# The module that is installed, its list of symbols and the extension's functions name the same.
my @listed = sort(read_file('src/server/exports.txt') =~ /^(\w+)/mg);
my $module = $cluster->config_data('--pkglibdir') . '/mad_migrate.so';
my @exported = sort map { /\s(\w+)$/ } qx(nm -D --defined-only '$module');
is_deeply(\@exported, \@listed, 'the installed module exports what exports.txt lists');

my @functions = split /\n/, $cluster->safe_psql($database, <<'SQL');
SELECT DISTINCT p.prosrc FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'mad_migrate'
WHERE p.probin = '$libdir/mad_migrate'
SQL
my @wanted = sort qw(Pg_magic_func _PG_init mad_migrate_worker_main), map { $_, "pg_finfo_$_" } @functions;
is_deeply(\@listed, \@wanted, 'and these are the functions of the extension');

is($cluster->safe_psql($database, <<'SQL'), '', 'nothing is granted to PUBLIC');
SELECT p.oid::regprocedure
FROM pg_catalog.pg_proc AS p, pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) AS a
WHERE p.pronamespace = 'mad_migrate'::regnamespace AND a.grantee = 0
SQL

is($cluster->safe_psql($database, <<'SQL'), '', 'each function and table is commented');
SELECT o.name FROM (
    SELECT p.oid, 'pg_proc'::regclass AS catalog, p.oid::regprocedure::text AS name
    FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'mad_migrate'::regnamespace
    UNION ALL
    SELECT c.oid, 'pg_class', c.oid::regclass::text
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = 'mad_migrate'::regnamespace AND c.relkind IN ('r', 'v')) AS o
WHERE pg_catalog.obj_description(o.oid, o.catalog::text) IS NULL
  AND o.name NOT LIKE 'mad_migrate.alembic_version%'
SQL

is($cluster->safe_psql($database, <<'SQL'), '', 'no table and no sequence either');
SELECT c.oid::regclass
FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
WHERE c.relnamespace = 'mad_migrate'::regnamespace AND a.grantee = 0
SQL

# While a session migrates, nobody takes the extension away from under it.
my $working = Client->new($cluster, $database, 'working');
$working->run("BEGIN; SELECT 1 FROM mad_migrate.upgrade('metadata')");
my ($status, $output, $error) = $cluster->psql($database,
    "SET lock_timeout = '200ms'; DROP EXTENSION mad_migrate CASCADE");
like($error, qr/lock timeout/, 'the extension is not dropped before an upgrade is over');
$working->run('COMMIT');
is($cluster->safe_psql($database, 'SELECT count(*) FROM mad_migrate.history'),
    4, 'and the upgrade is complete');

# The library is still loaded in that session.
$cluster->safe_psql($database, 'SET client_min_messages = error; DROP EXTENSION mad_migrate CASCADE');
like(($working->run("SELECT mad_migrate.upgrade('metadata')"))[1],
    qr/schema "mad_migrate" does not exist/, 'dropped, it is gone for that session');
$cluster->safe_psql($database,
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE EXTENSION mad_migrate');
is(($working->run("SELECT steps FROM mad_migrate.upgrade('metadata')"))[0],
    4, 'created again, it is there for it again');
$working->quit;

$cluster->safe_psql($database, 'SET client_min_messages = error; DROP EXTENSION mad_migrate CASCADE');
is($cluster->safe_psql($database, 'CREATE EXTENSION mad_migrate; SELECT 1'),
    1, 'it can be created again after it was dropped');

# A schema of that name is never adopted.
$cluster->safe_psql('postgres', 'CREATE SCHEMA mad_migrate');
($status, $output, $error) = $cluster->psql('postgres', 'CREATE EXTENSION mad_migrate');
like($error, qr/^.*schema "mad_migrate" already exists\nDETAIL:.*\nHINT:.*RENAME TO/m,
    'a schema that is there already is refused, with a way out');
is($cluster->safe_psql('postgres',
        'ALTER SCHEMA mad_migrate RENAME TO old_mad_migrate; CREATE EXTENSION mad_migrate; SELECT 1'),
    1, 'which leads out');

$cluster->stop('immediate');
done_testing();
