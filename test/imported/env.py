"""Alembic's environment, much as "alembic init" writes it: no literal binds, psycopg2's %s."""

import os

from alembic import context
from sqlalchemy import create_engine, pool


def run_offline():
    dialect = "mysql" if context.config.config_ini_section == "mysql" else "postgresql"
    context.configure(url=f"{dialect}://")
    with context.begin_transaction():
        context.run_migrations()


def run_online():
    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run_offline() if context.is_offline_mode() else run_online()
