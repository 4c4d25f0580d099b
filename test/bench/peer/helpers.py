"""The helpers of the migrations, as Python has them."""
from alembic import op
import sqlalchemy as sa


def create_enum_type(name, values):
    vals = ", ".join("'%s'" % v for v in values)
    op.execute(
        f"""DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = '{name}') THEN
      CREATE TYPE {name} AS ENUM ({vals}); END IF; END$$;"""
    )


def add_audit_columns(t):
    op.add_column(
        t,
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )
    op.add_column(
        t,
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )
    op.add_column(t, sa.Column("created_by", sa.String(255), nullable=True))
    op.add_column(t, sa.Column("updated_by", sa.String(255), nullable=True))


def create_updated_at_trigger(t):
    op.execute(
        """CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS TRIGGER AS $$
      BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END; $$ language 'plpgsql';"""
    )
    op.execute(
        f"CREATE TRIGGER update_{t}_updated_at BEFORE UPDATE ON {t} "
        "FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();"
    )


def ix(name, t, cols, unique=False, where=None):
    op.execute(
        f"CREATE {'UNIQUE' if unique else ''} INDEX IF NOT EXISTS {name} ON {t} ({', '.join(cols)})"
        + (f" WHERE {where}" if where else "")
    )
