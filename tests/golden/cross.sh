#!/usr/bin/env bash
# cross.sh: builds golden_sids for aarch64 without any library, runs it under qemu-user and compares with golden_sids.txt
# (with what this machine's own build gives while that file does not exist).
set -euo pipefail
cd "$(dirname "$0")/../.."

compiler=${CROSS_CC:-aarch64-linux-gnu-gcc}
emulator=${CROSS_RUN:-qemu-aarch64}
mkdir -p build/cross
mapfile -t sources < <(find src/base src/kernel src/linalg src/tensor src/quant -name '*.c' ! -name '*_avx2.c' \
    ! -name '*_avx512*.c' ! -name checkpoint.c ! -name rqvae_state.c)
sources+=(tests/golden/golden_sids.c tests/golden/no_checkpoint.c src/io/{tensor_set,id_index,rows,sha256,vectors}.c)
compile() {
    local name=${1//\//-}
    "$compiler" -std=c17 -O2 -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc \
        -pthread -ffunction-sections -c -o "build/cross/${name%.c}.o" "$1"
}
export -f compile
export compiler
rm -f build/cross/*.o
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I FILE bash -c 'compile FILE'
# io/vectors.c is wanted for one check alone: what else it calls goes with the functions that nobody calls.
"$compiler" -static -pthread -Wl,--gc-sections -o build/cross/golden_sids build/cross/*.o -lm

expected=tests/golden/golden_sids.txt
if [ ! -f "$expected" ]; then
    expected=build/cross/expected.txt
    build/gcc/tests/golden/golden_sids >"$expected"
fi
# One number of threads: emulation is some thirty times slower, and threads are compared natively.
"$emulator" build/cross/golden_sids "$expected" 2 >/dev/null
echo "cross: aarch64 gives the same codebooks and SIDs"
