"""Transaction: customers /* and their moods */

Rows and a function body whose characters are easily changed on the way.

Revision ID: a1
Revises:
Create Date: 2024-01-05 10:20:30.123456

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a1"
down_revision = None
branch_labels = ("crm",)
depends_on = None


def upgrade():
    mood = postgresql.ENUM("glad", "sad", name="mood")
    mood.create(op.get_bind(), checkfirst=True)
    customers = op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("Full Name", sa.Text, nullable=False),
        sa.Column("mood", postgresql.ENUM("glad", "sad", name="mood", create_type=False)),
        sa.Column("discount", sa.Numeric(5, 2), server_default="0"),
        sa.CheckConstraint("id % 1 = 0", name="whole"),
    )
    op.bulk_insert(
        customers,
        [
            {"id": 1, "Full Name": "100 % O'Neill", "mood": "glad", "discount": 0},
            {"id": 2, "Full Name": "C:\\new\tline\nü", "mood": None, "discount": 2.5},
        ],
    )
    op.execute("INSERT INTO customers VALUES (4, 'gone')")
    op.execute("INSERT INTO customers VALUES (3, 'a\\:b', 'sad'), (6, '50%', NULL) -- a comment")
    op.execute("CREATE FUNCTION tabs() RETURNS text LANGUAGE sql AS $$\n\tSELECT '\t%' -- 1;\n$$;")
    op.execute(customers.update().where(customers.c.id == 6).values(mood="sad"))
    op.create_index("Odd Index", "customers", [sa.text('lower("Full Name")')])
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM customers WHERE id = :id"), {"id": 4})
    connection.execute(
        customers.insert(), [{"id": 7, "Full Name": "Eve's"}, {"id": 8, "Full Name": "%(id)s"}]
    )


def downgrade():
    op.drop_table("customers")
    op.execute("DROP FUNCTION tabs()")
    postgresql.ENUM(name="mood").drop(op.get_bind(), checkfirst=True)
