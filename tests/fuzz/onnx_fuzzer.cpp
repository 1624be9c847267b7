// libFuzzer's target for ONNX files: any bytes give a graph or one line.
//   CC=clang CXX=clang++ cmake -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCONVSCOPE_FUZZ=ON
//   cmake --build build-fuzz --target fuzz_onnx
//   build-fuzz/tests/fuzz_onnx -max_len=65536 corpus /usr/share/libonnx-testdata/data/node
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "graph/shapes.h"
#include "importer/onnx_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  // Half of the runs take any input as a picture, so that the rules see more than four dimensions of it.
  for (const char *layout : {"", "nchw", "nc", "chw"}) {
    try {
      convscope::OnnxOptions options;
      options.input_layout = layout;
      const convscope::OnnxImport import = convscope::import_onnx(std::span(data, size), "fuzzed.onnx", options);
      convscope::infer_shapes(import.graph, {import.input.c, 40, 48});
    } catch (const convscope::UserError &) {
      // What a damaged file should give.
    }
  }
  return 0;
}
