"""Task attempts"""
from alembic import op
import sqlalchemy as sa
from helpers import *

revision = "002_results"
down_revision = "001_results"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "task_results", sa.Column("attempt", sa.Integer, nullable=False, server_default="1")
    )
    op.add_column("task_results", sa.Column("worker", sa.String(100)))
    ix("idx_task_results_status", "task_results", ["status"])


def downgrade():
    op.execute("DROP INDEX idx_task_results_status")
    op.drop_column("task_results", "worker")
    op.drop_column("task_results", "attempt")
