#!/usr/bin/env bash
# Times the upgrade of many databases by one revision: ours, Alembic's, psql's, and the floor.
# Usage: fleet.sh <folder of psql> <floor program> <databases>
#
# All of them move the same databases from 003_results to 004_results, in turns, and are moved back.
# Of each time the median of seven runs is shown. Then follows what depends on the size of a fleet.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
export PYTHONDONTWRITEBYTECODE=1

psql=$1/psql
floor=$2
databases=$3
rounds=3
sampled=10
large=$((databases * 5))
work=$(mktemp -d)
times=$work/times
peer=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/peer" && pwd)
trap 'rm -rf "$work"' EXIT
: >"$times"

sql() {
    "$psql" -X -v ON_ERROR_STOP=1 -q -A -t "$@"
}

# The first <count> databases, one a line.
names() {
    seq -f 'mad_results_%04g' 0 $(($1 - 1))
}

# As "<name> <milliseconds>".
note() {
    printf '%s\t%s\n' "$@" >>"$times"
}

median_of() {
    awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$times" | sort -n |
        awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# The milliseconds that psql measures for the last statement.
milliseconds_of() {
    sql -d mad -c "$2" -c '\timing on' -c "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}

for_each_of() {
    awk -v time="$1" -v databases="$2" 'BEGIN { printf "%.3f\n", time / databases }'
}

# Debian's Python, which sees Debian's Alembic.
python() {
    (cd "$peer" && /usr/bin/python3 "$@")
}

# create_databases <from> <to>: clones of the template, registered.
create_databases() {
    names "$2" | tail -n +$(($1 + 1)) |
        sed 's/.*/CREATE DATABASE & TEMPLATE mad_results_template;/' | sql -d postgres
    names "$2" | tail -n +$(($1 + 1)) | sed "s/.*/('results', '&')/" | paste -s -d , |
        sed 's/^/INSERT INTO mad_migrate.registry (branch, database) VALUES /' | sql -d mad
}

# Both ways of writing down versions say 003_results in each clone.
create_fleet() {
    sql -d postgres -c 'CREATE DATABASE mad'
    sql -d mad -o /dev/null -c 'CREATE EXTENSION mad_migrate' \
        -c "SELECT mad_migrate.upgrade('results', '003_results')"
    sql -d postgres -c 'ALTER DATABASE mad_results_template ALLOW_CONNECTIONS true'
    python fleet.py stamp 003_results mad_results_template >/dev/null
    create_databases 0 "$databases"
    sql -d mad -c "SELECT mad_migrate.upgrade_sql('results', '003_results:head')" |
        tee "$work/script.sql" | sed '/^\\set/d' >"$work/batch.sql"
    sed 's/^BEGIN;$/& SET LOCAL synchronous_commit = off;/' "$work/batch.sql" >"$work/async.sql"
}

move_back() {
    sql -d mad -o /dev/null \
        -c "SELECT mad_migrate.downgrade('results', '003_results', databases => '{*}')"
}

# Has the server write out what would otherwise fall into another's time.
settle_down() {
    sql -d postgres -c CHECKPOINT
}

# ours <name> <asynchronous commit>: the template is one more.
ours() {
    local time
    time=$(milliseconds_of "SELECT count(*) FROM mad_migrate.upgrade('results', jobs => 8)" \
        "SET mad_migrate.asynchronous_commit = $2")
    note "$1" "$(for_each_of "$time" $((databases + 1)))"
    move_back
}

# floor <name> <batch>
floor() {
    note "$1" "$(names "$databases" |
        "$floor" "host=$PGHOST port=$PGPORT user=$PGUSER" "$2" 8)"
    move_back
}

# note_elapsed <name> <databases> <command>...
note_elapsed() {
    local started=${EPOCHREALTIME/./} ended
    "${@:3}"
    ended=${EPOCHREALTIME/./}
    note "$1" "$(for_each_of $(((ended - started) / 1000)) "$2")"
}

run_psql() {
    names "$databases" | xargs -P 8 -I '{}' "$psql" -X -q -o /dev/null -d '{}' -f "$work/script.sql"
}

run_alembic_in_each() {
    local database
    for database in $(names "$sampled"); do
        DATABASE_URL="postgresql://$PGUSER@/$database?host=$PGHOST&port=$PGPORT" \
            python -m alembic upgrade 004_results
    done
}

measure_ours() {
    ours 'mad_migrate.upgrade' off
}

measure_ours_asynchronous() {
    ours 'the same, asynchronous commit' on
}

measure_floor() {
    floor 'floor' "$work/batch.sql"
}

measure_floor_asynchronous() {
    floor 'floor, asynchronous commit' "$work/async.sql"
}

measure_psql() {
    note_elapsed 'psql, xargs -P 8' "$databases" run_psql
    move_back
}

measure_alembic() {
    # shellcheck disable=SC2046 # each name is a word
    note 'Alembic, one process' "$(python fleet.py upgrade 004_results $(names "$databases"))"
    # shellcheck disable=SC2046
    python fleet.py downgrade 003_results $(names "$databases") >/dev/null
}

measure_alembic_in_each() {
    note_elapsed 'Alembic, a process each' "$sampled" run_alembic_in_each
    # shellcheck disable=SC2046
    python fleet.py downgrade 003_results $(names "$sampled") >/dev/null
}

# show_against <ours> <name> <what ours may be of it>
show_against() {
    awk -v name="$2" -v goal="$3" -v theirs="$(median_of "$2")" -v ours="$(median_of "$1")" \
        'BEGIN { printf "  %-32s%10.2f%10.2f%10s\n", name, theirs, ours / theirs, goal }'
}

# Each of them begins a round once, for whoever comes first pays for what the last one left to the
# server: vacuum, and pages to be written out.
compare() {
    local all=(measure_ours measure_floor measure_ours_asynchronous measure_floor_asynchronous
        measure_psql measure_alembic measure_alembic_in_each)
    local count=${#all[@]} round turn
    for ((round = 0; round < count; round++)); do
        for ((turn = 0; turn < count; turn++)); do
            settle_down
            "${all[(round + turn) % count]}"
        done
    done
    printf '%-34s%10s%10s%10s\n' "$databases databases, fsync on" 'ms each' 'ours/it' 'goal'
    printf '%-34s%10.2f\n' 'mad_migrate.upgrade' "$(median_of 'mad_migrate.upgrade')"
    show_against 'mad_migrate.upgrade' 'floor' '<= 1.10'
    show_against 'mad_migrate.upgrade' 'Alembic, one process' '<= 0.33'
    show_against 'mad_migrate.upgrade' 'Alembic, a process each' '<= 0.033'
    printf '%-34s%10.2f\n' 'the same, asynchronous commit' "$(median_of 'the same, asynchronous commit')"
    show_against 'the same, asynchronous commit' 'floor, asynchronous commit' '<= 1.10'
    show_against 'the same, asynchronous commit' 'psql, xargs -P 8' '<= 0.75'
}

# Prints the kilobytes by which the calling session's own memory grew at its highest.
upgrade_and_watch_memory() {
    sql -d mad >/dev/null <<SQL
SELECT count(*) FROM mad_migrate.heads('results');
SELECT pg_backend_pid() AS backend \gset
\setenv backend :backend
\! while grep RssAnon /proc/\$backend/status; do sleep 0.05; done >"$work/memory" 2>&- &
\! until [ -s "$work/memory" ]; do sleep 0.01; done
SELECT count(*) FROM mad_migrate.upgrade('results');
SQL
    awk 'NR == 1 { low = $2 } $2 > high { high = $2 } END { print high - low }' "$work/memory"
}

sessions_in_fleet() {
    sql -d mad -c "SELECT sum(sessions) FROM pg_stat_database WHERE datname LIKE 'mad\\_results\\_%'" \
        -c 'SELECT count(*) FROM mad_migrate.run' | paste -s -d ' '
}

show() {
    printf '%-34s%10s%10s%10s\n' "$1" "$2" '' "$3"
}

# Of the first hundred, and of all.
measure_growth() {
    local few="mad_results_00*"
    note 'few' "$(for_each_of "$(milliseconds_of \
        "SELECT count(*) FROM mad_migrate.upgrade('results', databases => '{$few}')" '')" 100)"
    move_back
    note 'many' "$(for_each_of "$(milliseconds_of \
        "SELECT count(*) FROM mad_migrate.upgrade('results')" '')" $((large + 1)))"
}

# In a session that has used the extension before.
note_repeated() {
    local run
    for ((run = 0; run < 9; run++)); do
        note "$1" "$(milliseconds_of "$2" "$2")"
    done
}

measure_large_fleet() {
    local round before memory
    create_databases "$databases" "$large"
    memory=$(upgrade_and_watch_memory)
    for ((round = 0; round < rounds; round++)); do
        move_back
        measure_growth
    done
    before=$(sessions_in_fleet)
    note_repeated 'again' "SELECT count(*) FROM mad_migrate.upgrade('results')"
    [[ $before == "$(sessions_in_fleet)" ]] || echo 'Databases with nothing to do were connected to.'
    note_repeated 'status' "SELECT count(*) FROM mad_migrate.status('results')"
    printf '\n%-34s%10s%10s%10s\n' "$large databases" 'ms' '' 'goal'
    show "upgrade, of each of 100" "$(median_of few)" ''
    show "upgrade, of each of $large" "$(median_of many)" 'the same'
    show 'upgrade with nothing to do' "$(median_of again)" '< 10'
    show 'status' "$(median_of status)" '< 10'
    show "session's memory grew by, MB" "$(for_each_of "$memory" 1024)" '< 32'
}

create_fleet
compare
measure_large_fleet
