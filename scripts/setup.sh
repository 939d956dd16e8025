#!/bin/sh
# Make .venv from a hash-locked list, on a machine that has python3 (3.11 or 3.12) and nothing else of ours.
# usage: scripts/setup.sh LOCKFILE
# As root (or with passwordless sudo) missing Debian packages are installed; otherwise they are fetched with apt and unpacked
# below .venv/native, which the Makefile puts on the library path. What cannot be had is said in one line.
set -eu
lock=$1
venv=.venv
native=$venv/native
py=${PYTHON:-python3}

say() { echo "setup: $*" >&2; }
can_load_chromaprint() { "$py" -c 'import ctypes; ctypes.CDLL("libchromaprint.so.1")' 2>/dev/null; }
can_make_venv() { "$py" -c 'import ensurepip, venv' 2>/dev/null; }
has_pip() { "$py" -m pip --version >/dev/null 2>&1; }

# Debian packages for root: apt as usual.
apt_install() {
  command -v apt-get >/dev/null || return 1
  sudo=
  [ "$(id -u)" = 0 ] || { sudo -n true 2>/dev/null || return 1; sudo="sudo -n"; }
  say "installing $* with apt"
  { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@"; } >"$venv/apt.log" 2>&1
}

# Debian packages for everybody else: apt with its state in our own folder, unpacked, nothing installed.
apt_unpack() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  say "fetching $* with apt into $native (no root needed)"
  state=$(pwd)/$venv/apt
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$native"
  own="-q -o Dir::State::lists=$state/lists -o Dir::Cache=$state/cache -o Debug::NoLocking=1 -o APT::Sandbox::User="
  apt-get $own update >"$venv/apt.log" 2>&1 || return 1
  apt-get $own install -y --download-only --no-install-recommends "$@" >>"$venv/apt.log" 2>&1 || return 1
  for deb in "$state"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$native"; done
  rm -rf "$state"
}

"$py" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' ||
  { say "Python 3.11 or 3.12 is needed; set PYTHON=/path/to/python3.11"; exit 1; }

mkdir -p "$venv"
for lib in "$native"/usr/lib/*-linux-gnu; do LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; export LD_LIBRARY_PATH; done
can_load_chromaprint || apt_install libchromaprint1 || apt_unpack libchromaprint1 ||
  { say "libchromaprint1 is missing and apt cannot fetch it (see $venv/apt.log); run: apt-get install libchromaprint1"; exit 1; }

if [ ! -x "$venv/bin/python" ]; then
  if command -v uv >/dev/null; then uv venv -q --allow-existing --python "$py" "$venv"
  elif can_make_venv || { ! has_pip && apt_install python3-venv; }; then "$py" -m venv "$venv"
  else "$py" -m venv --without-pip "$venv"
  fi
fi
say "installing $lock"
if command -v uv >/dev/null; then uv pip install -q --python "$venv/bin/python" --require-hashes -r "$lock"
elif "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
elif has_pip; then "$py" -m pip --python "$venv/bin/python" install -q --disable-pip-version-check --require-hashes -r "$lock"
elif apt_unpack python3-pip-whl; then
  PYTHONPATH=$(ls "$native"/usr/share/python-wheels/pip-*.whl) "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
else say "there is no pip; run: apt-get install python3-venv"; exit 1
fi
