"""Add invoices

Revision ID: b1
Revises: a1
Create Date: 2024-01-06 10:00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "b1"
down_revision = "a1"
branch_labels = ("billing",)
depends_on = None


def upgrade():
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("customer", sa.BigInteger, sa.ForeignKey("customers.id"), index=True),
        sa.Column("paid", sa.Boolean, server_default=sa.false(), nullable=False),
        comment="what's owed",
    )


def downgrade():
    op.drop_table("invoices")
