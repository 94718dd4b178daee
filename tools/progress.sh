# For scripts that take minutes: what they are doing, with the time, for people who watch and for logs.
#
# The jobs last_job here have process groups of their own (set -m). So Ctrl-C does not reach them, and end_jobs does.

say() { printf '%(%T)T  %s\n' -1 "$*"; }

declare -A at_work=()

# Its process id is `last_job`.
begin() {
    set -m
    "$@" </dev/null &
    last_job=$!
    set +m
    at_work[$last_job]=1
}

end_jobs() {
    trap - INT TERM
    local job
    for job in "${!at_work[@]}"; do kill -TERM -- "-$job" 2>/dev/null; done
    exit 130
}
trap end_jobs INT TERM

# beside FUNCTION…: in a shell of its own, while we go on; `wait` waits for it.
beside() { begin in_shell "$@"; }
in_shell() {
    at_work=()
    trap end_jobs INT TERM
    "$@"
}

# watched NAME LOG COMMAND…: runs it, and says every half minute how far it is.
watched() {
    local name=$1 log=$2 job clock ended status
    shift 2
    say "$name"
    begin "$@" >"$log" 2>&1
    job=$last_job
    while true; do
        sleep 30 >/dev/null 2>&1 &
        clock=$!
        wait -n -p ended "$job" "$clock"
        status=$?
        [[ $ended == "$clock" ]] || break
        say "$name: $(how_far "$log")"
    done
    unset "at_work[$job]"
    kill "$clock" && wait "$clock" 2>/dev/null
    return $status
}

# What ninja said last, or how many tests of GoogleTest or Python's unittest have ended.
how_far() {
    local steps tests
    steps=$(grep -oE '^\[[0-9]+/[0-9]+\]' "$1" | tail -n 1)
    tests=$(grep -cE '\[ +(OK|FAILED) +\] .*\([0-9]+ ms\)| \.\.\. (ok|FAIL|ERROR|skipped)' "$1")
    if [[ -n $steps ]]; then echo "$steps"; elif [[ $tests -gt 0 ]]; then echo "$tests tests"; else echo "goes on"; fi
}
