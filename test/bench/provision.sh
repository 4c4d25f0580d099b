#!/usr/bin/env bash
# Times how an organization gets its database: ours, Alembic's, and a bare CREATE DATABASE.
# Usage: provision.sh <folder of psql> <organizations>
#
# What is compared is done in turns; of each the median is shown.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
export PYTHONDONTWRITEBYTECODE=1

psql=$1/psql
organizations=$2
few=$(((organizations + 9) / 10))
turns=4
pairs=20
work=$(mktemp -d)
times=$work/times
peer=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/peer" && pwd)
trap 'rm -rf "$work"' EXIT
: >"$times"

sql() {
    "$psql" -X -v ON_ERROR_STOP=1 -q -A -t "$@"
}

# What psql measures for each of the statements of its input.
time_each() {
    { printf '%s\n' '\timing on'; cat; } | sql -d mad | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}

# Not the first: it loads the module.
note_each() {
    time_each | tail -n +2 | sed "s/^/$1\t/" >>"$times"
}

note_last() {
    time_each | tail -n 1 | sed "s/^/$1\t/" >>"$times"
}

values_of() {
    awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$times" | sort -n
}

median_of() {
    values_of "$1" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# Has the server write out what would otherwise fall into another's time.
settle_down() {
    sql -d postgres -c CHECKPOINT
}

# Nothing is made in the background but where that is measured.
create_control_database() {
    sql -d postgres -c 'CREATE DATABASE mad'
    sql -d mad -o /dev/null -c 'CREATE EXTENSION mad_migrate' \
        -c 'ALTER DATABASE mad SET mad_migrate.pool_size = 0' \
        -c "SELECT mad_migrate.upgrade('metadata')" -c "SELECT mad_migrate.upgrade('results')"
}

fill_pool() {
    sql -d mad -o /dev/null -c "SELECT mad_migrate.fill_pool('results', $1)"
    settle_down
}

# claims <name> <count>
claims() {
    seq -f "SELECT mad_migrate.provision_org('$1 %g');" 0 "$2"
}

# measure_alembic <count>
measure_alembic() {
    (cd "$peer" && /usr/bin/python3 provision.py "$1") | sed 's/^/Alembic\t/' >>"$times"
}

# In turns with Alembic.
measure_claims() {
    local turn
    fill_pool $((organizations + turns))
    for ((turn = 0; turn < turns; turn++)); do
        claims "claim $turn" $((organizations / turns)) | note_each claim
        measure_alembic $(((few + turns - 1) / turns))
    done
}

# The pool is too small, so that clones are made all the time, by the worker and by the claims.
measure_claims_beside_refills() {
    fill_pool $((organizations + 1))
    { echo 'SET mad_migrate.pool_size = 1000;'; claims beside "$organizations"; } |
        note_each 'claim beside refills'
    sql -d mad -o /dev/null -c "SELECT mad_migrate.work()"
    sql -d mad -o /dev/null -c "SELECT mad_migrate.fill_pool('results', 0)"
}

insert_hundred() {
    echo "INSERT INTO organizations (name, display_name) SELECT '$1 ' || i, 'Organization' FROM generate_series(1, $2) i;"
}

measure_inserts() {
    local round
    for ((round = 0; round < 3; round++)); do
        fill_pool 101
        { insert_hundred "first $round" 1; insert_hundred "round $round" 100; } |
            note_each 'insert of 100'
    done
}

# with_empty_pool <strategy>: a call, then the bare statement, in turns.
with_empty_pool() {
    local turn
    echo 'SELECT 1;'
    echo "SET mad_migrate.clone_strategy = $1;"
    for ((turn = 0; turn <= pairs; turn++)); do
        echo "SELECT mad_migrate.provision_org('$1 $turn');"
        echo "CREATE DATABASE bare_$1_$turn TEMPLATE mad_results_template STRATEGY $1;"
    done
}

# The first turn warms up, and has the session beside the caller's left open.
measure_empty_pool() {
    settle_down
    with_empty_pool "$1" >"$work/turns.sql"
    note_each turn <"$work/turns.sql"
    awk -F '\t' '$1 == "turn"' "$times" | tail -n +4 |
        awk -F '\t' -v strategy="$1" '{ print (NR % 2 ? "ours, " : "bare, ") strategy "\t" $2 }' \
            >"$work/turns"
    sed -i '/^turn\t/d' "$times"
    cat "$work/turns" >>"$times"
}

# What opens the session beside the caller's, which later calls find open.
measure_first_calls() {
    local turn
    settle_down
    for ((turn = 0; turn < pairs; turn++)); do
        printf '%s;\n' "SET mad_migrate.clone_strategy = $1" "SELECT mad_migrate.org_database('none')" \
            "SELECT mad_migrate.provision_org('first $1 $turn')" | note_last "first, $1"
    done
}

# measure_strategies <megabytes>
measure_strategies() {
    local strategy turn
    sql -d postgres -c "CREATE DATABASE sized"
    sql -d sized -c "CREATE TABLE t AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, $1 * 1000) i"
    settle_down
    for turn in 1 2 3; do
        for strategy in wal_log file_copy; do
            note "$1 MB, $strategy" \
                "CREATE DATABASE sized_copy TEMPLATE sized STRATEGY $strategy" \
                'DROP DATABASE sized_copy'
        done
    done
    sql -d postgres -c 'DROP DATABASE sized'
}

# note <name> <statement> <statement that takes it back>
note() {
    printf '%s;\n' 'SELECT 1' "$2" | note_each "$1"
    sql -d postgres -c "$3"
}

# show <name> <milliseconds> <goal>
show() {
    printf '%-44s%10.2f%12s\n' "$@"
}

# show_ratio <name> <numerator> <denominator> <goal>
show_ratio() {
    show "$1" "$(awk -v a="$2" -v b="$3" 'BEGIN { print a / b }')" "$4"
}

show_all() {
    local strategy megabytes
    printf '%-44s%10s%12s\n' "$organizations organizations, fsync on" 'ms' 'goal'
    show 'claim from the pool' "$(median_of claim)" '< 2'
    show 'claim while the pool is refilled' "$(median_of 'claim beside refills')" ''
    show 'the longest of those' "$(values_of 'claim beside refills' | tail -1)" ''
    show 'INSERT of 100 organizations' "$(median_of 'insert of 100')" '< 100'
    show "Alembic" "$(median_of Alembic)" ''
    show_ratio 'Alembic / claim' "$(median_of Alembic)" "$(median_of claim)" '>= 100'
    for strategy in wal_log file_copy; do
        show "empty pool, $strategy" "$(median_of "ours, $strategy")" ''
        show "CREATE DATABASE, $strategy" "$(median_of "bare, $strategy")" ''
        show_ratio 'the one / the other' "$(median_of "ours, $strategy")" \
            "$(median_of "bare, $strategy")" '<= 1.20'
        show "a session's first such call, $strategy" "$(median_of "first, $strategy")" ''
    done
    printf '\n%-44s%10s%12s\n' 'CREATE DATABASE, by size of the template' 'wal_log' 'file_copy'
    for megabytes in "${sizes[@]}"; do
        printf '%-44s%10.1f%12.1f\n' "+ $megabytes MB" "$(median_of "$megabytes MB, wal_log")" \
            "$(median_of "$megabytes MB, file_copy")"
    done
}

sizes=(1 16 64 128 256)
create_control_database
measure_claims
measure_claims_beside_refills
measure_inserts
measure_empty_pool wal_log
measure_empty_pool file_copy
measure_first_calls wal_log
measure_first_calls file_copy
for megabytes in "${sizes[@]}"; do
    measure_strategies "$megabytes"
done
show_all
