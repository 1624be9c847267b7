// The files of tests/fuzz/corpus: valid ones, and what the fuzz targets once found. Each is read or refused with one
// line, soon.
#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/files.h"
#include "fuzz/targets.h"

namespace convscope {
namespace {

void read_all(const std::string &format, void (*read)(fuzz::Bytes)) {
  int files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(CONVSCOPE_SOURCE_DIR "/tests/fuzz/corpus/" + format)) {
    SCOPED_TRACE(entry.path().string());
    const std::vector<std::uint8_t> bytes = read_file(entry.path());
    const auto start = std::chrono::steady_clock::now();
    read(bytes);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(FuzzCorpus, Onnx) { read_all("onnx", fuzz::read_onnx); }
TEST(FuzzCorpus, KerasH5) { read_all("keras_h5", fuzz::read_keras_h5); }
TEST(FuzzCorpus, KerasZip) { read_all("keras_zip", fuzz::read_keras_zip); }
TEST(FuzzCorpus, KerasConfig) { read_all("keras_config", fuzz::read_keras_config); }

} // namespace
} // namespace convscope
