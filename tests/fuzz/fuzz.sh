#!/usr/bin/env bash
# Runs one fuzz target for some time: tests/fuzz/fuzz.sh onnx|keras_h5|keras_zip|keras_config SECONDS [MORE SEEDS ...]
# What it learns is kept in build-fuzz/corpus, a finding as build-fuzz/finding-*, which ends the run with status 1.
# Crashes and hangs within libhdf5, which the program reports as a damaged file (src/importer/hdf5_guard.h), are
# counted, but no findings.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
format=$1 seconds=$2
shift 2
corpus=build-fuzz/corpus/$format
log=build-fuzz/$format.log
mkdir -p "$corpus"
# The sanitizer's handlers, not the guard's, so that a crash leaves its input and its stack.
# No more memory at once than a machine may have to give: libhdf5 asks for what a damaged file says, and takes a no.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2048:handle_segv=2:handle_abort=2:handle_sigfpe=2:handle_sigill=2:handle_sigbus=2
export UBSAN_OPTIONS=print_stacktrace=1
[ -w /dev/shm ] && export TMPDIR=/dev/shm

# Whether the innermost of the known frames is libhdf5's.
in_libhdf5() {
  grep -E '^ +#[0-9]+ .*(libhdf5|convscope::)' "$log" | head -n 1 | grep -q libhdf5
}

end=$((SECONDS + seconds)) damaged=0 runs=0
while [ $SECONDS -lt $end ]; do
  status=0
  "build-fuzz/tests/fuzz/${format}_fuzzer" -max_total_time=$((end - SECONDS)) -timeout=8 -rss_limit_mb=4096 \
    -malloc_limit_mb=1000000 \
    -artifact_prefix="build-fuzz/finding-$format-" -print_final_stats=1 \
    "$corpus" "tests/fuzz/corpus/$format" "$@" >"$log" 2>&1 || status=$?
  units=$(sed -n "s/^stat::number_of_executed_units: *//p" "$log" | tail -n 1)
  runs=$((runs + ${units:-0}))
  [ $status -eq 0 ] && continue
  if in_libhdf5; then
    damaged=$((damaged + 1))
    rm -f "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
  else
    tail -n 60 "$log" >&2
    exit 1
  fi
done
echo "$format: $runs runs in $seconds s without a finding; libhdf5 failed $damaged times"
