"""Job events"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from helpers import *

revision = "004_results"
down_revision = "003_results"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "job_events",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column(
            "job_id",
            postgresql.UUID(as_uuid=True),
            sa.ForeignKey("docking_jobs.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("event_type", sa.String(50), nullable=False),
        sa.Column("payload", sa.JSON),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )
    ix("idx_job_events_job_id", "job_events", ["job_id", "occurred_at"])


def downgrade():
    op.drop_table("job_events")
