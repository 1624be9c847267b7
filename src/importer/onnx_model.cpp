#include "importer/onnx_model.h"

#include <memory>

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

template <typename Run> auto in_printable_words(Run run) { // what is said may quote the file
  try {
    return run();
  } catch (const UserError &error) {
    throw UserError(printable(error.what()));
  }
}

Translated at_fitting_size(ModelFile &file, const OnnxOptions &options) {
  return in_printable_words([&] {
    Translated best = onnx_import::translate(file, options, square(usual_size));
    for (const int size : other_sizes) {
      if (!best.any_size || best.misfits == 0)
        break;
      Translated other = onnx_import::translate(file, options, square(size));
      if (other.misfits < best.misfits)
        best = std::move(other);
    }
    return best;
  });
}

} // namespace

OnnxNet load_onnx(const std::filesystem::path &path, const InputChoice &inputs) {
  const OnnxOptions options{inputs, {}, {}};
  const auto file = in_printable_words([&] { return std::make_shared<ModelFile>(path); });
  Translated first = at_fitting_size(*file, options);
  if (!first.nothing.empty())
    throw UserError(printable(path_text(path) + ": " + first.nothing));
  OnnxNet net{std::move(first.result.graph), nullptr};
  // A net that fixes its size has constants for it, some of which are right at others, too: it is gone through again
  // only where it computes from the size.
  if (first.any_size || first.measures) {
    file->drop_folded_steps();
    net.reread = [file, options, before = std::move(first.decided)](Size size) {
      return in_printable_words([&] { return onnx_import::translate_at(*file, options, size, before).result.graph; });
    };
  }
  return net;
}

OnnxImport import_onnx(std::span<const std::uint8_t> model, const std::filesystem::path &path,
                       const OnnxOptions &options) {
  ModelFile file = in_printable_words([&] { return ModelFile(model, path); });
  Translated first = at_fitting_size(file, options);
  if (options.input_layout.empty() && !first.nothing.empty()) // a model that is no net of images is a test's own
    throw UserError(printable(path_text(path) + ": " + first.nothing));
  return std::move(first.result);
}

} // namespace convscope
