#include "fuzz/targets.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/shapes.h"
#include "importer/keras/archive.h"
#include "importer/keras/importer.h"
#include "importer/keras_model.h"
#include "importer/onnx_model.h"
#include "importers/temporary.h"

namespace convscope::fuzz {

namespace {

constexpr const char *archive = CONVSCOPE_SOURCE_DIR "/tests/fuzz/corpus/keras_zip/varied";

template <typename Read> void expect_one_line(Read read) {
  try {
    read();
  } catch (const UserError &error) {
    const std::string_view text = error.what();
    if (text.empty() || text.find('\n') != std::string_view::npos) {
      std::fprintf(stderr, "not one line: '%s'\n", error.what());
      std::abort();
    }
  }
}

void load_file(Bytes bytes, const std::string &name) {
  static const TemporaryFolder folder;
  std::ofstream(folder / name, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  expect_one_line([&] { load_keras_model(folder / name); });
}

} // namespace

void read_onnx(Bytes bytes) {
  // Most take the input as a given layout, so that the rules see more than what a picture can become.
  for (const char *layout : {"", "nchw", "nc", "chw"})
    expect_one_line([&] {
      OnnxOptions options;
      options.input_layout = layout;
      const OnnxImport import = import_onnx(bytes, "fuzzed.onnx", options);
      infer_shapes(import.graph, {import.input.c, 40, 48});
    });
}

void read_keras_h5(Bytes bytes) { load_file(bytes, "fuzzed.h5"); }

void read_keras_zip(Bytes bytes) { load_file(bytes, "fuzzed.keras"); }

void read_keras_config(Bytes bytes) {
  static const keras::Archive whole(archive);
  const Hdf5File weights("fuzzed.keras", whole.weights());
  expect_one_line([&] {
    const std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    keras::ModelFile file{"fuzzed.keras", keras::parse_model("fuzzed.keras", text)};
    file.bytes = 1 << 20;
    keras::import_model(file, weights);
  });
}

} // namespace convscope::fuzz
