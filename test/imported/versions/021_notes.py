"""Add notes

Revision ID: c1
Revises: a1
Create Date: 2024-01-06 11:00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "c1"
down_revision = "a1"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("customers", sa.Column("notes", sa.Text, server_default="none"))
    op.alter_column(
        "customers",
        "discount",
        new_column_name="rebate",
        nullable=False,
        existing_type=sa.Numeric(5, 2),
        server_default=sa.text("0.5"),
    )


def downgrade():
    op.alter_column(
        "customers",
        "rebate",
        new_column_name="discount",
        nullable=True,
        existing_type=sa.Numeric(5, 2),
        server_default="0",
    )
    op.drop_column("customers", "notes")
