#!/bin/sh
# Makes `.toolchain/bin/deno` and `.toolchain/bin/zig`: links to suitable ones on PATH, else to
# those of a virtual environment, from PyPI. Then sees to the system packages that TARGET needs.
#
#     sh tools/toolchain.sh [build|demo|test]
#
# A second run finds everything in place and takes some milliseconds.
set -eu

deno_version=2.9.8
zig_version=0.16.0

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
folder=$root/.toolchain
target=${1:-build}

say() { echo "toolchain: $*" >&2; }
die() {
    say "$*"
    exit 1
}

# Whether the program $1 is a Deno (or Zig) that lvrm was tested with.
is_deno() {
    case $("$1" --version 2>/dev/null | head -n 1) in
    "deno 2.9."*) return 0 ;;
    *) return 1 ;;
    esac
}
is_zig() { [ "$("$1" version 2>/dev/null)" = "$zig_version" ]; }

# Path of program $1 on PATH, our own links apart.
on_path() {
    (
        IFS=:
        for directory in $PATH; do
            case $directory in "$folder"/*) continue ;; esac
            if [ -x "$directory/$1" ] && [ ! -d "$directory/$1" ]; then
                echo "$directory/$1"
                return
            fi
        done
    )
}

# Installs Debian packages "$@", or says how.
install_packages() {
    command -v apt-get >/dev/null ||
        die "missing: $*; install these Debian packages' programs and run this again"
    [ "$(id -u)" = 0 ] ||
        die "missing: $*; run \`sudo apt-get install -y $*\` and then this again"
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null >&2
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2 ||
        die "apt-get could not install $*; see its message above"
}

# Adds the Debian package $2 to the wanted ones unless the program $1 is there.
wanted=
want() { command -v "$1" >/dev/null || wanted="$wanted $2"; }

# The interpreter for the virtual environment: the system's where there is one, as shims of version
# managers may change what they stand for.
python() {
    if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3; fi
}

install_from_pypi() {
    environment=$folder/py
    if ! "$environment/bin/python" -c 'import pip' 2>/dev/null; then
        rm -rf "$environment"
        "$(python)" -m venv "$environment" >&2 ||
            die "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv"
    fi
    say "installing Deno $deno_version and Zig $zig_version from PyPI into .toolchain/py"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        --no-input "deno==$deno_version" "ziglang==$zig_version" </dev/null >&2 ||
        die "pip could not install deno and ziglang; is PyPI (or a mirror in pip.conf) reachable?"
}

# Zig as its package lays it: a folder with the program and its library side by side.
zig_of_environment() { echo "$folder"/py/lib/python3*/site-packages/ziglang/zig; }

link_tools() {
    deno=$(on_path deno)
    zig=$(on_path zig)
    [ -n "$deno" ] && is_deno "$deno" || deno=$folder/py/bin/deno
    [ -n "$zig" ] && is_zig "$zig" || zig=$(zig_of_environment)
    is_deno "$deno" && is_zig "$zig" || {
        install_from_pypi
        is_deno "$deno" || deno=$folder/py/bin/deno
        is_zig "$zig" || zig=$(zig_of_environment)
    }
    is_deno "$deno" || die "$deno does not run; remove .toolchain/ and try again"
    is_zig "$zig" || die "$zig does not run; remove .toolchain/ and try again"
    mkdir -p "$folder/bin"
    # A new link replaces the old one in one step: something may be using it.
    ln -sf "$deno" "$folder/bin/deno.new" && mv -f "$folder/bin/deno.new" "$folder/bin/deno"
    ln -sf "$zig" "$folder/bin/zig.new" && mv -f "$folder/bin/zig.new" "$folder/bin/zig"
    say "deno is $deno"
    say "zig is $zig"
}

want python3 python3
case $target in
demo) want ip iproute2 ;;
test | bench)
    want ip iproute2
    want cc "gcc libc6-dev"
    want unshare util-linux
    want git git
    # VRs in Rust, and what judges them.
    want cargo "cargo rustc"
    want rustfmt rustfmt
    want cargo-clippy rust-clippy
    ;;
esac

if is_deno "$folder/bin/deno" && is_zig "$folder/bin/zig"; then
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || install_packages $wanted
    exit 0
fi
# Debian's python3 comes without what a virtual environment needs.
"$(python)" -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python3-venv"
# shellcheck disable=SC2086
[ -z "$wanted" ] || install_packages $wanted
link_tools
