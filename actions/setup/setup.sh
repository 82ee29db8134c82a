#!/usr/bin/env bash
# Install what a step of the road needs, from locks alone, and put it on the path of the steps that follow.
#
# INSTALL  repo: the repo's own environment, as its uv.lock says.  road: pavedroad alone, outside the repo.
set -euo pipefail

road=$(cd "$GITHUB_ACTION_PATH/../.." && pwd)

stop() {
    printf '::error title=The environment cannot be installed::%s\n' "$1"
    exit 2
}

# Run a program that may run the repo's code (what builds a package is code) deaf to what it prints, and without the
# files by which a step speaks to the next ones.
fenced() {
    local word status=0
    word=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    printf '::stop-commands::%s\n' "$word"
    env -u GITHUB_ENV -u GITHUB_PATH -u GITHUB_OUTPUT -u GITHUB_STEP_SUMMARY "$@" || status=$?
    printf '\n::%s::\n' "$word"
    return "$status"
}

# The road itself, from the very commit that this action comes from, with what it needs pinned by hash.
install_road() {
    uv pip install --quiet --python "$1" --require-hashes --requirement "$road/requirements/$2.txt"
    uv pip install --quiet --python "$1" --no-deps --no-build-isolation "$road"
}

case "$INSTALL" in
repo)
    [[ -f uv.lock ]] || stop 'There is no uv.lock in the working directory. Make it with "uv lock" and commit it.'
    fenced uv sync --quiet --locked || stop 'uv.lock does not fit pyproject.toml, or cannot be installed. Run "uv lock" and commit it.'
    environment=$PWD/.venv
    grep -qx 'name = "pavedroad"' uv.lock || install_road "$environment" standard
    fenced "$environment/bin/python" -I "$GITHUB_ACTION_PATH/compiled.py" lay ~/.cache/pavedroad/compiled/modules.zip
    ;;
road)
    # A job that asks twice for the same road gets it once; the folder lives no longer than the job.
    environment=$RUNNER_TEMP/pavedroad-$(cksum <<<"$road" | cut -d ' ' -f 1)
    if [[ ! -x $environment/bin/pavedroad ]]; then
        uv venv --quiet --clear --no-project --python '>=3.11' "$environment"
        install_road "$environment" core
    fi
    ;;
*)
    stop 'The input "install" is neither "repo" nor "road".'
    ;;
esac
printf '%s\n' "$environment/bin" >>"$GITHUB_PATH"
