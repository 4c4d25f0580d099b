"""Forget the moods

Revision ID: f1
Revises: e1

"""

from alembic import op

revision = "f1"
down_revision = "e1"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_column("customers", "mood")


def downgrade():
    raise NotImplementedError("moods /* cannot */ be\nremembered")
