"""Add reports

Revision ID: z1
Revises:

"""

from alembic import op

revision = "z1"
down_revision = None
branch_labels = ("reports",)
depends_on = "billing"


def upgrade():
    op.execute("CREATE VIEW reports AS SELECT count(*) FROM invoices")


def downgrade():
    op.execute("DROP VIEW reports")
