// What an optimization step does outside of the net, on small images: parameters, colours, transforms, Adam.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "visualization/recipe.h"

namespace convscope::doctor {

struct ParameterizationCase { // batch of 2
  std::string name;
  ParameterizationKind kind;
  Shape image;
  Recipe recipe() const;
  std::vector<float> parameters(std::size_t count) const; // noise
  std::string key(const char *output) const;
  static constexpr int batch = 2;
  static constexpr std::uint64_t parameters_seed = 41, gradient_seed = 42; // noise in -1..1, per float of (N,C,...)
};
std::vector<ParameterizationCase> parameterization_cases();

// An image of `cppn` at another size than it was optimized at.
struct DrawingCase {
  static constexpr int planes = 3, width = 19, height = 7;
  static constexpr std::uint64_t parameters_seed = 46; // noise in -0.25..0.25
  static Recipe recipe();
  static std::string key();
};

// Images with an opacity over the noise of a step, and the gradient of their objectives.
struct OpacityCase {
  static constexpr int batch = 2, step = 4;
  static constexpr Shape image{3, 9, 13}; // without the opacity
  static constexpr std::array<std::array<std::uint32_t, 2>, batch> keys{{{3, 4}, {5, 600000}}};
  static constexpr std::array<float, batch> values{0.75F, -2}; // the objectives'
  static constexpr float saliency_before = 0.5F;
  static constexpr std::uint64_t planes_seed = 47, gradient_seed = 48; // noise in -1..1
  static Recipe recipe();                                              // of pixels
  static std::string key(const char *output);
};

struct TransformCase { // batch of 3, each image by its own map
  std::string name;
  Shape image;
  int margin, input_size; // 0: as the canvas
  Border border;
  Recipe recipe() const;
  std::string key(const char *output) const;
  static constexpr int batch = 3;
  static constexpr std::uint64_t image_seed = 43, gradient_seed = 44; // noise in 0..1, in -1..1
};
std::vector<TransformCase> transform_cases();
// Canvas pixel (x, y) reads the image at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]): of image n.
std::array<float, 6> transform_map(const TransformCase &of, int n);
Preprocessing turned_preprocessing(); // of three planes, in another order

// Steps of Adam with a clipped gradient on plain pixels.
struct AdamCase {
  static constexpr int batch = 2, height = 7, width = 9, steps = 6;
  static Recipe recipe();
  static std::vector<float> start();
  static std::vector<float> gradient(int step); // some are clipped
  static std::string key();
};

// Images that take turns and share common ones: what is gathered in the last step, and all members after it.
struct GalleryCase {
  static constexpr int images = 5, slots = 3, groups = 2, count = 67, steps = 4;
  static std::vector<float> shares(); // (image, group)
  static std::vector<float> start();  // (image or group, parameter)
  static std::vector<float> gradient(int step);
  static std::vector<int> chosen(int step);
  static float clip(int slot) { return slot == 1 ? 0.25F : 1.0F; }
  static std::string key(const char *output);
};

// Whole optimizations of a small net, from given parameters.
struct OptimizationCase {
  std::string recipe_name;
  std::vector<std::string> objectives;
  int height, width, input_size;
  static constexpr int steps = 3;
  static constexpr std::uint64_t seed = 3, parameters_seed = 45; // parameters: noise in -0.02..0.02
  std::string key(const char *output) const;
};
std::vector<OptimizationCase> optimization_cases();
Graph small_net(); // conv1 (after its ReLU), pool1, conv2, add

// Random numbers: parameters of lucid's images, the maps of its first steps, and the noise of its last on grey
// pictures.
struct DrawCase {
  static constexpr double noise = 0.1, noise_width = 0.3;
  static constexpr int batch = 3, height = 9, width = 14, steps = 4;
  static std::array<std::uint32_t, 2> philox_key_of(int n);
  static std::string key(const char *output);
};

} // namespace convscope::doctor
