# Runs the parts of a check, counts what each runner says it ran, and sums up.
# shellcheck shell=bash

# Lines of failed parts' output that are repeated at the end, where a log's reader looks first.
shown_lines=60

# begin_report <folder of logs> <clean-up>: from here on the last line is the sum, however we end.
begin_report() {
    logs=$1
    mkdir -p "$logs"
    rm -f "$logs"/*.count
    # shellcheck disable=SC2064
    trap "end_report \$? $2" EXIT
}

# Each counter reads a runner's output and prints "<passed> <failed>".

# Programs of GoogleTest count as the tests they ran, anything else as one.
count_ctest() {
    awk '/\[  PASSED  \] [0-9]+ tests?\.$/ { passed += $(NF - 1); programs++ }
         /\[  FAILED  \] [0-9]+ tests?, listed below:$/ { failed += $(NF - 3); programs--; listed++ }
         /tests passed, [0-9]+ tests? failed out of/ { broken = $4; all = $NF }
         END { print passed + all - broken - programs, failed + broken - listed }' "$1"
}

# Up to PostgreSQL 15: " 2 of 5 tests failed."; later: "# 2 of 5 tests failed."
count_pg_regress() {
    awk '/All [0-9]+ tests passed/ { sub(/.*All /, ""); all = $1 }
         /[0-9]+ of [0-9]+ tests failed/ { sub(/^[ #]*/, ""); failed = $1; all = $3 }
         END { print all - failed, failed + 0 }' "$1"
}

# Only the outermost lines count: a subtest's are indented.
count_prove() {
    awk '/^not ok / && !/# TODO/ { failed++ }
         /^ok / && !/# skip/ { passed++ }
         END { print passed + 0, failed + 0 }' "$1"
}

# run_part <name> <counter> <command> [<argument>...]: leaves "<passed> <failed>" in <name>.count, so
# that parts can run beside each other.
run_part() {
    local name=$1 counter=$2 log=$logs/$1.log status=0 passed failed started=$SECONDS
    shift 2
    # Until it has been counted it has failed.
    echo 0 1 >"$logs/$name.count"
    ("$@") >"$log" 2>&1 </dev/null || status=$?
    read -r passed failed <<<"$("$counter" "$log")"
    # A runner that broke off, or ran nothing, has failed whatever it counted.
    ((failed > 0 || (status == 0 && passed > 0))) || failed=1
    echo "$passed" "$failed" >"$logs/$name.count"
    say "$name: $passed ok, $failed not ok, $((SECONDS - started)) s (${log#"$repository"/})"
}

# What a log says beside progress and passed tests.
without_successes() {
    grep -vE -e '^ *ok [0-9]' -e '^\[ *[0-9]+%\]' -e '^ *[0-9]+/[0-9]+ Test .* Passed ' \
        -e '^ *Start +[0-9]+: ' -e '^-- ' \
        -e '^[0-9]+: ($|\[( RUN      |       OK |[-=]+)\])' -e '^test .* ok +[0-9]+ ms$' -e '^ *$' -e '^=+( |$)' \
        -e '^(SET|(CREATE|ALTER|DROP) DATABASE)$' "$1"
}

# A long text keeps its beginning, where the first error is, and its end, where the sum is.
shorten() {
    awk -v most="$1" '{ line[NR] = substr($0, 1, 300) }
        END {
            ending = int(most / 4)
            for (n = 1; n <= NR; n++) {
                if (NR <= most || n < most - ending || n > NR - ending) print line[n]
                else if (n == most - ending) print "[...]"
            }
        }'
}

# Sets total_passed, total_failed and failed_parts.
sum_up() {
    local file passed failed
    total_passed=0
    total_failed=0
    failed_parts=()
    for file in "$logs"/*.count; do
        [[ -f $file ]] || continue
        read -r passed failed <"$file"
        total_passed=$((total_passed + passed))
        total_failed=$((total_failed + failed))
        file=${file##*/}
        ((failed == 0)) || failed_parts+=("${file%.count}")
    done
}

show_failed_parts() {
    local name
    for name in "${failed_parts[@]}"; do
        say "$name failed:"
        without_successes "$logs/$name.log" | shorten $((shown_lines / ${#failed_parts[@]})) || true
    done
}

end_report() {
    local status=$1
    "$2"
    sum_up
    show_failed_parts
    # What ended us before a part could count it has failed too, and so has a check of nothing.
    ((total_failed > 0 || (status == 0 && total_passed > 0))) || total_failed=1
    printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
    exit $((total_failed > 0))
}
