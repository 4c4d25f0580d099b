#!/usr/bin/env bash
# Times plan or upgrade of a line of N empty revisions, for growing N: the time for each revision
# must stay the same. Usage: revisions.sh <psql> plan|upgrade <N>...
set -euo pipefail

psql=$1
what=$2
shift 2
runs=5

sql() {
    "$psql" -X -v ON_ERROR_STOP=1 -d bench -q -A -t "$@"
}

# One branch in the own database, with revisions 00001, 00002, … each on top of the one before.
create_branch() {
    sql -v branch="$1" -v revisions="$2" >/dev/null <<'SQL'
SELECT mad_migrate.create_branch(:'branch');
SELECT count(*) FROM mad_migrate.add_scripts(:'branch', (
    SELECT array_agg(format(E'/*\nRevision %1$s\n\nRevision ID: %1$s\nRevises: %2$s\n*/\n\n'
                            '-- migrate:upgrade\n\n-- migrate:downgrade\n',
                            to_char(n, 'FM00000'), to_char(nullif(n - 1, 0), 'FM00000'))
                     ORDER BY n)
    FROM generate_series(1, :revisions) AS n));
SQL
}

# Milliseconds of the statement alone, as psql measures them; what an upgrade did is rolled back.
time_once() {
    sql -v branch="$1" <<SQL | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
BEGIN;
\\timing on
SELECT count(*) FROM mad_migrate.$what(:'branch');
\\timing off
ROLLBACK;
SQL
}

median() {
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

"$psql" -X -q -d postgres -c 'CREATE DATABASE bench'
sql -c 'CREATE EXTENSION mad_migrate'
printf '%-8s %10s %12s %16s\n' "$what" revisions 'median ms' 'µs per revision'
for revisions; do
    create_branch "line_$revisions" "$revisions"
    for ((run = 0; run < runs; run++)); do
        time_once "line_$revisions"
    done | median | awk -v n="$revisions" '{ printf "%-8s %10d %12.1f %16.1f\n", "", n, $1, $1 * 1000 / n }'
done
