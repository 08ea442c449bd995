# Shared by the scripts beside it; sourced, not run.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export repository

# Says what a script is about to do.
say() { printf '\n== %s\n' "$*"; }

# Ends the script with a reason.
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Prints a command, then runs it.
run() {
    printf '$'
    printf ' %q' "$@"
    printf '\n'
    "$@"
}
