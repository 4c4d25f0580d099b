# scripts/migrate, called by roles that may migrate and not add scripts.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use CommandLine qw(:DEFAULT $project);
use ControlDatabase;
use PostgreSQL::Test::Utils;
use Test::More;

my $cluster = start_cluster('roles');
use_cluster($cluster);
create_control_database($cluster);
my ($grants) = read_file('docs/reference.md') =~ /^```sql\n(CREATE ROLE schema_reader .*?)^```$/ms;
$cluster->safe_psql('mad', $_) foreach $grants, <<'SQL';
CREATE ROLE "app's owner";
GRANT CREATE ON SCHEMA public TO "app's owner";
CREATE ROLE deployer LOGIN IN ROLE schema_operator;
CREATE ROLE stranger LOGIN IN ROLE schema_admin;
CREATE ROLE member LOGIN IN ROLE schema_operator, "app's owner";
SELECT mad_migrate.create_branch('app', owner => 'app''s owner');
SQL

sub script
{
    my ($revision, $parent, $table) = @_;
    return "/*\n$revision\n\nRevision ID: $revision\nRevises: $parent\n*/\n"
      . "-- migrate:upgrade\nCREATE TABLE $table (); -- \$\$ 'ü'\n\n-- migrate:downgrade\nDROP TABLE $table;\n\n";
}

sub migrate_as
{
    local $ENV{PGUSER} = shift;
    return migrate(@_);
}

mkdir "$project/migrations";
mkdir "$project/migrations/app";
write_text('migrations/app/1.sql', script('r1', '', 'one'));
write_text('migrations/app/2.sql', script('r2', 'r1', 'two'));

# What is not there has to be added, which takes more than migrating does.
my %lacking = (deployer => 'neither', stranger => 'no membership', member => 'no EXECUTE');
foreach my $role (sort keys %lacking)
{
    fails("$_ with $lacking{$role}",
        qr{\Amigrate: folder "migrations/app" has scripts that are not registered, and role "$role" may not register them
DETAIL:  New or changed: 1\.sql, 2\.sql\.
HINT:  It takes membership in role "app's owner" and EXECUTE on mad_migrate\.add_scripts\. Have a role with both run: \S*migrate push app\n\z},
        migrate_as($role, $_, 'app')) foreach qw(upgrade push check sql);
}
is($cluster->safe_psql('mad', q{SELECT to_regclass('one')}), '', 'nothing is run then');

# What is there has not.
is((migrate('push', 'app'))[2], "added r1\nadded r2\n", 'somebody entitled adds them');
is((migrate('push', 'app'))[2], '', 'once');
fails('check', qr/\Amigrate: not up to date: app\n/, migrate_as('deployer', 'check', 'app'));
like(succeeds('sql', migrate_as('deployer', 'sql', 'app')), qr/^CREATE TABLE two/m, 'prints the upgrade');
succeeds('upgrade to a revision', migrate_as('deployer', 'upgrade', 'app', 'r1'));
like(succeeds('upgrade', migrate_as('deployer', 'upgrade', 'app')), qr{mad .*\{r2\} .*upgraded}, 'runs');
succeeds('check', migrate_as('deployer', 'check', 'app'));
is($cluster->safe_psql('mad', q{SELECT relowner::regrole FROM pg_class WHERE relname = 'two'}),
    q{"app's owner"}, 'as the owner');

# A folder that lacks what the server has is nothing to add; one letter more, or another name, is.
unlink "$project/migrations/app/1.sql";
succeeds('a file less', migrate_as('deployer', 'upgrade', 'app'));
write_text('migrations/app/2.sql', script('r2', 'r1', 'two') . "\n");
fails('another newline', qr/New or changed: 2\.sql\./, migrate_as('deployer', 'upgrade', 'app'));
write_text('migrations/app/2.sql', script('r2', 'r1', 'two'));
rename "$project/migrations/app/2.sql", "$project/migrations/app/3.sql";
fails('another name', qr/New or changed: 3\.sql\./, migrate_as('deployer', 'upgrade', 'app'));
is((migrate('push', 'app'))[2], "added r2\n", 'which counts as a change');
succeeds('and is one no more', migrate_as('deployer', 'upgrade', 'app'));
fails("$_ of an unknown branch", qr/branch "nowhere" does not exist/, migrate_as('deployer', $_, 'nowhere'))
  foreach qw(upgrade push check);

# The rest of what the reference grants.
$cluster->safe_psql('mad', q{SET ROLE schema_admin; SELECT mad_migrate.purge_runs('1 day')});

done_testing();
