// What the readers of weights files check alike: the layers, their shapes, their values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "importer/architecture.h"

namespace convscope {

// One tensor of a slot as a file stores it: "kernel", (3, 3, 64, 128).
struct ExpectedTensor {
  std::string what;
  std::vector<std::int64_t> shape;
};

// "3x3x64x128"
std::string shape_text(const std::vector<std::int64_t> &shape);

// The zoo's net that most of these layers (with weights) belong to, or "".
std::string zoo_net_of(const std::vector<std::string> &layers);

// UserError where the file's layers are not the net's: another net's file, a layer missing, one too many.
// `layers` are those that have weights, in the file's order.
void check_layers(const std::string &file, const Architecture &net, const std::vector<std::string> &layers);

// UserError "x.h5: layer 'fc1' has a kernel of 3x4; vgg16 needs 4x4".
void check_shape(const std::string &file, const std::string &net, const std::string &layer,
                 const ExpectedTensor &expected, const std::vector<std::int64_t> &shape);

void check_finite_weights(const std::string &file, const std::string &layer, std::span<const float> values);

} // namespace convscope
