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

# Makes FOLDER/.venv from FOLDER/requirements.txt, unless that has been done; prints its Python.
python_environment() {
    local folder=$1 python=$1/.venv/bin/python
    if ! cmp -s "$folder/requirements.txt" "$folder/.venv/requirements.txt"; then
        say "Installing what $folder needs" >&2
        # Joined, since a command substitution does not stop at a failure.
        { [ -x "$python" ] || run python3 -m venv "$folder/.venv" >&2; } &&
            run "$python" -m pip install --quiet --disable-pip-version-check -r "$folder/requirements.txt" >&2 &&
            cp "$folder/requirements.txt" "$folder/.venv/requirements.txt" || return 1
    fi
    printf '%s\n' "$python"
}
