-- Looking at a branch: heads, branch_points, history, show, and its graph drawn as text, dot and mermaid.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
CREATE FUNCTION script(revision text, revises text, message text, keys text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format(E'/*\n%s\n\nRevision ID: %s\nRevises: %s\n%sCreate Date: 2026-01-02 03:04:05+00\n*/\n'
                  '-- migrate:upgrade\n-- migrate:downgrade\n', message, revision, revises, keys)
$$;
SET timezone = 'UTC';

-- A branch without scripts
SELECT mad_migrate.create_branch('bare');
SELECT * FROM mad_migrate.heads('bare');
SELECT * FROM mad_migrate.branch_points('bare');
SELECT * FROM mad_migrate.history('bare');
SELECT * FROM mad_migrate.show('bare', 'head');
SELECT mad_migrate.history_graph('bare'), mad_migrate.history_graph('bare', 'dot') AS dot,
       mad_migrate.history_graph('bare', 'mermaid') AS mermaid;

-- Two bases; one line forks in three and two of its arms merge; the other depends on an arm.
SELECT mad_migrate.create_branch('tree');
SELECT count(*) FROM mad_migrate.add_scripts('tree', ARRAY[
    script('core_1', '', 'Core'),
    script('core_2', 'core_1', 'Customers & "größe" <x>'),
    script('bill_1', 'core_2', 'Billing', E'Branch Labels: billing\n'),
    script('bill_2', 'bill_1', 'Invoices'),
    script('mail_1', 'core_2', 'Mail', E'Branch Labels: mail, post\n'),
    script('join_1', 'bill_2, mail_1', 'Billing meets mail'),
    script('old_1', 'core_2', 'An arm of its own'),
    script('stat_1', '', 'Statistics', E'Branch Labels: stats\nDepends On: billing\n'),
    script('stat_2', 'stat_1', 'More statistics')]);
SELECT * FROM mad_migrate.heads('tree');
SELECT revision, labels, message FROM mad_migrate.branch_points('tree');
SELECT revision, down_revisions, depends_on, labels, message, is_head, is_current FROM mad_migrate.history('tree');

-- What is applied is shown as current: every tip of it.
SELECT steps FROM mad_migrate.stamp('tree', 'stat_1,mail_1');
SELECT revision, is_head, is_current FROM mad_migrate.history('tree');

-- Ranges: from and to are included, either may be left out, be relative, or be current.
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'core_2:join_1');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'bill_1:');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', ':bill_1');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', ':');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'base:core_2');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'current:');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', ':current');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'stats@base:stats@head');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'join_1-1:join_1');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'stat_1:stat_1+1');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', '');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'core_2');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'bill_2:core_1');
SELECT string_agg(revision, ' ') FROM mad_migrate.history('tree', 'a:b:c');

-- show(branch, revision): one revision, or several that one word names
SELECT * FROM mad_migrate.show('tree', 'join');
SELECT revision FROM mad_migrate.show('tree', 'billing');
SELECT revision FROM mad_migrate.show('tree', 'heads');
SELECT revision FROM mad_migrate.show('tree', 'current');
SELECT revision FROM mad_migrate.show('tree', 'base');
SELECT revision FROM mad_migrate.show('tree', 'mail@head');
SELECT revision FROM mad_migrate.show('tree', 'head');
SELECT revision FROM mad_migrate.show('tree', 'bill_1+1');

-- history_graph(branch, format)
\pset format unaligned
\pset tuples_only on
SELECT mad_migrate.history_graph('tree');
SELECT mad_migrate.history_graph('tree', 'dot');
SELECT mad_migrate.history_graph('tree', 'mermaid');
SELECT mad_migrate.history_graph('tree', 'TEXT');

-- The shipped branches
SELECT mad_migrate.history_graph('metadata');
SELECT mad_migrate.history_graph('results');

SET client_min_messages = warning;
DROP FUNCTION script;
DROP EXTENSION mad_migrate CASCADE;
