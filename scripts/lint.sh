#!/usr/bin/env bash
# ./dev lint: how the code must look and what it must not do. Every check runs; the last lines say which failed.
#   scripts/lint.sh FILE...   runs clang-tidy on these sources only
set -euo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_lint

failed=()
check() {
    local name=$1 started=$SECONDS
    shift
    if "$@"; then
        printf 'lint: %-20s ok      %3d s\n' "$name" $((SECONDS - started))
    else
        printf 'lint: %-20s FAILED  %3d s\n' "$name" $((SECONDS - started))
        failed+=("$name")
    fi
}

# files PATTERN FOLDER...: of the folders that exist.
files() {
    local pattern=$1
    shift
    find $(ls -d "$@" 2>/dev/null) -name "$pattern" | LC_ALL=C sort
}

check_format() {
    files '*.[ch]' include src cli serve tests bench examples | xargs clang-format --dry-run -Werror
}

# One file a run: with several, clang-tidy 14 forgets va_start between files and warns about it.
check_tidy() {
    mkdir -p build
    local sources=("$@")
    cmake --preset clang >build/clang.log 2>&1 || { tail -n 20 build/clang.log; return 1; }
    [ ${#sources[@]} -gt 0 ] || mapfile -t sources < <(files '*.c' src cli serve)
    if ! printf '%s\n' "${sources[@]}" |
        xargs -P "$jobs" -n 1 clang-tidy -p build/clang --quiet >build/tidy.txt 2>build/tidy.log; then
        grep -hE ': (error|warning): ' build/tidy.txt build/tidy.log | sort -u
        echo "lint: clang-tidy: the paths that lead there: build/tidy.txt"
        return 1
    fi
}

# normalCheckLevelMaxBranches: a note, not a finding. The libraries' headers are not needed to judge our code.
check_cppcheck() {
    mkdir -p build/cppcheck
    cppcheck --quiet --error-exitcode=1 --std=c11 -j "$jobs" --cppcheck-build-dir=build/cppcheck \
        --enable=warning,performance,portability --inline-suppr --suppress=missingIncludeSystem \
        --suppress=normalCheckLevelMaxBranches -D__GNUC__=12 -D__x86_64__ -DNDEBUG -I include -I src -I . \
        $(ls -d src cli serve 2>/dev/null)
}

check format check_format
check includes python3 scripts/lint_includes.py
check functions python3 scripts/lint_functions.py
check banned python3 scripts/lint_banned.py
check clang-tidy check_tidy "$@"
check cppcheck check_cppcheck
if [ ${#failed[@]} -gt 0 ]; then
    echo "lint: FAILED: ${failed[*]}"
    exit 1
fi
echo "lint: clean"
