// libFuzzer's entry of one target (targets.h), which CMakeLists.txt names.
#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  convscope::fuzz::CONVSCOPE_FUZZ_TARGET({data, size});
  return 0;
}
