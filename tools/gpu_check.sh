#!/usr/bin/env bash
# A GPU's first ten minutes: on a machine with a driver, builds Convscope if need be, runs all tests, golden tensors, the
# doctor, tune and bench of all nets at batch 1 and 16 on it and, where PyTorch with CUDA is there, Lucent in the same
# run. Without a network it uses what is there and says what is missing. A stage that fails or takes too long is written
# down, and the next one begins. Gives FOLDER/gpu_check.json, and FOLDER/gpus.md with rows for docs/gpus.md.
# Exit status: 0 every stage passed or does not apply; 1 some failed; 2 bad option; 3 no such device.
#
# Usage: tools/gpu_check.sh [--device I|NAME] [--nets FOLDER] [--out FOLDER] [--python PYTHON] [--quick]
#   --device   as Convscope's; else the first that is no CPU
#   --nets     .onnx, .keras and .h5 files to measure beside the embedded nets [../shared/nets]
#   --quick    a short trial: few tests, one net at batch 1, no speed in the doctor
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1

device='' nets=../shared/nets out=build/gpu-check python=python3 quick=0
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 && shift && continue ;;
    --device | --nets | --out | --python)
      [ $# -ge 2 ] || { echo "gpu_check.sh: $1 needs a value" >&2 && exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    *) echo "gpu_check.sh: no option $1; there are --device, --nets, --out, --python, --quick" >&2 && exit 2 ;;
  esac
done
mkdir -p "$out/logs" "$out/bench" || exit 2
out=$(cd "$out" && pwd)
rm -f "$out"/*.json "$out"/bench/* "$out"/logs/* "$out/gpus.md"
program=$root/build/convscope
export GTEST_OUTPUT=''

# ---- Stages ----------------------------------------------------------------------------------------------------------

names=() outcomes=() seconds=() notes=()
note() { # of the stage that follows or has just run
  pending=${pending:+$pending; }$1
  echo "  $1" >&2
}
finish() { # NAME OUTCOME SECONDS
  names+=("$1") outcomes+=("$2") seconds+=("$3") notes+=("${pending:-}")
  pending=''
  printf '%-22s %-9s %5d s\n' "$1" "$2" "$3" >&2
}
# stage NAME LIMIT COMMAND...: what it says goes to logs/NAME.log and .err; a limit is in seconds. Status as the command's.
stage() {
  local name=$1 limit=$2 start=$SECONDS status=0 outcome=passed
  shift 2
  echo "== $name" >&2
  timeout --kill-after=20 "$limit" "$@" >"$out/logs/$name.log" 2>"$out/logs/$name.err" </dev/null || status=$?
  case $status in
    0) # a test program whose every case was skipped has shown nothing
      grep -q '^\[  PASSED  \] 0 tests' "$out/logs/$name.log" && outcome='not run'
      finish "$name" "$outcome" $((SECONDS - start))
      ;;
    124 | 137)
      note "did not end in $limit s"
      finish "$name" 'too long' $((SECONDS - start))
      ;;
    *)
      note "status $status: $(grep -hv '^[[:space:]]*$' "$out/logs/$name.log" "$out/logs/$name.err" | tail -n 1 | cut -c 1-300)"
      finish "$name" failed $((SECONDS - start))
      ;;
  esac
  return "$status"
}
# After a stage that failed. A device that has no room for it is not at fault: it is not run. Status 1 for any other failure.
no_room() {
  grep -qE 'no room|would fit' "$out/logs/${names[-1]}.err" || return
  outcomes[-1]='not run'
}
skip() { # NAME WHY
  note "$2"
  finish "$1" 'not run' 0
}

# ---- JSON without other tools ----------------------------------------------------------------------------------------

quoted() { printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\010\013-\037' | tr '\n\t' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g')"; }
whole() { if [ -s "$1" ]; then cat "$1"; else echo null; fi; } # of a file that holds JSON
# The first value of that key in a file that has one key a line: a number, or text without its quotes.
value() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\"]*[^\",]\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" 2>/dev/null | head -n 1; }

# ---- What the machine has --------------------------------------------------------------------------------------------

{
  uname -a
  grep -m 1 'model name' /proc/cpuinfo
  grep MemTotal /proc/meminfo
  command -v lspci >/dev/null && lspci 2>/dev/null | grep -iE 'vga|3d|display'
  command -v nvidia-smi >/dev/null && timeout 20 nvidia-smi
  command -v vulkaninfo >/dev/null && timeout 60 vulkaninfo --summary
  for icd in /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json; do [ -e "$icd" ] && echo "$icd"; done
} >"$out/system.txt" 2>&1

built() { [ -x "$program" ] && [ -x build/tests/test_kernels ]; }
build_all() {
  tools/setup.sh || echo "what is missing could not be installed"
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake --preset release -DCONVSCOPE_TESTS=ON "${launcher[@]}" || cmake --preset release -DCONVSCOPE_TESTS=OFF "${launcher[@]}" || return 1
  cmake --build --preset release
}
export -f build_all
if built; then
  skip build 'is there already'
elif ! command -v cmake >/dev/null && ! command -v apt-get >/dev/null; then
  skip build 'there is no cmake and no apt-get'
else
  stage build 3600 bash -c build_all
fi
[ -x "$program" ] || { echo "gpu_check.sh: $program could not be built: $out/logs/build.err tells why" >&2 && exit 1; }

stage devices 120 "$program" devices --json && cp "$out/logs/devices.log" "$out/devices.json"
if [ -z "$device" ]; then # the first whose type is no CPU's
  device=$(awk -F'"' '/^    "index": /{ match($0, /[0-9]+/); i = substr($0, RSTART, RLENGTH) }
                      /^    "type": /{ type = $4 } /^    "usable": true/{ if (type != "cpu") { print i; exit } }' "$out/devices.json" 2>/dev/null)
  [ -n "$device" ] || { echo "gpu_check.sh: no GPU: $(value "$out/devices.json" name) is all there is; --device takes it" >&2 && exit 3; }
fi
# Every program below, tests too, runs on that one.
export CONVSCOPE_DEVICE=$device

# ---- Right? ----------------------------------------------------------------------------------------------------------

doctor_options=() && [ "$quick" = 1 ] && doctor_options=(--quick)
stage doctor 1200 "$program" doctor "${doctor_options[@]}" -o "$out/doctor.json"
doctor_status=$?
[ -s "$out/doctor.json" ] && note "$(value "$out/doctor.json" verdict)" && notes[-1]=$pending && pending=''
[ "$doctor_status" = 2 ] && { tail -n 1 "$out/logs/doctor.err" >&2 && exit 3; } # there is no such device

passed_of() { grep -hoE '^\[  PASSED  \] [0-9]+' "$@" 2>/dev/null | awk '{ n += $4 } END { print n + 0 }'; }
tests_passed=0 tests_failed=0 goldens_passed=0
if [ -x build/tests/test_kernels ]; then
  if ldconfig -p 2>/dev/null | grep -q libVkLayer_khronos_validation || ls /usr/share/vulkan/explicit_layer.d/*validation* >/dev/null 2>&1; then
    export CONVSCOPE_VALIDATION=1
  else
    echo "  the validation layer is not installed: tests run without" >&2
  fi
  programs=(unit references importers kernels optimizing doctor viewer cases conformance program fetch window)
  [ "$quick" = 1 ] && programs=(unit references)
  for name in "${programs[@]}"; do
    [ -x "build/tests/test_$name" ] || { skip "test $name" 'was not built' && continue; }
    if [ "$name" = window ] && ! command -v Xvfb >/dev/null; then
      skip "test $name" 'Xvfb is not installed' && continue
    fi
    stage "test $name" 2400 "build/tests/test_$name" --gtest_brief=1 --gtest_filter='-*Golden*'
    tests_failed=$((tests_failed + $(grep -cE '^\[  FAILED  \] [A-Za-z0-9_/]+\.' "$out/logs/test $name.log")))
  done
  tests_passed=$(passed_of "$out"/logs/test*.log)
  if [ "$quick" = 1 ]; then
    golden_filter='*Golden*alexnet*'
  else
    golden_filter='*Golden*'
  fi
  stage goldens 2400 build/tests/test_program --gtest_filter="$golden_filter"
  goldens_passed=$(passed_of "$out/logs/goldens.log")
  skipped=$(grep -cE '^\[  SKIPPED \] .* \(' "$out/logs/goldens.log")
  notes[-1]="${notes[-1]:+${notes[-1]}; }$goldens_passed passed, $skipped skipped"
  [ "$skipped" -gt 0 ] && echo "  $skipped golden tests have no data beside the checkout" >&2
else
  skip tests 'were not built: GoogleTest is missing'
fi
unset CONVSCOPE_VALIDATION

# ---- Fast? -----------------------------------------------------------------------------------------------------------

models=(alexnet vgg16)
if [ -d "$nets" ]; then
  while IFS= read -r file; do models+=("$file"); done < <(find "$nets" -maxdepth 1 \( -name '*.onnx' -o -name '*.keras' -o -name '*.h5' \) | sort)
else
  echo "  no folder $nets: only the embedded nets are measured" >&2
fi
batches=(1 16)
[ "$quick" = 1 ] && models=(alexnet) && batches=(1)
# Not the user's own cache: what is tuned here is measured, then forgotten.
export CONVSCOPE_CACHE=$out/cache

bench_one() { # MODEL BATCH PRECISION SUFFIX OPTION...
  local model=$1 batch=$2 precision=$3 suffix=$4 label fitting
  shift 4
  label="$(basename "$model") batch $batch $precision$suffix"
  if stage "bench $label" 600 "$program" bench --model "$model" --size 224 --batch "$batch" --precision "$precision" --json "$@"; then
    cp "$out/logs/bench $label.log" "$out/bench/$label.json"
    return
  fi
  no_room || return # else as many images as it has room for
  fitting=$(sed -n 's/.*: a batch of \([0-9]*\) would fit.*/\1/p' "$out/logs/bench $label.err" | tail -n 1)
  fitting=${fitting:-$((batch / 2))}
  [ "$fitting" -ge 1 ] && [ "$fitting" -lt "$batch" ] || return
  echo "  $fitting images instead" >&2
  bench_one "$model" "$fitting" "$precision" "$suffix" "$@"
}
measure() { # SUFFIX OPTION...
  local suffix=$1 model batch precision
  shift
  for model in "${models[@]}"; do
    for batch in "${batches[@]}"; do
      for precision in auto fp32; do
        [ "$precision" = fp32 ] && [ "$batch" != 1 ] && continue
        bench_one "$model" "$batch" "$precision" "$suffix" "$@"
      done
    done
  done
}
measure ''
for model in "${models[@]}"; do
  stage "tune $(basename "$model")" 900 "$program" tune --model "$model" || no_room
done
[ "$quick" = 1 ] || { batches=(1) && measure ' tuned'; }

if ! command -v "$python" >/dev/null; then
  skip lucent "there is no $python"
elif ! timeout 120 "$python" -c 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)' >/dev/null 2>&1; then
  skip lucent "$python has no PyTorch with CUDA"
else
  stage lucent 1200 "$python" tools/bench_cuda.py --json "$out/cuda.json" ${nets:+--size 224}
fi

# ---- One file, and rows ----------------------------------------------------------------------------------------------

{
  printf '{"gpu_check": 1, "date": %s, "quick": %s, "commit": %s,\n' "$(quoted "$(date -u +%FT%TZ)")" \
    "$([ "$quick" = 1 ] && echo true || echo false)" "$(quoted "$(git rev-parse --short HEAD 2>/dev/null)")"
  printf ' "system": %s,\n "devices": ' "$(quoted "$(cat "$out/system.txt")")"
  whole "$out/devices.json"
  printf ', "tests_passed": %d, "tests_failed": %d, "goldens_passed": %d,\n "stages": [' "$tests_passed" "$tests_failed" "$goldens_passed"
  for i in "${!names[@]}"; do
    [ "$i" -gt 0 ] && printf ','
    printf '\n  {"name": %s, "outcome": %s, "seconds": %d, "note": %s}' "$(quoted "${names[i]}")" "$(quoted "${outcomes[i]}")" \
      "${seconds[i]}" "$(quoted "${notes[i]}")"
  done
  printf '],\n "doctor": '
  whole "$out/doctor.json"
  printf ', "cuda": '
  whole "$out/cuda.json"
  printf ', "bench": ['
  first=1
  for file in "$out"/bench/*.json; do
    [ -s "$file" ] || continue
    [ "$first" = 1 ] || printf ','
    first=0
    printf '\n{"name": %s, "result": ' "$(quoted "$(basename "$file" .json)")"
    cat "$file"
    printf '}'
  done
  printf ']}\n'
} >"$out/gpu_check.json.part" && mv "$out/gpu_check.json.part" "$out/gpu_check.json"

round() { awk -v x="$1" -v digits="$2" 'BEGIN { if (x == "" || x == "null") print "-"; else printf "%.*f", digits, x }'; }
{
  echo '| GPU | driver | doctor | tests, goldens | net | batch | precision | forward | step | of arithmetic |'
  echo '|---|---|---|---|---|---|---|---|---|---|'
  right=$(value "$out/doctor.json" right) wrong=$(value "$out/doctor.json" wrong) ceiling=$(value "$out/doctor.json" gflops)
  for file in "$out"/bench/*.json; do
    [ -s "$file" ] || continue
    share=$(awk -v have="$(value "$file" step_gflops)" -v most="$ceiling" 'BEGIN { if (most > 0 && have > 0) printf "%.0f %%", have / most * 100; else print "-" }')
    printf '| %s | %s | %s right, %s wrong | %s, %s | %s | %s | %s | %s ms | %s ms | %s |\n' "$(value "$file" device)" "$(value "$file" driver)" \
      "${right:--}" "${wrong:--}" "$tests_passed" "$goldens_passed" "$(basename "$file" .json | sed 's/ batch.*//')" "$(value "$file" batch)" \
      "$(value "$file" precision)$(basename "$file" .json | grep -o ' tuned')" "$(round "$(value "$file" forward_ms)" 2)" \
      "$(round "$(value "$file" step_ms)" 2)" "$share"
  done
} >"$out/gpus.md"

bad=0
for outcome in "${outcomes[@]}"; do
  case $outcome in failed | 'too long') bad=$((bad + 1)) ;; esac
done
echo "$out/gpu_check.json, $out/gpus.md: ${#names[@]} stages, $bad failed" >&2
[ "$bad" -eq 0 ]
