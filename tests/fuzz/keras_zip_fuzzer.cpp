// .keras archives.
#include "fuzz/load.h"
#include "importer/keras_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  return convscope::load_bytes(data, size, ".keras", convscope::load_keras_model);
}
