#!/usr/bin/env bash
# The Debian packages that Wince needs, in one place for the Makefile, the image and the chroot build.
#
#   packages.sh install SET...   install what is missing of the sets build, test; say what and why
#   packages.sh tools            check that Go and Node are there and new enough
#   packages.sh runtime FILE...  print the packages whose shared libraries FILE... are linked with
#
# Exit status: 0 done, 1 something is missing and could not be installed (the last line says what to run), 2 wrong arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

# package|why, one a line.
build_set='libopencv-dev|OpenCV 4.6: warps and resamples the face crop
libvpx-dev|decodes and encodes VP8 and VP9
libopenh264-dev|decodes and encodes H.264
pkg-config|finds the three libraries above
gcc|compiles the C bindings
g++|compiles the OpenCV binding
libc6-dev|C headers
ca-certificates|fetches modules and models over HTTPS
git|names the version that is built'
test_set='chromium|the browser of the end-to-end tests
curl|runs the examples of the interface
fonts-dejavu-core|letters for that browser
postgresql|a database server that the tests of the store start themselves'

say() { printf '%s\n' "$*" >&2; }

# missing SET: prints the packages of SET that are not installed. One dpkg-query for all: about 10 ms.
missing() {
  local names have
  names=$(cut -d'|' -f1 <<<"$1")
  # shellcheck disable=SC2086 # one word a package
  have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $names 2>/dev/null | sed -n 's/^installed //p' || true)
  comm -23 <(sort -u <<<"$names") <(sort -u <<<"$have")
}

install() {
  local set wanted='' lacking
  for set in "$@"; do
    case $set in
    build) wanted+=$build_set$'\n' ;;
    test) wanted+=$test_set$'\n' ;;
    *) say "packages.sh: no set called $set; there are build and test"; exit 2 ;;
    esac
  done
  wanted=${wanted%$'\n'}
  if ! command -v dpkg-query >/dev/null; then
    say "This is not a Debian system, so nothing is installed. What is needed, by its Debian names:"
    sed 's/|/: /; s/^/  /' <<<"$wanted" >&2
    return 0
  fi
  lacking=$(missing "$wanted")
  [ -n "$lacking" ] || return 0

  say "Installing Debian packages that are missing:"
  awk -F'|' 'NR == FNR { lacks[$1]; next } $1 in lacks { print "  " $1 ": " $2 }' <(printf '%s\n' "$lacking") <(sort -u <<<"$wanted") >&2
  local names apt=(apt-get -o DPkg::Lock::Timeout=300 -qq) as=(env DEBIAN_FRONTEND=noninteractive)
  names=$(tr '\n' ' ' <<<"$lacking")
  if [ "$(id -u)" != 0 ]; then
    # Without a terminal sudo could not ask for a password.
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as=(sudo "${as[@]}")
    else
      say "That needs root and sudo is not usable here. Run this as root, then try again:"
      say "apt-get update && apt-get install -y --no-install-recommends ${names% }"
      exit 1
    fi
  fi
  # shellcheck disable=SC2086 # one word a package
  if ! { "${as[@]}" "${apt[@]}" update && "${as[@]}" "${apt[@]}" install -y --no-install-recommends $names >/dev/null; }; then
    say "apt-get failed: the message above says why. When that is mended, run as root:"
    say "apt-get update && apt-get install -y --no-install-recommends ${names% }"
    exit 1
  fi
}

# at_least HAVE WANT: compares dotted versions.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

tools() {
  local want have
  want=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
  if ! command -v go >/dev/null; then
    say "Go is not installed or not in PATH; Wince needs Go $want or newer: https://go.dev/dl/"
    exit 1
  fi
  have=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
  # From 1.21 on an older Go fetches the newer one itself, unless it was told not to.
  if ! at_least "$have" "$want" && { ! at_least "$have" 1.21 || [ "$(go env GOTOOLCHAIN)" = local ]; }; then
    say "Go $have is too old; Wince needs $want or newer: https://go.dev/dl/"
    exit 1
  fi
  want=20.19
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    say "Node.js with npm is not installed or not in PATH; the tablet app needs Node $want or newer: https://nodejs.org/"
    exit 1
  fi
  have=$(node --version | sed 's/^v//')
  if ! at_least "$have" "$want"; then
    say "Node $have is too old; the tablet app needs Node $want or newer: https://nodejs.org/"
    exit 1
  fi
}

runtime() {
  local f lib
  for f in "$@"; do
    # Only what the file names itself: what those libraries need in turn, apt knows.
    readelf -d "$f" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
  done | sort -u | while read -r lib; do
    ldconfig -p | sed -n "s|^\t$lib (.*=> \(.*\)|\1|p" | head -n 1
  done | while read -r lib; do
    # Debian 12 has merged /usr, the package lists of some libraries have not.
    dpkg-query -S "$lib" 2>/dev/null || dpkg-query -S "${lib#/usr}" 2>/dev/null || dpkg-query -S "/usr$lib"
  done | cut -d: -f1 | sort -u
}

[ $# -ge 1 ] || { sed -n '2,8p' "$0" >&2; exit 2; }
verb=$1
shift
case $verb in
install) install "$@" ;;
tools) tools ;;
runtime) runtime "$@" ;;
*) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
