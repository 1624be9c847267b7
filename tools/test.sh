#!/usr/bin/env bash
# Builds everything in build/ and runs all tests with Vulkan's validation layers on. The last line counts the cases.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
# What only tests use, and users need not have: a browser and a checker of HTML for the microscope's pages, and Slurm.
# Without them these tests skip.
if command -v apt-get >/dev/null && ! { command -v chromium && command -v tidy && command -v slurmd; } >/dev/null; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends chromium tidy slurm-wlm munge >/dev/null </dev/null ||
    echo "test.sh: chromium, tidy and slurm-wlm can't be installed: tests that use them are skipped" >&2
fi
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset release -DCONVSCOPE_TESTS=ON "${launcher[@]}"
cmake --build --preset release

results=build/test-results
rm -rf "$results" && mkdir -p "$results"
status=0
# Two at a time: while one compiles shaders on one core, the other runs.
GTEST_OUTPUT="xml:$PWD/$results/" ctest --preset release --parallel 2 "$@" || status=$?

# Each program leaves a file of results; one that crashed or was stopped leaves none, and counts as one failure.
sum() { # of an attribute over the head lines of all results
  { cat "$results"/*.xml 2>/dev/null || true; } |
    sed -n "s/^<testsuites.* $1=\"\([0-9]*\)\".*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}
cases=$(sum tests)
disabled=$(sum disabled)
skipped=$({ grep -hs ' result="skipped"' "$results"/*.xml || true; } | wc -l)
failed=$(sum failures)
passed=$((cases - failed - disabled - skipped))
if [ "$status" -ne 0 ]; then
  programs=$(ctest --preset release -N "$@" | sed -n 's/^Total Tests: //p')
  finished=$(find "$results" -name '*.xml' | wc -l)
  failed=$((failed + programs - finished))
  [ "$failed" -eq 0 ] && failed=1
fi

line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line+=", $skipped skipped"
echo
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
