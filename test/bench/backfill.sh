#!/usr/bin/env bash
# Times filling in a column of a large table: mad_migrate.backfill, and the loop that people write.
# Usage: backfill.sh <psql> <rows>
#
# The loop takes LIMIT 1000 of what is left, locks it, updates it, commits, and begins again at the
# start of the table. It runs in the server, so that no client's round trips are counted against it,
# and is stopped when it has taken ten times as long. Of both, the time for each thousand rows is
# shown for each tenth of the way: it should not depend on how far one is.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=notice'

psql=$1
rows=$2
patience=10
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() {
    "$psql" -X -v ON_ERROR_STOP=1 -q -A -t -d bench "$@"
}

create_table() {
    sql <<SQL
SET client_min_messages = warning; DROP TABLE IF EXISTS users;
CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    status text
);
INSERT INTO users (email) SELECT 'user' || n || '@example.org' FROM generate_series(1, $rows) AS n;
VACUUM ANALYZE users;
CHECKPOINT;
SQL
}

create_loop() {
    sql <<'SQL'
CREATE PROCEDURE fill_in_a_loop(batch_size int) LANGUAGE plpgsql AS $$
DECLARE
    changed int;
    done bigint := 0;
BEGIN
    LOOP
        WITH batch AS (SELECT id FROM users WHERE status IS NULL LIMIT batch_size FOR UPDATE SKIP LOCKED)
        UPDATE users SET status = 'active' FROM batch WHERE users.id = batch.id;
        GET DIAGNOSTICS changed = ROW_COUNT;
        EXIT WHEN changed = 0;
        COMMIT;
        done := done + changed;
        RAISE NOTICE 'loop: % rows', done;
    END LOOP;
END
$$;
SQL
}

# As "<seconds since the beginning> <rows done>", a line for each batch. psql shows notices as they come.
time_batches() {
    local began=${EPOCHREALTIME/./} line
    sql -c "$2" 2>&1 | while read -r line; do
        [[ $line =~ \ ([0-9]+)\ rows ]] || {
            [[ $line != *ERROR* || $line == *timeout* ]] || echo "$line" >&2
            continue
        }
        echo "$(((${EPOCHREALTIME/./} - began) / 1000)) ${BASH_REMATCH[1]}"
    done >"$work/$1"
}

# The milliseconds for each thousand rows, in each tenth; nothing for those that were not reached.
tenths() {
    awk -v rows="$rows" '
        $2 >= rows * (tenth + 1) / 10 && $2 <= rows {
            printf "%.1f\n", ($1 - time) * 1000 / ($2 - done)
            tenth++; time = $1; done = $2
        }' "$work/$1"
}

last_of() {
    tail -n 1 "$work/$1"
}

show_table() {
    printf '%-28s%12s%12s%10s\n' "$rows rows, ms for each 1000" 'backfill' 'loop' 'loop/ours'
    paste <(seq 10 10 100) <(tenths ours) <(tenths loop) | awk -F '\t' '
        { printf "%-28s%12s%12s%10s\n", "up to " $1 " %", $2, $3, $3 == "" ? "" : sprintf("%.1f", $3 / $2) }'
    read -r ours_ms _ <<<"$(last_of ours)"
    read -r loop_ms loop_rows <<<"$(last_of loop)"
    awk -v ours="$ours_ms" -v loop="$loop_ms" -v done="$loop_rows" -v rows="$rows" 'BEGIN {
        printf "%-28s%12.1f%12.1f%10s\n", "seconds in all", ours / 1000, loop / 1000,
            done < rows ? "stopped at " int(100 * done / rows) " %" : sprintf("%.1f", loop / ours) }'
}

"$psql" -X -q -d postgres -c 'CREATE DATABASE bench'
sql -c 'CREATE EXTENSION mad_migrate'
create_loop
create_table
time_batches ours \
    "CALL mad_migrate.backfill('users', 'status = ''active''', 'status IS NULL', report_every => '0')"
create_table
read -r ours_ms _ <<<"$(last_of ours)"
PGOPTIONS="-c statement_timeout=$((ours_ms * patience))" time_batches loop 'CALL fill_in_a_loop(1000)' || true
show_table
