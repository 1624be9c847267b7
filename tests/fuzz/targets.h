// What each fuzz target does with its bytes, and the tests with the files of its corpus: a reader takes them, or
// refuses them with a UserError of one line; all else is a finding.
#pragma once

#include <cstdint>
#include <span>

namespace convscope::fuzz {

using Bytes = std::span<const std::uint8_t>;

void read_onnx(Bytes bytes);
void read_keras_h5(Bytes bytes);     // a whole-model .h5
void read_keras_zip(Bytes bytes);    // a .keras archive
void read_keras_config(Bytes bytes); // a model's JSON, with the weights of corpus/keras_zip/varied

} // namespace convscope::fuzz
