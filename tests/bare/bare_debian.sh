#!/usr/bin/env bash
# bare_debian.sh [FOLDER]: the proof that nothing else is needed. Makes a Debian 12 (debootstrap, variant minbase) in FOLDER
# or a temporary one, copies this machine's package-manager configuration and a clone of the tree into it, and runs
# `./dev quickstart` and `./dev test` there, as root, with nothing else typed.
#
# Run it by hand, as root: it downloads some 300 MB, so CI does not. A FOLDER that holds a Debian already is used again.
# BARE_RUN="help" runs other verbs of ./dev instead.
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "bare_debian: only root can make and enter a root file system" >&2; exit 2; }
for tool in debootstrap chroot mount; do
    command -v $tool >/dev/null || { echo "bare_debian: apt-get install -y $tool" >&2; exit 2; }
done

is_temporary=
if [ $# -gt 0 ]; then
    bare=$1
else
    bare=$(mktemp -d)
    chmod 755 "$bare" # it becomes "/" for tests that give up their rights
    is_temporary=yes
fi

leave() {
    umount "$bare/proc" "$bare/dev/pts" "$bare/dev" 2>/dev/null || true
    [ -z "$is_temporary" ] || rm -rf --one-file-system "$bare"
}
trap leave EXIT

. "$tree/tests/bare/make_debian.sh"

rm -rf "$bare/semid"
git clone -q "$tree" "$bare/semid"
mountpoint -q "$bare/proc" || mount -t proc proc "$bare/proc"
mountpoint -q "$bare/dev" || mount --bind /dev "$bare/dev"
mountpoint -q "$bare/dev/pts" || mount --bind /dev/pts "$bare/dev/pts"

read -r -a verbs <<<"${BARE_RUN:-quickstart test}"
for verb in "${verbs[@]}"; do
    echo "==== ./dev $verb in a bare Debian $(cat "$bare/etc/debian_version")"
    started=$SECONDS
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TERM="${TERM:-dumb}" ${http_proxy:+http_proxy=$http_proxy} \
        chroot "$bare" /semid/dev "$verb" </dev/null
    echo "==== ./dev $verb: ok, $((SECONDS - started)) s"
done
