# Runs the parts of a check, counts what each runner says it ran, and sums up.
# shellcheck shell=bash

# begin_report <folder of logs> <clean-up>: from here on the last line is the sum, however we end.
begin_report() {
    logs=$1
    total_passed=0
    total_failed=0
    mkdir -p "$logs"
    # shellcheck disable=SC2064
    trap "end_report \$? $2" EXIT
}

# Each counter reads a runner's output and prints "<passed> <failed>".

count_ctest() {
    awk '/tests passed, [0-9]+ tests? failed out of/ { failed = $4; all = $NF }
         /\*\*\*Skipped/ { skipped++ }
         END { print all - failed - skipped, failed + 0 }' "$1"
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

# run_part <name> <counter> <command> [<argument>...]
run_part() {
    local name=$1 counter=$2 log=$logs/$1.log status=0 passed failed started=$SECONDS
    shift 2
    ("$@") >"$log" 2>&1 </dev/null || status=$?
    read -r passed failed <<<"$("$counter" "$log")"
    # A runner that broke off, or ran nothing, has failed whatever it counted.
    ((failed > 0 || (status == 0 && passed > 0))) || failed=1
    ((failed == 0)) || cat "$log"
    say "$name: $passed passed, $failed failed in $((SECONDS - started)) s (${log#"$repository"/})"
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
}

end_report() {
    local status=$1
    "$2"
    # What ended us before a part could count it has failed too, and so has a check of nothing.
    ((total_failed > 0 || (status == 0 && total_passed > 0))) || total_failed=1
    printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
    exit $((total_failed > 0))
}
