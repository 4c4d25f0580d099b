"""Alembic's environment: one branch, one database, a connection for each call."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.attributes.get("url") or os.environ["DATABASE_URL"]
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table="alembic_version_results")
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
