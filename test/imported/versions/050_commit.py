"""Find unpaid invoices

Revision ID: e1
Revises: d1

"""

from alembic import op

revision = "e1"
down_revision = "d1"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("COMMIT")
    op.execute("CREATE INDEX CONCURRENTLY unpaid ON invoices (id) WHERE NOT paid")


def downgrade():
    op.drop_index("unpaid")
