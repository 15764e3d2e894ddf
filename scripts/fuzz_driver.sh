#!/usr/bin/env bash
# Fuzz every parser of bytes from the wire (or those of FUZZ_TARGETS), all at once, for FUZZ_SECONDS (60 unless set), with
# libFuzzer, which needs clang.
set -eu
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
clang=${CLANG:-$(command -v clang || true)}
folder=build/fuzz
mkdir -p "$folder"
if [ -z "$clang" ]; then
    echo "fuzz-driver: not run, there is no clang (on Debian: clang libclang-rt-dev); make test feeds the same parsers random bytes"
    exit 0
fi
echo 'int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n); int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n) { return b == 0 && n > 0; }' >"$folder/probe.c"
if ! "$clang" -fsanitize=fuzzer,address,undefined "$folder/probe.c" -o "$folder/probe" 2>"$folder/probe.log"; then
    echo "fuzz-driver: not run, $clang has no libFuzzer (on Debian: libclang-rt-dev), see $folder/probe.log"
    exit 0
fi
targets=${FUZZ_TARGETS:-frame glimpse hostlink session relay}
for target in $targets; do
    "$clang" -std=c11 -g -O1 -D_POSIX_C_SOURCE=200809L -DPENNYWIRE_VERSION='"fuzz"' -Ihost-driver/include \
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        "host-driver/fuzz/fuzz_$target.c" host-driver/src/{glimpse,hostlink,soup,relay_link,error,xdp_frame}.c -o "$folder/fuzz_$target"
    mkdir -p "$folder/corpus_$target"
done
running=()
for target in $targets; do
    "$folder/fuzz_$target" -max_total_time="$seconds" -max_len=5000 -artifact_prefix="$folder/" -print_final_stats=1 \
        "$folder/corpus_$target" >"$folder/$target.log" 2>&1 &
    running+=("$target $!")
done
status=0
for one in "${running[@]}"; do
    read -r target process <<<"$one"
    if wait "$process"; then
        echo "fuzz-driver: $target, $(grep -oE 'number_of_executed_units: *[0-9]+' "$folder/$target.log" | grep -oE '[0-9]+') inputs in $seconds s, no fault"
    else
        tail -40 "$folder/$target.log"
        echo "fuzz-driver: $target failed; the input that did it is in $folder" >&2
        status=1
    fi
done
exit $status
