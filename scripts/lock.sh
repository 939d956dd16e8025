#!/bin/sh
# Rewrite the locks from pyproject.toml; with --check, fail when they are stale.
# Hashes of everything, and no package host: plain pip installs them with --require-hashes.
set -eu
mode=${1:-write}
compile() { # OUTPUT EXTRAS...
  output=$1; shift
  [ "$mode" = --check ] && { cp "$output" "$folder/$output"; target=$folder/$output; } || target=$output
  .venv/bin/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-find-links --no-emit-index-url \
    --custom-compile-command "make lock" "$@" pyproject.toml -o "$target" >/dev/null
  [ "$mode" != --check ] || cmp -s "$output" "$target" || { echo "$output is stale; run: make lock" >&2; exit 1; }
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
compile requirements.lock
compile requirements-dev.lock --extra dev --extra s3
