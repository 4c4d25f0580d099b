"""Alembic over many databases in one process.

Usage: fleet.py upgrade|downgrade|stamp <target> <database>...

PGHOST, PGPORT and PGUSER say where. Prints the milliseconds for each database, without those that
it takes to start Python and to import Alembic.
"""

import os
import sys
import time

from alembic import command
from alembic.config import Config

verb, target, databases = getattr(command, sys.argv[1]), sys.argv[2], sys.argv[3:]
url = "postgresql://{PGUSER}@/{{}}?host={PGHOST}&port={PGPORT}".format(**os.environ)
start = time.perf_counter()
for database in databases:
    config = Config("alembic.ini")
    config.attributes["url"] = url.format(database)
    verb(config, target)
print(f"{(time.perf_counter() - start) * 1000 / len(databases):.3f}")
