# A branch whose organizations' databases come with rows of a table, and what must be true of them.
package Organizations;

use strict;
use warnings;
use Exporter 'import';
use Scripts;

our @EXPORT = qw(create_organizations pool misfits wait_for_queue);

# Branch "app" at revision one, and table orgs, whose trigger has these arguments.
sub create_organizations
{
    my ($cluster, $control, $arguments) = @_;
    create_branch_of_many($cluster, $control, 'app');
    add_scripts($cluster, $control, 'app',
        { revision => 'one', upgrade => 'CREATE TABLE one ();', downgrade => 'DROP TABLE one;' });
    $cluster->safe_psql($control, <<"SQL");
SET client_min_messages = error;
SELECT mad_migrate.drop_branch('results');
SELECT mad_migrate.upgrade('app');
CREATE TABLE orgs (id text PRIMARY KEY);
CREATE TRIGGER provision AFTER INSERT ON orgs
    FOR EACH ROW EXECUTE FUNCTION mad_migrate.provision_on_insert($arguments);
SQL
    return;
}

# The spare clones that are ready.
sub pool
{
    my ($cluster, $control) = @_;
    return $cluster->safe_psql($control, <<'SQL');
SELECT r.database, d.oid FROM mad_migrate.registry r JOIN pg_database d ON d.datname = r.database
 WHERE r.kind = 'pooled' AND r.state = 'ready' ORDER BY r.database
SQL
}

# Organizations without a database, databases without an organization, and those of another version
# than the template, told by the databases themselves and by the registry.
sub misfits
{
    my ($cluster, $control) = @_;
    return $cluster->safe_psql($control, <<'SQL');
SELECT o.id, r.database, d.datname, v.revisions
  FROM orgs o
  FULL JOIN (SELECT * FROM mad_migrate.registry WHERE kind = 'organization' AND state = 'ready') r
    ON r.organization = o.id
  FULL JOIN (SELECT datname FROM pg_database WHERE datname ~ '^app_' AND datname <> 'app_template') d
    ON d.datname = r.database
  LEFT JOIN mad_migrate.databases v ON v.database = r.database
 WHERE o.id IS NULL OR r.database IS DISTINCT FROM 'app_' || o.id OR d.datname IS NULL
    OR v.revisions IS DISTINCT FROM (SELECT revisions FROM mad_migrate.databases WHERE kind = 'template')
SQL
}

# Until no job is left that would be done by itself.
sub wait_for_queue
{
    my ($cluster, $control) = @_;
    $cluster->poll_query_until($control,
        q{SELECT NOT EXISTS (SELECT FROM mad_migrate.job WHERE state IN ('queued', 'running') AND due_at < now() + '1 hour')})
      or die 'the queue does not run empty: '
      . $cluster->safe_psql($control, q{SELECT kind, organization, state, attempts, message, detail FROM mad_migrate.job WHERE state <> 'done'});
    return;
}

1;
