#!/usr/bin/env bash
# Times lines of N empty revisions, for growing N: the time for each revision must stay the same.
# Usage: revisions.sh <psql> <N>...
#
# The floor is psql running the statements of the same upgrade, as upgrade_sql writes them. Of each
# time the median of some runs is shown.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'

psql=$1
shift
runs=3
times=$(mktemp)
script=$(mktemp)
trap 'rm -f "$times" "$script"' EXIT

sql() {
    "$psql" -X -v ON_ERROR_STOP=1 -q -A -t "$@"
}

# note <operation> <revisions> <milliseconds>
note() {
    printf '%s\t%s\t%s\n' "$@" >>"$times"
}

# Notes the time of one statement, as psql measures it, between what is done before and after.
note_statement() {
    local milliseconds
    milliseconds=$(sql -d bench -c "$3" -c '\timing on' -c "$4" -c '\timing off' -c "$5" |
        sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p')
    note "$1" "$2" "$milliseconds"
}

# Notes the time psql needs for the script, in a database that is new to it.
note_floor() {
    local started milliseconds
    sql -d postgres -c 'CREATE DATABASE floor'
    started=${EPOCHREALTIME/./}
    sql -d floor -o /dev/null "${@:3}" -f "$script"
    milliseconds=$(((${EPOCHREALTIME/./} - started) / 1000))
    sql -d postgres -c 'DROP DATABASE floor'
    note "$1" "$2" "$milliseconds"
}

# Adds revisions 00001, 00002, … each on top of the one before.
add_line() {
    cat <<SQL
SELECT count(*) FROM mad_migrate.add_scripts('$1', (
    SELECT array_agg(format(E'/*\nRevision %1\$s\n\nRevision ID: %1\$s\nRevises: %2\$s\n*/\n\n'
                            '-- migrate:upgrade\n\n-- migrate:downgrade\n',
                            to_char(n, 'FM00000'), to_char(nullif(n - 1, 0), 'FM00000'))
                     ORDER BY n)
    FROM generate_series(1, $2) AS n))
SQL
}

# In the caller's transaction nothing is published until its end.
in_one_transaction() {
    sed -E -e '/^(BEGIN|COMMIT);$/d' -e '/record_step\(/s/, true\);$/, false);/'
}

measure_own_database() {
    local branch=own_$1_$2 upgrade
    upgrade="SELECT count(*) FROM mad_migrate.upgrade('$branch')"
    sql -d bench -o /dev/null -c "SELECT mad_migrate.create_branch('$branch')"
    note_statement 'add_scripts' "$1" '' "$(add_line "$branch" "$1")" ''
    note_statement 'plan' "$1" '' "SELECT count(*) FROM mad_migrate.plan('$branch')" ''
    sql -d bench -c "SELECT mad_migrate.upgrade_sql('$branch', 'head')" | in_one_transaction >"$script"
    note_statement 'upgrade, own database' "$1" 'BEGIN' "$upgrade" 'ROLLBACK'
    note_floor 'floor, own database' "$1" --single-transaction
}

# measure_template <revisions> <run> <function or procedure> <how it is called>; leaves the script for the floor.
measure_template() {
    local branch=$3_$1_$2
    sql -d bench -o /dev/null -c "SELECT mad_migrate.create_branch('$branch', template => '$branch',
        database_pattern => '${branch}_{org_id}')" -c "$(add_line "$branch" "$1")" \
        -c "SELECT mad_migrate.upgrade('$branch', '00001')"
    sql -d bench -c "SELECT mad_migrate.upgrade_sql('$branch', 'head')" >"$script"
    note_statement "$3, template" "$1" '' "$4 mad_migrate.$3('$branch')" ''
}

# "growth" is the time for each revision against that of the line before: 1 is linear, 2 quadratic.
show_table() {
    sort -t $'\t' -k 1,1 -k 2,2n -k 3,3n "$times" | awk -F '\t' '
        { key = $1 FS $2; value[key, ++count[key]] = $3 }
        count[key] == 1 && $1 !~ /^floor/ { order[++rows] = key }
        function median(key) { return value[key, int((count[key] + 1) / 2)] }
        END {
            format = "%-24s%10s%12s%10s%8s%12s%10s\n"
            printf format, "", "revisions", "ms", "µs each", "growth", "floor ms", "to floor"
            for (n = 1; n <= rows; n++) {
                split(order[n], part, FS)
                time = median(order[n])
                floor = order[n]
                sub(/^[^,]*/, "floor", floor)
                repeated = part[1] == operation
                printf format, repeated ? "" : part[1], part[2], sprintf("%.1f", time),
                    sprintf("%.1f", time * 1000 / part[2]),
                    repeated ? sprintf("%.2f", time / before * revisions / part[2]) : "",
                    floor in count ? sprintf("%.0f", median(floor)) : "",
                    floor in count ? sprintf("%.2f", time / median(floor)) : ""
                operation = part[1]; before = time; revisions = part[2]
            }
        }'
}

sql -d postgres -c 'CREATE DATABASE bench'
sql -d bench -c 'CREATE EXTENSION mad_migrate'
for ((run = 0; run < runs; run++)); do
    for revisions; do
        measure_own_database "$revisions" "$run"
        measure_template "$revisions" "$run" upgrade 'SELECT count(*) FROM'
        measure_template "$revisions" "$run" run_upgrade CALL
        note_floor 'floor, template' "$revisions"
    done
done
show_table
