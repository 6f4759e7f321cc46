#!/usr/bin/env bash
# Follow docker/Dockerfile without a container engine: each stage is a debootstrap system, each RUN runs in a chroot, and
# the outcome is started under the limits of docker/compose.yaml. Says at the end what was run and what was not.
#
#   chroot-build.sh [-k] [-b]    -k  keep the systems (their folder is printed); -b  build only, do not start the outcome
#
# Needs root and debootstrap, and on this machine Go and Node, which stand in for the golang and node images. MIRROR names
# another Debian mirror. Exit status: 0 all that was run went well, 1 something did not, 2 wrong arguments.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
keep='' start=1
while getopts kb o; do case $o in k) keep=1 ;; b) start='' ;; *) sed -n '2,8p' "$0" >&2; exit 2 ;; esac; done
[ "$(id -u)" = 0 ] || { echo "chroot-build.sh: chroots need root; run it with sudo" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "chroot-build.sh: debootstrap is missing; run: apt-get install -y debootstrap" >&2; exit 1; }

work=$(mktemp -d)
ran=() not_run=()
say() { printf '\n== %s\n' "$*"; }
unmount() {
  local m
  for m in $(awk -v w="$work/" 'index($2, w) == 1 { print $2 }' /proc/mounts | sort -r); do umount -l "$m"; done
}
leave() {
  unmount
  if [ -n "$keep" ]; then echo "kept: $work"; else rm -rf --one-file-system "$work"; fi
}
trap leave EXIT

# base ROOT: a minimal Debian 12 that reaches the network the way this machine does.
base() {
  if [ ! -d "$work/base" ]; then
    # shellcheck disable=SC2086 # no mirror named: debootstrap's own
    debootstrap --variant=minbase --include=ca-certificates bookworm "$work/base" ${MIRROR:-} >"$work/debootstrap.log" ||
      { tail -n 3 "$work/debootstrap.log" >&2; exit 1; }
    cp /etc/resolv.conf /etc/hosts "$work/base/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
  fi
  cp -a --reflink=auto "$work/base" "$1"
}

# stand_in IMAGE ROOT: what this machine has in place of an image that would be pulled.
stand_in() {
  local f npm
  case $1 in
  debian:12-slim) base "$2" ;;
  golang:*)
    base "$2"
    chroot "$2" sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends git make gcc g++ libc6-dev pkg-config' >"$2.log" 2>&1 ||
      { tail -n 3 "$2.log" >&2; exit 1; }
    cp -a "$(go env GOROOT)" "$2/usr/local/go"
    # Settings for a network that reaches Go modules and npm packages in its own way.
    for f in "$(go env GOENV)" "$HOME/.npmrc" /etc/npmrc /usr/etc/npmrc; do
      if [ -f "$f" ]; then install -D -m 600 "$f" "$2$f"; fi
    done
    ;;
  node:*)
    npm=$(readlink -f "$(command -v npm)")
    mkdir -p "$2/usr/local/bin" "$2/usr/local/lib/node_modules"
    cp "$(readlink -f "$(command -v node)")" "$2/usr/local/bin/node"
    cp -a "${npm%/bin/*}" "$2/usr/local/lib/node_modules/npm"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$2/usr/local/bin/npm"
    ;;
  *) echo "chroot-build.sh: nothing here stands in for the image $1" >&2; exit 1 ;;
  esac
}

# The build context: the working tree without what git ignores.
mkdir -p "$work/context"
git -C "$top" ls-files -z -co --exclude-standard | (cd "$top" && xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh) |
  tar -C "$top" --null -T - -cf - | tar -C "$work/context" -xf -

root='' dir=/ user=''
declare -A names=()
variables=("VERSION=$(git -C "$top" describe --tags --always --dirty)")
environment=()
path=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for v in http_proxy https_proxy no_proxy; do if [ -n "${!v:-}" ]; then variables+=("$v=${!v}"); fi; done
for v in SSL_CERT_FILE NODE_EXTRA_CA_CERTS; do if [ -n "${!v:-}" ]; then variables+=("$v=/etc/ssl/certs/ca-certificates.crt"); fi; done

while IFS= read -r line; do
  read -r word rest <<<"$line"
  case $word in
  FROM)
    read -r image _ name <<<"$rest"
    root=$work/stage${#names[@]} dir=/
    names[${name:-last}]=$root
    say "FROM $image"
    stand_in "$image" "$root"
    if [ -d "$root/proc" ]; then
      mount -t proc proc "$root/proc"
      mount --bind /dev "$root/dev"
    fi
    not_run+=("pull of $image")
    ;;
  COPY)
    from=$work/context
    if [[ $rest == --from=* ]]; then from=${rest#--from=}; from=${names[${from%% *}]}; rest=${rest#* }; fi
    # shellcheck disable=SC2206 # one word a path
    paths=($rest)
    to=${paths[-1]}
    [[ $to == /* ]] || to=$dir/$to
    [[ $to != */ ]] || mkdir -p "$root$to"
    for p in "${paths[@]:0:${#paths[@]}-1}"; do
      if [ -d "$from/$p" ]; then mkdir -p "$root$to" && cp -a "$from/$p/." "$root$to/"; else cp -a "$from/$p" "$root$to"; fi
    done
    ran+=("$word $rest")
    ;;
  RUN)
    while [[ $rest == --mount=* ]]; do rest=${rest#* }; done
    say "RUN $rest"
    began=$SECONDS
    chroot "$root" env -i HOME=/root PATH=$path DEBIAN_FRONTEND=noninteractive "${variables[@]}" "${environment[@]}" \
      sh -ec "cd $dir && $rest" </dev/null
    ran+=("$word $rest ($((SECONDS - began)) s)")
    ;;
  WORKDIR) dir=$rest && mkdir -p "$root$dir" ;;
  ENV) environment+=("$rest") ;;
  USER) user=$rest ;;
  ARG | VOLUME | EXPOSE | ENTRYPOINT | CMD) ;;
  HEALTHCHECK) not_run+=("the engine's own timing of the health check") ;;
  *) echo "chroot-build.sh: does not know the instruction $word" >&2; exit 1 ;;
  esac
done < <(sed -e '/^#/d' -e '/^$/d' "$top/docker/Dockerfile" | sed -e ':a' -e '/\\$/N; s/\\\n//; ta')

say "Size of the last stage: $(du -sxm --exclude=./proc --exclude=./dev "$root" | cut -f1) MB"

if [ -n "$start" ]; then
  say "Start it: read-only root, own /tmp, no capabilities, no new privileges, user $user, no network but loopback"
  mkdir -p "$work/data" && cp "$top/testdata/clips/pain.ivf" "$work/data/" && chown -R "$user" "$work/data"
  # shellcheck disable=SC2016 # expanded inside
  unshare --mount --net --pid --fork sh -euc '
    root=$1 data=$2 user=$3
    ip link set lo up
    mount --bind "$root" "$root" && mount --bind "$data" "$root/data"
    mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" && mount -t tmpfs tmpfs "$root/tmp"
    limits="chroot $root setpriv --reuid ${user%:*} --regid ${user#*:} --clear-groups --no-new-privs --bounding-set=-all
      --inh-caps=-all env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp WINCE_DATA=/data"
    $limits wince version
    $limits wince models verify
    if $limits touch /usr/local/share/wince/written 2>/dev/null; then echo "the root file system can be written to" >&2; exit 1; fi
    $limits wince serve & server=$!
    for _ in $(seq 60); do
      if $limits wince health >/dev/null 2>&1; then break; fi
      kill -0 $server || { echo "the server ended" >&2; exit 1; }
      sleep 0.5
    done
    $limits wince health
    $limits wince simulate --url https://127.0.0.1:8443 --clip /data/pain.ivf --streams 1 --seconds 5
    kill -TERM $server
    wait $server
  ' sh "$root" "$work/data" "$user"
  ran+=("wince version, models verify, serve, health, simulate, stop by SIGTERM, as $user on a read-only root")
else
  not_run+=("the outcome itself")
fi

say "Run:"
printf '  %s\n' "${ran[@]}"
say "Not run, for want of a container engine:"
printf '  %s\n' "${not_run[@]}" "layers, build cache mounts and image export" "docker/compose.yaml: its port mapping and restart rule"
