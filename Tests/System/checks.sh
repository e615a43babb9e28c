# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Functions for the shell tests that count checks and wait.

passed=0
failed=0

# check "sentence" command...: checks that the command succeeds.
check() {
    local sentence=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "ok      $sentence"
    else
        failed=$((failed + 1))
        echo "FAILED  $sentence"
        printf '        %s: %s\n' "$*" "$output" | tail -20
    fi
}

# equal EXPECTED ACTUAL, like PATTERN ACTUAL (a shell pattern), not COMMAND...
equal() { [ "$1" = "$2" ] || { echo "expected '$1', got '$2'"; return 1; }; }
# shellcheck disable=SC2053 # a pattern is meant
like() { [[ $2 == $1 ]] || { echo "expected '$1', got '$2'"; return 1; }; }
not() { ! "$@"; }

# eventually SECONDS command...: repeats the command until it succeeds, or fails when the time is over.
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt "$end" ] || { "$@"; return 1; }
        sleep 0.2
    done
}

tally() {
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
}
