#!/usr/bin/env bash
# Runs one fuzz target for some time: tests/fuzz/fuzz.sh keras_h5_fuzzer SECONDS SEEDS CORPUS
# Status 2 is libhdf5's own crash, which the program reports as a damaged file: counted, not a finding.
set -uo pipefail
target=$1 seconds=$2 seeds=$3 corpus=$4
mkdir -p "$corpus"
end=$((SECONDS + seconds))
damaged=0
while [ $SECONDS -lt $end ]; do
  status=0
  UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
    "build-fuzz/tests/fuzz/$target" -max_total_time=$((end - SECONDS)) -timeout=20 -rss_limit_mb=4096 \
    -artifact_prefix="$corpus/finding-" -print_final_stats=1 "$corpus" "$seeds" 2>"$corpus.log" || status=$?
  if [ $status -eq 2 ]; then
    damaged=$((damaged + 1))
  elif [ $status -ne 0 ]; then
    tail -n 40 "$corpus.log" >&2
    exit $status
  fi
done
echo "$target: $seconds s without a finding, $(find "$corpus" -type f | wc -l) files; libhdf5 crashed $damaged times"
