#include "importer/onnx_model.h"

#include "base/error.h"
#include "base/files.h"
#include "base/printable.h"
#include "importer/onnx/model_file.h"
#include "importer/onnx/translator.h"

namespace convscope {

namespace {

using onnx_import::ModelFile;
using onnx_import::Translated;

// Sizes that nets are trained at, tried where the file leaves the size open and a layer does not fit at the usual one.
constexpr int usual_size = 224;
constexpr int other_sizes[] = {299, 256, 331, 240, 260, 300, 380, 384, 192, 160, 128, 96, 64, 32, 512};

template <typename Open>
OnnxImport import_at_fitting_size(const std::filesystem::path &path, Open open, const OnnxOptions &options) {
  const auto at = [&](int size) {
    try {
      ModelFile file = open();
      return onnx_import::translate(file, options, size);
    } catch (const UserError &error) { // may quote the file
      throw UserError(printable(error.what()));
    }
  };
  Translated best = at(usual_size);
  for (const int size : other_sizes) {
    if (!best.any_size || best.misfits == 0)
      break;
    Translated other = at(size);
    if (other.misfits < best.misfits)
      best = std::move(other);
  }
  if (options.input_layout.empty() && !best.nothing.empty()) // a model that is no net of images is a test's own
    throw UserError(printable(path_text(path) + ": " + best.nothing));
  return std::move(best.result);
}

} // namespace

Graph load_onnx(const std::filesystem::path &path) {
  return import_at_fitting_size(path, [&] { return ModelFile(path); }, {}).graph;
}

OnnxImport import_onnx(std::span<const std::uint8_t> model, const std::filesystem::path &path,
                       const OnnxOptions &options) {
  return import_at_fitting_size(
      path, [&] { return ModelFile(model, path); }, options);
}

} // namespace convscope
