"""Alembic's way to an organization's database: CREATE DATABASE, then every revision, in one process.

Usage: provision.py <count>

PGHOST, PGPORT and PGUSER say where. Prints the milliseconds of each, without those that it takes to
start Python and to import Alembic.
"""

import os
import sys
import time
import uuid

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

url = "postgresql://{PGUSER}@/{{}}?host={PGHOST}&port={PGPORT}".format(**os.environ)


def provision(organization):
    database = f"mad_results_{organization}"
    engine = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as session:
        found = session.execute(
            text("SELECT FROM pg_database WHERE datname = :name"), {"name": database}
        )
        if found.first() is None:
            session.execute(text(f'CREATE DATABASE "{database}"'))
    engine.dispose()
    config = Config("alembic.ini")
    config.attributes["url"] = url.format(database)
    command.upgrade(config, "head")


provision(uuid.uuid4())
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    provision(uuid.uuid4())
    print(f"{(time.perf_counter() - start) * 1000:.3f}")
