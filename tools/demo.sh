#!/usr/bin/env bash
# From a fresh clone to pictures: installs what is needed, builds, and draws what the embedded nets see, into demo/.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset release "${launcher[@]}"
cmake --build --preset release --target convscope
mkdir -p demo

photo=docs/photos/chelsea.png
drawn=()
# draw FILE COMMAND OPTION...: runs the command for demo/FILE and remembers how long it took.
draw() {
  local file=demo/$1 start=$SECONDS
  shift
  echo >&2
  echo "convscope $* -o $file" >&2
  build/convscope "$@" -o "$file"
  [ -s "$file" ]
  drawn+=("$(printf '%4d s  %s' $((SECONDS - start)) "$file")")
}

draw features.png features --offscreen --model vgg16 --image "$photo" --layer block3_conv1 --channels 0-31

draw optimized.png optimize --offscreen --model alexnet --size 128 --steps 128 \
  --objective conv1:5 --objective conv2:8 --objective conv2:40 --objective conv3:12 \
  --objective conv3:77 --objective conv4:30 --objective conv5:100 --objective conv5:210

draw strip.png strip --model vgg16 --image "$photo" --size 128 --steps 96 \
  --objective block1_conv2:5 --objective block2_conv2:17 --objective block3_conv1:13 --objective block4_conv2:77

# Called again, it goes on where it stood.
start=$SECONDS
build/convscope microscope --model alexnet --layers conv3 --channels 0-23 --preview --images docs/photos --photo "$photo" \
  --db demo/seen.sqlite -o demo/microscope
drawn+=("$(printf '%4d s  %s' $((SECONDS - start)) "demo/microscope/index.html (open it in a browser)")")

echo
echo "Drawn in $PWD:"
printf '%s\n' "${drawn[@]}"
