# make_debian.sh: sourced by the scripts beside it: a Debian 12 in the folder $bare, by debootstrap unless there is one, that
# installs packages from where this machine does. Sets http_proxy where apt has a proxy.

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
