#!/usr/bin/env bash
# clang-tidy over files of one folder as if they were one: headers take nearly all of its time, and so are read once.
# Where that fails, be it for a finding or since the files' own names collide, they are checked by halves, down to single
# files, whose findings are shown. Arguments: files, from the repository's root, that build/ compiles.
set -euo pipefail
cd "$(dirname "$0")/.."

check() {
  local name unit found half status=0
  name=build/lint/$(tr / _ <<<"$1")_$#
  unit=$PWD/$name/unit.cpp
  mkdir -p "$name"
  printf '#include "%s" // NOLINT(bugprone-suspicious-include)\n' "${@/#/$PWD/}" >"$unit"
  # It is compiled as the first of them is.
  sed -n "s|^ *\(\"command\": .* -c \)$PWD/$1\",|[{\"directory\": \"$PWD/build\", \1$unit\", \"file\": \"$unit\"}]|p" \
    build/compile_commands.json >"$name/compile_commands.json"
  [ -s "$name/compile_commands.json" ] || { echo "tidy.sh: build/ doesn't compile $1" >&2 && return 1; }

  # Files together may shadow what alone they don't; compilers warn of what each does.
  if found=$(clang-tidy --quiet -p "$name" --extra-arg=-Wno-shadow "$unit" 2>&1); then
    return
  fi
  if [ $# -eq 1 ]; then
    grep -v "warnings generated\.$" <<<"$found"
    return 1
  fi
  half=$(($# / 2))
  check "${@:1:half}" || status=1
  check "${@:half+1}" || status=1
  return "$status"
}

check "$@"
