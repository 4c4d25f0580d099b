"""Input signature cache"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from helpers import *

revision = "003_results"
down_revision = "002_results"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "input_signatures",
        sa.Column("signature", sa.String(64), primary_key=True),
        sa.Column(
            "job_id",
            postgresql.UUID(as_uuid=True),
            sa.ForeignKey("docking_jobs.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("hits", sa.BigInteger, nullable=False, server_default="0"),
    )
    add_audit_columns("input_signatures")
    create_updated_at_trigger("input_signatures")
    ix("idx_input_signatures_job_id", "input_signatures", ["job_id"])


def downgrade():
    op.drop_table("input_signatures")
