"""Find customers by mood

Revision ID: d1
Revises: m1

"""

from alembic import op

revision = "d1"
down_revision = "m1"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'calm'")
        op.create_index("by_mood", "customers", ["mood"], postgresql_concurrently=True)
    op.execute("INSERT INTO customers VALUES (5, 'Ann', 'calm')")


def downgrade():
    op.execute("DELETE FROM customers WHERE mood = 'calm'")
    with op.get_context().autocommit_block():
        op.drop_index("by_mood", "customers", postgresql_concurrently=True)
