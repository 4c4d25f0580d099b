/*
Add attempt and worker to task results

A task may be tried again, by another worker.

Revision ID: 002_results
Revises: 001_results
Branch Labels:
Depends On:
Create Date: 2025-09-19 10:00:00
*/

-- migrate:upgrade
ALTER TABLE task_results
    ADD COLUMN attempt integer NOT NULL DEFAULT 1,
    ADD COLUMN worker varchar(100);
SELECT mad_migrate.create_index_if_not_exists('idx_task_results_status', 'task_results', ARRAY['status']);

-- migrate:downgrade
DROP INDEX idx_task_results_status;
ALTER TABLE task_results
    DROP COLUMN worker,
    DROP COLUMN attempt;
