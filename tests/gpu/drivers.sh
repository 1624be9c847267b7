#!/usr/bin/env bash
# What all drivers at hand make of the kernels, written into docs/gpus.md; by hand, minutes a row:
#
#   tests/gpu/drivers.sh TABLE [OUT]     # OUT: build/gpu
#
# TABLE has a row a driver, and empty lines and comments (#):
#
#   compiles RADV navi23 - RADV_FORCE_FAMILY=navi23 VK_DRIVER_FILES=/usr/share/vulkan/icd.d/radeon_icd.x86_64.json
#   compiles ANV dg2 - SHIM=/opt/libintel_noop_drm_shim.so INTEL_STUB_GPU_PLATFORM=dg2 VK_DRIVER_FILES=/opt/intel_icd.json
#   runs SwiftShader - - VK_DRIVER_FILES=/opt/vk_swiftshader_icd.json
#
# "compiles": a driver that need not run anything. Six nets in three precisions, and an exact gradient, are compiled by it.
# "runs": all of test_kernels runs on it, under the validation layers where they are installed.
# Then the driver, the GPU that it is for (-: any), a program that runs what follows it (a chroot's; -: none), and variables;
# SHIM is a library to be preloaded that stands for a kernel's driver (Mesa's drm-shim).
# A row's results stay in OUT: "compiles" ones are made anew, and docs/gpus.md has all that are there.
# NETS: the folder of the ONNX nets (../shared/nets); those that are not there are left out. ONLY: a regular expression of rows.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ $# -lt 1 ] || [ ! -r "$1" ]; then
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
table=$1
out=$(realpath -m "${2:-build/gpu}")
nets=$(realpath -m "${NETS:-../shared/nets}")
convscope=$PWD/build/convscope
capture=$PWD/build/tests/libgpu_capture.so
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

models=(vgg16 alexnet)
for name in inceptionv1 squeezenet1.1 mobilenetv2-features resnet50v2-stage3; do
  [ -e "$nets/$name.onnx" ] && models+=("$nets/$name.onnx")
done

# An input of zeros: NumPy's header, padded to 128 bytes, and float32s.
input=$scratch/x.npy
{
  printf '\x93NUMPY\x01\x00\x76\x00'
  printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 67, 59), }"
  head -c $((3 * 67 * 59 * 4)) /dev/zero
} >"$input"

# One command on the driver whose results are $file.*; the program and its variables are in $runner and $variables.
compile() {
  printf '{"kind": "run", "name": "%s"}\n' "$*" >>"$file.jsonl"
  local status=0
  env MESA_SHADER_CACHE_DISABLE=true CONVSCOPE_VALIDATION=0 CONVSCOPE_CACHE="$scratch/cache" \
    CONVSCOPE_CAPTURE="$file.jsonl" CONVSCOPE_CAPTURE_TEXTS="$file.texts" "${variables[@]}" \
    LD_PRELOAD="${shim:+$shim:}$capture" timeout "${LIMIT:-300}" "${runner[@]}" "$convscope" "$@" \
    >>"$file.log" 2>&1 || status=$?
  printf '{"kind": "end", "name": "%s", "status": %d}\n' "$*" "$status" >>"$file.jsonl"
}

compile_all() {
  rm -rf "$file.jsonl" "$file.log" "$file.texts"
  mkdir "$file.texts"
  for precision in fp32 fast fp16; do
    for model in "${models[@]}"; do
      compile bench --model "$model" --precision "$precision" --size 224 --recipe lucid --runs 1
    done
  done
  compile gradient --model alexnet --input "$input" --objective conv5:7 -o "$scratch/g.npy"
}

run_all() {
  local validation=1
  [ -e /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json ] && [ "${#runner[@]}" -eq 0 ] || validation=0
  env CONVSCOPE_VALIDATION="$validation" CONVSCOPE_CACHE="$scratch/cache" "${variables[@]}" \
    timeout "${LIMIT:-7200}" "${runner[@]}" build/tests/test_kernels --gtest_output="xml:$file.xml" \
    >"$file.log" 2>&1 || true
}

while read -r kind driver family program settings; do
  [[ -z $kind || $kind == \#* ]] && continue
  [[ "$kind $driver $family" =~ ${ONLY:-.} ]] || continue
  file=$out/$kind.$driver.$family
  runner=() variables=() shim=
  [ "$program" = - ] || runner=("$program")
  for setting in $settings; do
    case $setting in
      SHIM=*) shim=${setting#SHIM=} ;;
      *) variables+=("$setting") ;;
    esac
  done
  echo "$kind $driver $family" >&2
  case $kind in
    compiles) compile_all ;;
    runs) run_all ;;
    *) echo "$table: '$kind' is neither compiles nor runs" >&2 && exit 2 ;;
  esac
done <"$table"

python3 tests/gpu/table.py "$out" docs/gpus.md
