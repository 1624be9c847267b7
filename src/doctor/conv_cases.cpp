// Convolutions: every kind of window, sizes that are no multiple of a tile.
#include <algorithm>

#include "doctor/kernel_cases.h"
#include "doctor/noise.h"

namespace convscope::doctor {

namespace {

struct ConvShape {
  const char *name;
  int in_c, out_c, groups;
  Window window;
  int h, w, batch;
};

// relu(conv(x) + bias + conv(x)) with a ceiling, x = relu(input): one convolution has every epilogue of the forward
// pass, the other none; the same holds for their gradients.
KernelCase two_paths(const ConvShape &s) {
  KernelCase made = make_case("convolution", s.name, {s.in_c, s.h, s.w}, s.batch,
                              coarse_noise(floats({s.in_c, s.h, s.w}, s.batch), 5));
  Graph &graph = made.graph;
  const NodeId x = push(graph, Relu{}, {0}, "relu");
  const NodeId alone = push(graph, coarse_conv(s.in_c, s.out_c, s.window, 1, s.groups, false), {x}, "alone");
  const NodeId other = push(graph, coarse_conv(s.in_c, s.out_c, s.window, 3, s.groups), {x}, "other");
  const NodeId sum = push(graph, Add{}, {other, alone}, "sum");
  made.options.targets = {alone, push(graph, Relu{0.75F}, {sum}, "with bias, addition and ReLU")};
  return made;
}

// conv(relu(x * scale + shift)), whose gradient comes back through all three at once, and another reader of x.
KernelCase behind_a_norm(const ConvShape &s) {
  KernelCase made = make_case("convolution", s.name, {s.in_c, s.h, s.w}, s.batch,
                              coarse_noise(floats({s.in_c, s.h, s.w}, s.batch), 5));
  const auto norm = [&](unsigned seed) {
    ScaleShift scale_shift;
    for (const float v : coarse_noise(static_cast<std::size_t>(s.in_c), seed, -1.5, 1.5)) {
      scale_shift.scale.push_back(v);
      scale_shift.shift.push_back(v / 4 + 1.0 / 2048);
    }
    return scale_shift;
  };
  Graph &graph = made.graph;
  const NodeId inside = push(graph, Relu{0.75F}, {push(graph, norm(7), {0}, "norm")}, "relu");
  const NodeId out = push(graph, coarse_conv(s.in_c, s.out_c, s.window, 1), {inside}, "convolution");
  made.options.targets = {out, push(graph, norm(9), {0}, "beside")};
  made.options.precision = Precision::fast;
  return made;
}

KernelCase transposed() {
  KernelCase made = make_case("convolution", "transposed 3x3 of stride 2", {6, 5, 7}, 2, coarse_noise(2 * 210, 5));
  ConvTranspose op;
  op.out_channels = 9;
  op.window = square_window(3, 2, 1);
  op.output_pad_h = op.output_pad_w = 1;
  op.weights = coarse_noise(6 * 9 * 9, 7, -0.25, 0.25);
  op.bias = coarse_noise(9, 8, -0.25, 0.25);
  for (float &value : op.bias.own())
    value += 1.0F / 2048;
  const NodeId y = push(made.graph, op, {push(made.graph, Relu{}, {0}, "relu")}, "transposed");
  made.options.targets = {push(made.graph, Relu{}, {y}, "with bias and ReLU")};
  return made;
}

} // namespace

std::vector<KernelCase> convolution_cases() {
  const std::vector<ConvShape> shapes = {
      {"1x1", 20, 37, 1, square_window(1), 13, 11, 2},
      {"1x1, long sums", 270, 24, 1, square_window(1), 5, 6, 1},
      {"3x3", 19, 42, 1, square_window(3, 1, 1), 17, 14, 2},
      {"3x3 of a large map", 16, 64, 1, square_window(3, 1, 1), 33, 36, 1},
      {"3x3 of stride 2", 17, 21, 1, {3, 3, 2, 2, 1, 1, {0, 1, 1, 0}}, 12, 15, 2},
      {"3x3, dilated, in groups", 16, 10, 2, square_window(3, 1, 2, 2), 9, 8, 1},
      {"3x3, depthwise", 38, 38, 38, square_window(3, 1, 1), 9, 16, 2},
      {"3x3 of stride 2, depthwise", 34, 34, 34, square_window(3, 2, 1), 10, 9, 1},
      {"7x7 of stride 2, a stem", 3, 18, 1, square_window(7, 2, 3), 23, 21, 2},
      {"11x11 of stride 4, a stem", 3, 17, 1, square_window(11, 4, 2), 39, 43, 1},
  };
  std::vector<KernelCase> cases;
  cases.reserve(shapes.size() + 3);
  for (const ConvShape &shape : shapes)
    cases.push_back(two_paths(shape));
  cases.push_back(transposed());
  cases.push_back(behind_a_norm({"1x1 behind a batch-norm", 18, 37, 1, square_window(1), 6, 7, 2}));
  cases.push_back(behind_a_norm({"3x3 behind a batch-norm", 18, 21, 1, square_window(3, 1, 1), 9, 8, 1}));
  return cases;
}

// A convolution's ReLU that is closed everywhere in image 0, and open somewhere in image 1.
KernelCase revive_case() {
  std::vector<float> values = coarse_noise(floats({3, 7, 6}, 2), 7);
  std::for_each(values.begin() + 126, values.end(), [](float &value) { value *= 20; });
  KernelCase made = make_case("dead units", "a blocked gradient passes", {3, 7, 6}, 2, std::move(values));
  Conv conv = coarse_conv(3, 35, square_window(3, 1, 1), 3);
  for (float &bias : conv.bias.own())
    bias -= 9;
  made.options.targets = {push(made.graph, Relu{}, {push(made.graph, conv, {0}, "convolution")}, "relu")};
  made.options.revive = true;
  made.variant = Variant::revive;
  return made;
}

} // namespace convscope::doctor
