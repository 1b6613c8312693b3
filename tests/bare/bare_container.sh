#!/usr/bin/env bash
# bare_container.sh [FOLDER]: the proof that packaging/Containerfile builds and serves, by buildah, without a registry: its base is a Debian 12
# made by debootstrap in FOLDER or a temporary one. Run it by hand, as root: it downloads some 300 MB and compiles everything.
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "bare_container: only root can make a root file system" >&2; exit 2; }
for tool in debootstrap buildah; do
    command -v $tool >/dev/null || { echo "bare_container: $tool is missing: apt-get install -y debootstrap buildah" >&2; exit 2; }
done
store=$(mktemp -d)
trap 'rm -rf --one-file-system "$store"' EXIT
bare=${1:-$store/bare}
mkdir -p "$bare"
chmod 755 "$bare"
cd "$tree"
. tests/bare/make_debian.sh
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot # works where a container itself runs
in_store() { buildah --root "$store/images" --runroot "$store/run" "$@"; }

base=$(in_store from scratch)
in_store add --quiet "$base" "$bare" /
in_store commit --quiet "$base" docker.io/library/debian:bookworm-slim >/dev/null
in_store bud --quiet --pull-never -t semid -f packaging/Containerfile .

# What the image runs, as the user it runs it as: a catalogue that this machine made, served and asked.
made=$(in_store from --pull-never semid)
program=$(in_store run "$made" -- semid version | head -n 1)
mkdir "$store/shop"
cp examples/shop.tsv "$store/shop/items.tsv"
chmod 777 "$store/shop"
in_store run --volume "$store/shop:/srv/semid" "$made" -- semid fit /srv/semid/items.tsv -o /srv/semid/current --codes 8 --quiet
in_store run --volume "$store/shop:/srv/semid" "$made" -- timeout 20 semid serve /srv/semid/current --root /srv/semid \
    --unix /srv/semid/socket --drain-s 0 2>"$store/log" &
for _ in $(seq 100); do [ -S "$store/shop/socket" ] && break || sleep 0.1; done
answer=$(curl -sf --unix-socket "$store/shop/socket" http://localhost/v1/items/tea-01) || { cat "$store/log"; exit 1; }
wait || true
case $answer in *'"item_id":"tea-01"'*) ;; *) echo "bare_container: answers $answer"; exit 1 ;; esac
echo "bare_container: $program, built and served as user $(stat -c %u "$store/shop/current"): ok"
