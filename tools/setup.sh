#!/usr/bin/env bash
# Installs what building and testing need, on Debian and its relatives: quick and silent where all is there.
# With --lint, also what tools/lint.sh needs. Other systems: the same libraries come from vcpkg (vcpkg.json).
set -euo pipefail

packages=(
  git cmake ninja-build g++ pkg-config ccache
  libvulkan-dev mesa-vulkan-drivers vulkan-validationlayers glslang-dev glslang-tools spirv-tools libvkfft-dev
  libcurl4-openssl-dev libssl-dev libcli11-dev nlohmann-json3-dev libfmt-dev libhdf5-dev libzip-dev libpng-dev
  libjpeg-dev libwebp-dev libgif-dev libeigen3-dev zlib1g-dev libsqlite3-dev libstb-dev fonts-dejavu-core
  libglfw3-dev libimgui-dev libx11-dev xvfb xdotool
  libonnx-dev libonnx-testdata libprotobuf-dev protobuf-compiler
  libgtest-dev libgmock-dev librandom123-dev libbenchmark-dev
)
for argument in "$@"; do
  case $argument in
    --lint) packages+=(clang clang-format clang-tidy shellcheck) ;;
    *) echo "setup.sh: no option $argument; there is --lint" >&2 && exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "setup.sh: no apt here, so nothing is installed; what is needed, by Debian's names: ${packages[*]}" >&2
  exit 0
fi

# "ii" is installed; dpkg-query fails for packages that it has never heard of, and then prints nothing for them.
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^ii *//p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: needs root to install: ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
echo "Installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq </dev/null
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "${missing[@]}" >/dev/null </dev/null
