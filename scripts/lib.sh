# lib.sh: what the scripts of ./dev share: packages, builds, counting tests. Sourced by bash in the tree's root.

jobs=$(nproc 2>/dev/null || echo 2)

fail() {
    printf 'dev: %s\n' "$*" >&2
    exit 2
}

# ---- Packages: a set a verb -------------------------------------------------------------------------------------------

packages_build="gcc libc6-dev cmake ninja-build pkg-config libsqlite3-dev libjansson-dev libutf8proc-dev zlib1g-dev libmicrohttpd-dev"
packages_test="$packages_build libcmocka-dev python3 python3-numpy python3-pytest"
packages_bench="$packages_test g++ libabsl-dev liblmdb-dev python3-venv util-linux"
packages_lint="$packages_test clang clang-format clang-tidy cppcheck"
packages_coverage="$packages_test gcovr"
packages_fuzz="$packages_test clang llvm libclang-rt-14-dev"
packages_ci="ccache chromium curl prometheus python3-venv faketime strace valgrind lintian file dpkg-dev $packages_lint mandoc gcovr llvm libclang-rt-14-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user util-linux"

# Installed by dpkg, or there by other means: a tool in PATH, a library that pkg-config knows.
package_is_there() {
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null) in ii*) return 0 ;; esac
    case $1 in
    ninja-build) command -v ninja ;;
    qemu-user) command -v qemu-aarch64 ;;
    python3-numpy) python3 -c 'import numpy' ;;
    python3-venv) python3 -c 'import ensurepip, venv' ;;
    python3-pytest) python3 -c 'import pytest' ;;
    libsqlite3-dev) pkg-config --exists sqlite3 ;;
    libjansson-dev) pkg-config --exists jansson ;;
    libutf8proc-dev) pkg-config --exists libutf8proc ;;
    zlib1g-dev) pkg-config --exists zlib ;;
    libmicrohttpd-dev) pkg-config --exists libmicrohttpd ;;
    libcmocka-dev) pkg-config --exists cmocka ;;
    lib*) false ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

package_lists_are_there() {
    local lists
    lists=$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' 2>/dev/null | head -n 1)
    [ -n "$lists" ]
}

apt_update() {
    echo "dev: fetching the package lists (apt-get update)"
    as_root apt-get update -qq || fail "apt-get update failed; is there a network, and is apt configured?"
}

apt_install() {
    as_root apt-get install -y -qq --no-install-recommends "$@" </dev/null >"$tree/build/apt.log" 2>&1
}

# need PACKAGE...: all there, or installed, or one command is printed and we stop.
need() {
    local missing=() package
    for package in "$@"; do
        package_is_there "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! may_install; then
        local command="apt-get install -y --no-install-recommends ${missing[*]}"
        package_lists_are_there || command="apt-get update && $command"
        command -v apt-get >/dev/null || echo "dev: there is no apt-get here; these are the names of Debian's packages" >&2
        printf 'dev: missing: %s\nThis user may not install packages. Run this one command, then try again:\n\n' "${missing[*]}" >&2
        if command -v sudo >/dev/null; then
            printf "    sudo sh -c '%s'\n\n" "$command" >&2
        else
            printf "    su -c '%s'\n\n" "$command" >&2
        fi
        exit 1
    fi
    mkdir -p "$tree/build"
    package_lists_are_there || apt_update
    echo "dev: installing ${missing[*]}"
    # Lists may be older than the mirror: fetch them and try once more.
    apt_install "${missing[@]}" || { apt_update && apt_install "${missing[@]}"; } || {
        tail -n 20 "$tree/build/apt.log" >&2
        fail "could not install: ${missing[*]} (build/apt.log)"
    }
}

# ---- Builds and test counts --------------------------------------------------------------------------------------------

# build PRESET [TARGET...]: configures and builds build/PRESET, all of it or these; quiet unless it fails.
build() {
    mkdir -p build
    local preset=$1 log=build/$1.log
    shift
    if ! cmake --preset "$preset" >"$log" 2>&1 ||
        ! cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} >>"$log" 2>&1; then
        tail -n 60 "$log" >&2
        echo "dev: preset $preset does not build (all of it: $log)" >&2
        return 1
    fi
}

# build_tests PRESET CTEST-ARGUMENT...: only the programs of the tests so chosen, which bear their tests' names.
build_tests() {
    local preset=$1 tests
    shift
    cmake --preset "$preset" >"build/$preset.log" 2>&1 || { tail -n 60 "build/$preset.log" >&2; return 1; }
    tests=$(cd "build/$preset" && ctest -N "$@" 2>/dev/null | sed -n 's/^ *Test *#[0-9]*: //p')
    [ -n "$tests" ] || { echo "dev: preset $preset has no such test: $*" >&2; return 1; }
    build "$preset" $tests
}

# run_ctest PRESET [ctest arguments]: runs the tests and appends "passed failed skipped" to $counts. The array run_in may
# hold a command to run ctest in.
run_ctest() {
    local preset=$1 status=0
    shift
    ${run_in[@]+"${run_in[@]}"} ctest --preset "$preset" -j "$jobs" --output-junit "$tree/build/$preset/tests.xml" \
        --test-output-size-passed 10000000 --test-output-size-failed 10000000 "$@" || status=$?
    python3 scripts/count_tests.py "build/$preset/tests.xml" >>"$counts"
    return $status
}

# The tests that use threads, under ThreadSanitizer: that of clang 14 wants its addresses where kernels with 32 bits of
# randomisation no longer put them.
tests_in_tsan=(-R 'pool|ctx|assign|kmeans|quant|lsa|linalg|eigen|catalog|test_(visit|apply|expire|retriever_update)')
run_in_tsan() {
    local run_in=()
    if setarch "$(uname -m)" -R true 2>/dev/null; then run_in=(setarch "$(uname -m)" -R); fi
    run_ctest tsan "${tests_in_tsan[@]}"
}

# The last line of every test run; fails when a test failed or none ran. Reads lines of "passed failed skipped".
print_counts() {
    awk '{ passed += $1; failed += $2; skipped += $3 }
         END { if (skipped) printf "%d skipped: said above why\n", skipped
               printf "%d passed, %d failed\n", passed, failed
               exit failed > 0 || passed == 0 }' "$1"
}

# Where real data stands; empty when there is none.
data_folder() {
    local folder=${SEMID_DATA:-$tree/../shared/data}
    if [ -d "$folder" ]; then (cd "$folder" && pwd); fi
}

say_data() {
    local folder
    folder=$(data_folder)
    if [ -n "$folder" ]; then
        export SEMID_DATA=$folder
    else
        echo "dev: NO REAL DATA: ../shared/data is not there and SEMID_DATA is not set; the tests that need it are SKIPPED"
    fi
}

# The packages of Debian as an items.tsv, on standard output.
debian_items() {
    printf 'item_id\ttitle\tsection\ttags\n'
    apt-cache dumpavail | LC_ALL=C awk -f scripts/debian_items.awk | LC_ALL=C sort
}

# debian_baskets ITEMS.tsv: what each package needs, as an events.tsv on stdout.
debian_baskets() {
    printf 'user_id\titem_id\n'
    apt-cache dumpavail | LC_ALL=C awk -f scripts/debian_baskets.awk "$1" -
}
