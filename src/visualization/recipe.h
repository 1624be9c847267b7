// How an image is optimized: its parameterization, what it is put through before the net, and the optimizer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convscope {

// In the order of src/visualization/parameterizations/forms.cpp.
enum class ParameterizationKind { fft, pixel, laplacian, cppn, maco, shared };
enum class OptimizerKind { adam, nadam };
enum class Schedule { constant, cosine }; // of the rate: as it is, or falling to nothing
enum class Border { grey, reflect };      // what lies outside the image: 0.5, or its mirror image

// A random number: one of the values, or anything between the two of them.
struct Draw {
  std::vector<double> values{0};
  bool uniform = false;
  bool operator==(const Draw &) const = default;
};

struct Recipe {
  std::string name = "plain";
  int size = 128; // the image's default height and width

  ParameterizationKind parameterization = ParameterizationKind::fft;
  double decay = 1; // of the spectrum's scale
  // The parameters' channels are those in which natural images' colours vary by themselves; else red, green and blue.
  bool decorrelate_colours = true;
  double initial_deviation = 0.01;

  // Canvas pixel to image: rotated by `rotation` and shrunk by `scale` about the centres, then moved. `canvas_margin`
  // is what the canvas has more than the image, in each direction: lucid's 2 * 12 padded, less 8 and 4 cropped.
  bool transforms = false;
  int canvas_margin = 0;
  Draw jitter; // of the image, in its pixels, for x and y each
  Draw scale{{1}};
  Draw rotation;     // in degrees
  Draw jitter_after; // of the canvas, in its pixels, for x and y each
  Border border = Border::grey;

  // Instead of the whole image, square crops of it, each on a canvas of its own; the objective is their mean.
  int crops = 0;
  Draw crop_side{{0.25, 0.3}, true}; // over the image's shorter side
  double crop_deviation = 0.15;      // of their centres from the image's, over its sides
  int canvas = 0;                    // side of a crop's canvas; 0: the image's
  // Added to what the net gets, in the picture's 0..1: a normal number of that deviation and a uniform one of that
  // width.
  double noise = 0, noise_width = 0;

  int steps = 500;
  OptimizerKind optimizer = OptimizerKind::adam;
  Schedule schedule = Schedule::constant;
  double lr = 0.05;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double clip_norm = 0; // of an image's gradient; 0: never clipped
  int revive_steps = 0; // first steps in which ReLUs that block a whole gradient let it through

  bool operator==(const Recipe &) const = default;
};

// Whether images of so many planes have decorrelated colours: where they are red, green and blue.
inline bool decorrelates(const Recipe &recipe, int planes) { return recipe.decorrelate_colours && planes == 3; }

// The side of the canvas that a side of the image becomes, in pixels.
inline int canvas_side(const Recipe &recipe, int side) {
  if (recipe.crops > 0 && recipe.canvas > 0)
    return recipe.canvas;
  return side + (recipe.transforms ? recipe.canvas_margin : 0);
}

// Canvases an image: what the net gets of it in a step.
inline int views(const Recipe &recipe) { return recipe.crops > 0 ? recipe.crops : 1; }

// One of recipe_names(). UserError with the nearest name otherwise.
Recipe recipe(std::string_view name);
std::vector<std::string> recipe_names();

// The smallest number from n on whose prime factors are 2, 3, 5 and 7: the lengths that the Fourier transform takes.
int next_smooth(int n);
// The side of the spectrum of which an image's side is the middle.
inline int spectrum_side(int side) { return next_smooth(side < 2 ? 2 : side); }

} // namespace convscope
