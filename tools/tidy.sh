#!/usr/bin/env bash
# clang-tidy over files of one folder below src/ or tests/, as if they were one: headers take nearly all of its time, and
# so are read once. Arguments: files, from the repository's root, that build/ compiles.
set -euo pipefail
cd "$(dirname "$0")/.."

case $1 in
  src/*/*) target=convscope_$(cut -d/ -f2 <<<"$1") ;;
  src/*) target=convscope ;;
  *) target=test_$(cut -d/ -f2 <<<"$1") ;;
esac
name=build/lint/$(tr / _ <<<"$1")_$#
unit=$PWD/$name/unit.cpp
mkdir -p "$name"
printf '#include "%s" // NOLINT(bugprone-suspicious-include)\n' "${@/#/$PWD/}" >"$unit"
# It is compiled as what else is in its folder's library.
entry="[{\"directory\": \"$PWD/build\", \1 -c $unit\", \"file\": \"$unit\"}]"
sed -n "/\/$target\.dir\//{s|^ *\(\"command\": .*\) -o .*|$entry|p;T;q}" build/compile_commands.json >"$name/compile_commands.json"
[ -s "$name/compile_commands.json" ] || { echo "tidy.sh: build/ has no $target, as $1 would be of" >&2 && exit 1; }

# Files together may shadow what alone they don't, and GCC's warnings mean nothing to clang.
clang-tidy --quiet -p "$name" --extra-arg=-Wno-shadow --extra-arg=-Wno-unknown-warning-option "$unit" 2>&1 |
  { grep -v "warnings generated\.$" || true; }
