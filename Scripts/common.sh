# Functions shared by the scripts in this folder. Source this file; do not run it.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export repository

# Prints a heading for the next part of a script.
say() { printf '\n== %s\n' "$*"; }

# Prints an error and ends the script.
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

# Creates FOLDER/.venv from FOLDER/requirements.txt unless it is up to date; prints the path of its Python.
python_environment() {
    local folder=$1 python=$1/.venv/bin/python
    if ! cmp -s "$folder/requirements.txt" "$folder/.venv/requirements.txt"; then
        say "Installing what $folder needs" >&2
        # Joined with &&, since a command substitution does not stop at a failure.
        { [ -x "$python" ] || run python3 -I -m venv "$folder/.venv" >&2; } &&
            run "$python" -I -m pip install --quiet --disable-pip-version-check -r "$folder/requirements.txt" >&2 &&
            cp "$folder/requirements.txt" "$folder/.venv/requirements.txt" || return 1
    fi
    printf '%s\n' "$python"
}

# Prints the commit that is built, for `--version`, with a plus sign if files have been changed since; prints nothing
# outside a clone.
build_commit() {
    local commit
    commit=$(git -C "$repository" rev-parse --short=12 HEAD 2>/dev/null) || return 0
    if [ -n "$(git -C "$repository" status --porcelain --untracked-files=no 2>/dev/null)" ]; then commit+=+; fi
    printf '%s\n' "$commit"
}
