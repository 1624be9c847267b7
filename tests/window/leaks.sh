#!/usr/bin/env bash
# The window tests under LeakSanitizer, which needs no build of its own: what Convscope loses of its memory fails them.
# Drivers and layers stay loaded, so that their own leaks have names and can be left out. Arguments: of test_window.
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo 'int dlclose(void *module) { (void)module; return 0; }' >"$scratch/stay.c"
gcc -shared -fPIC -o "$scratch/stay.so" "$scratch/stay.c"
printf 'leak:%s\n' libvulkan_lvp.so libVkLayer_khronos_validation.so >"$scratch/others"

# The program's exit status stays what it was: the tests see reports on its standard error. The lost device has a
# library of its own to be loaded first.
LD_PRELOAD="$(gcc -print-file-name=liblsan.so):$scratch/stay.so" \
  LSAN_OPTIONS="suppressions=$scratch/others:print_suppressions=0:exitcode=0" \
  build/tests/test_window --gtest_filter='-*LostDevice*' "$@"
