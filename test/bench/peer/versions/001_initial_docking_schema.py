"""Initial docking results schema"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from helpers import *

revision = "001_results"
down_revision = None
branch_labels = ("results",)
depends_on = None
JOB = postgresql.ENUM(
    "pending", "running", "completed", "failed", "cancelled", name="job_status", create_type=False
)
ART = postgresql.ENUM(
    "receptor",
    "ligand",
    "docking_result",
    "execution_log",
    "analysis_report",
    name="artifact_type",
    create_type=False,
)


def pk():
    return sa.Column(
        "id",
        postgresql.UUID(as_uuid=True),
        primary_key=True,
        server_default=sa.text("gen_random_uuid()"),
    )


def uid(n):
    return sa.Column(n, postgresql.UUID(as_uuid=True), nullable=False)


def upgrade():
    create_enum_type("job_status", ["pending", "running", "completed", "failed", "cancelled"])
    create_enum_type(
        "artifact_type",
        ["receptor", "ligand", "docking_result", "execution_log", "analysis_report"],
    )
    op.create_table(
        "docking_jobs",
        pk(),
        uid("org_id"),
        uid("user_id"),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("status", JOB, nullable=False, server_default="pending"),
        sa.Column("engine_name", sa.String(50), nullable=False),
        sa.Column("engine_version", sa.String(50)),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("input_signature", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("execution_time_seconds", sa.Float),
        sa.Column("error_message", sa.Text),
        sa.Column("metadata", sa.JSON),
    )
    op.create_table(
        "task_results",
        pk(),
        uid("job_id"),
        sa.Column("task_name", sa.String(100), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("result_data", sa.JSON, nullable=False),
        sa.Column("confidence_score", sa.Float),
        sa.Column("execution_time_seconds", sa.Float),
        sa.Column("metadata", sa.JSON),
    )
    op.create_table(
        "artifacts",
        pk(),
        uid("job_id"),
        sa.Column("artifact_type", ART, nullable=False),
        sa.Column("file_path", sa.String(500), nullable=False),
        sa.Column("original_filename", sa.String(255), nullable=False),
        sa.Column("content_type", sa.String(100)),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("checksum_sha256", sa.String(64), nullable=False),
        sa.Column("metadata", sa.JSON),
    )
    for t in ("docking_jobs", "task_results", "artifacts"):
        add_audit_columns(t)
        create_updated_at_trigger(t)
    op.create_foreign_key(
        "fk_task_results_job",
        "task_results",
        "docking_jobs",
        ["job_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_foreign_key(
        "fk_artifacts_job", "artifacts", "docking_jobs", ["job_id"], ["id"], ondelete="CASCADE"
    )
    for c in ("org_id", "user_id", "status", "input_signature", "created_at"):
        ix(f"idx_docking_jobs_{c}", "docking_jobs", [c])
    ix(
        "idx_active_jobs",
        "docking_jobs",
        ["status", "created_at"],
        where="status IN ('pending','running')",
    )
    ix("idx_task_results_job_id", "task_results", ["job_id"])
    ix("idx_artifacts_job_id", "artifacts", ["job_id"])
    ix("idx_artifacts_type", "artifacts", ["artifact_type"])


def downgrade():
    for t in ("artifacts", "task_results", "docking_jobs"):
        op.drop_table(t)
    op.execute("DROP TYPE IF EXISTS job_status CASCADE")
    op.execute("DROP TYPE IF EXISTS artifact_type CASCADE")
