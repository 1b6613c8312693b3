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
    is_temporary=yes
fi

leave() {
    umount "$bare/proc" "$bare/dev/pts" "$bare/dev" 2>/dev/null || true
    [ -z "$is_temporary" ] || rm -rf --one-file-system "$bare"
}
trap leave EXIT

# The mirror that this machine uses; a proxy or another mirror in apt's configuration is honoured by debootstrap too.
mirror=$(apt-cache policy | awk '$2 ~ /^https?:/ && $3 ~ /^bookworm\/main/ { print $2 }' | tail -n 1)
proxy=$(apt-config shell proxy Acquire::http::Proxy | sed "s/^proxy='\(.*\)'$/\1/")
[ -z "$proxy" ] || export http_proxy=$proxy
if [ ! -x "$bare/usr/bin/apt-get" ]; then
    debootstrap --variant=minbase bookworm "$bare" "${mirror:-http://deb.debian.org/debian}" >"$bare.log" 2>&1 ||
        { tail -n 20 "$bare.log" >&2; exit 1; }
fi

# Only Debian's own sources: another vendor's repository would need its own certificates.
rm -f "$bare/etc/apt/sources.list"
mkdir -p "$bare/etc/apt/sources.list.d" "$bare/etc/apt/apt.conf.d" "$bare/usr/share/keyrings" "$bare/etc/apt/keyrings"
host=$(echo "${mirror:-http://debian.org}" | cut -d/ -f3)
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    if grep -qis -e 'debian\.org' -e "$host" "$file"; then cp "$file" "$bare$file"; fi
done
cp -r /etc/apt/apt.conf.d/. "$bare/etc/apt/apt.conf.d/"
for file in /etc/apt/apt.conf /etc/apt/auth.conf; do [ ! -f $file ] || cp $file "$bare$file"; done
cp -r /usr/share/keyrings/. "$bare/usr/share/keyrings/"
cp /etc/resolv.conf "$bare/etc/resolv.conf"

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
