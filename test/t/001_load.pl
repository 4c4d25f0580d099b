# The extension can be created, dropped and created again, and carries what its control file says.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use ControlDatabase;
use Test::More;

my $cluster = start_cluster('load');
my $database = create_control_database($cluster);

my ($version) = read_file('mad_migrate.control') =~ /^default_version = '([^']+)'$/m;
is($cluster->safe_psql($database,
        "SELECT extversion FROM pg_extension WHERE extname = 'mad_migrate'"),
    $version, 'the version is the control file\'s');

my $symbols = join ',', map { "'$_'" } sort
  grep { !/^(?:pg_finfo_|_PG_init$|Pg_magic_func$)/ }
  read_file('src/server/exports.txt') =~ /^(\w+)/mg;
is($cluster->safe_psql($database, <<"SQL"), '', 'each exported function is an SQL function');
SELECT s FROM unnest(ARRAY[$symbols]::text[]) AS s
EXCEPT SELECT prosrc FROM pg_catalog.pg_proc WHERE probin = '\$libdir/mad_migrate'
SQL

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

$cluster->safe_psql($database, 'DROP EXTENSION mad_migrate');
is($cluster->safe_psql($database, 'CREATE EXTENSION mad_migrate; SELECT 1'),
    1, 'it can be created again after it was dropped');

$cluster->stop;
done_testing();
