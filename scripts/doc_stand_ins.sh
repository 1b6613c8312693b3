# doc_stand_ins.sh: what a block of the documentation shows and a test must not do, or not at its size: sourced by the unseen lines
# `<!-- with: . "$TREE/scripts/doc_stand_ins.sh" -->` of a page. The commands still run, with all their options.

# Two epochs or steps of a training, thousands of vectors for a million, and outputs that are made anew.
semid() {
    local words=() word out= previous= is_counted=
    for word in "$@"; do
        case $previous in
        --epochs | --steps) word=2 is_counted=1 ;;
        --item-count) word=4000 ;;
        -o) out=$word ;;
        esac
        words+=("$word")
        previous=$word
    done
    case "$1 ${2:-}" in
    "train sasrec" | "train sidgpt" | "train tiger") [ -n "$is_counted" ] || words+=(--epochs 2) ;;
    fit*) case " $* " in *" rqkmeans-plus "* | *" rqvae "*) words+=(--steps 2) ;; esac ;;
    esac
    case $1 in train | fit | synth) [ -z "$out" ] || case " $* " in *" --resume "*) ;; *) rm -rf "$out" ;; esac ;; esac
    command semid "${words[@]}"
}

# Says what it would install: the packages are known by these names.
apt-get() {
    command apt-get --simulate -qq "$@" >apt.txt || { cat apt.txt; return 1; }
}

# A user that the package would make is not there.
install() {
    local words=()
    while [ $# -gt 0 ]; do
        case $1 in -o | -g) shift ;; *) words+=("$1") ;; esac
        shift
    done
    command install "${words[@]}"
}

# What systemd would start and reload, by the lines of packaging/semid.service, below this folder and on a socket.
systemctl() {
    local line options=
    case $* in
    "enable --now semid")
        line=$(sed -n 's|^ExecStart=/usr/bin/||p' "$TREE/packaging/semid.service" | sed "s|/srv/|$PWD/srv/|g")
        options=$(sed -n 's/^SEMID_SERVE_OPTIONS=//p' etc/default/semid)
        (eval "exec ${line/\$SEMID_SERVE_OPTIONS/$options} --unix \"$PWD/socket\" --drain-s 0") >served.txt 2>&1 &
        echo $! >served.pid
        for _ in $(seq 200); do [ -S socket ] && return 0 || sleep 0.05; done
        cat served.txt
        return 1
        ;;
    "reload semid") MAINPID=$(cat served.pid) sh -c "$(sed -n 's|^ExecReload=/bin/sh -c "\(.*\)"|\1|p' "$TREE/packaging/semid.service")" ;;
    *) return 1 ;;
    esac
}
