#!/bin/sh
# Makes .venv beside pyproject.toml with the packages of requirements.lock. Does nothing when it is as it should be already.
# Needs python3 (3.11 or later) and a package index; brings uv by itself. Can be interrupted and run again at any time.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

python=${PYTHON:-python3}
command -v "$python" >/dev/null || { say "setup: no $python; install Python 3.11 or later"; exit 2; }
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || {
    say "setup: $python is $("$python" -V 2>&1); Python 3.11 to 3.13 is needed (set PYTHON)"
    exit 2
}

# What the environment was made from: when any of it changes, it is made anew.
want=$(cat requirements.lock pyproject.toml engine/bootstrap.sh | sha256sum | cut -c1-64)-$("$python" -V | tr -d ' ')
[ "$(cat .venv/made-from 2>/dev/null)" = "$want" ] && exit 0

say "setup: making .venv"
uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    home=${RINGFENCE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ringfence}/uv
    if [ ! -x "$home/bin/uv" ]; then
        # Debian ships venv apart from Python.
        "$python" -c 'import ensurepip' 2>/dev/null || {
            say "setup: installing python3-venv"
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        }
        rm -rf "$home" && "$python" -m venv "$home" && "$home/bin/pip" install -q --disable-pip-version-check uv
    fi
    uv=$home/bin/uv
fi
export UV_PYTHON_DOWNLOADS=never
[ -x .venv/bin/python ] || "$uv" venv -q --clear --python "$python" .venv
rm -f .venv/made-from
"$uv" pip sync -q --python .venv requirements.lock
"$uv" pip install -q --python .venv --no-deps --no-build-isolation -e .
printf %s "$want" >.venv/made-from
