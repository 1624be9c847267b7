#!/usr/bin/env bash
# Checks how the sources are written: clang-format, shellcheck and clang-tidy. Arguments: files for clang-tidy; all of
# src/ without. `tools/lint.sh --fix` formats the sources instead.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh --lint
mapfile -t formatted < <(find src tests -name '*.cpp' -o -name '*.h' | sort && echo shaders/params.h)
if [ "${1:-}" = --fix ]; then
  exec clang-format -i "${formatted[@]}"
fi

failed=0
clang-format --dry-run -Werror "${formatted[@]}" || failed=1
if command -v shellcheck >/dev/null; then
  shellcheck tools/*.sh tests/*/*.sh .ci/run || failed=1
fi

# clang-tidy reads how each file is compiled, and the headers that the build makes.
cmake --preset release >/dev/null
cmake --build --preset release --target convscope_shaders >/dev/null
if [ $# -gt 0 ]; then
  checked=("$@")
else
  mapfile -t checked < <(find src -name '*.cpp' | sort)
fi
# By the folders below src/ (or tests/), those with the most files first.
printf '%s\n' "${checked[@]}" |
  awk -F/ '{ folder = $1 "/" (NF > 2 ? $2 : ""); files[folder] = files[folder] " " $0; ++count[folder] }
           END { for (folder in files) print count[folder] files[folder] }' |
  sort -rn | cut -d" " -f2- | xargs -L 1 -P "$(nproc)" tools/tidy.sh || failed=1

[ "$failed" -eq 0 ] && echo "lint: ${#checked[@]} files, nothing found"
exit "$failed"
