// What `optimize`, `strip` and `replay` share: options to settings, and a run with its progress, Ctrl-C and notes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/settings.h"
#include "figure/cutout.h"
#include "figure/planes.h"
#include "io/image.h"
#include "session/optimize_run.h"

namespace convscope {

struct OptimizeOptions {
  std::vector<std::string> objectives;
  std::string from, to; // a path instead of objectives
  int images = 0;       // of it; 0: not given
  std::string recipe = "lucid", size, parameterization, colours, init, photo, style, spectrum, draw_size;
  int steps = 0, batch = 0; // 0: not given
  int variants = 1;
  bool print_recipe = false, opacity = false;
  std::uint64_t seed = 0;
  std::optional<double> lr;
};
inline constexpr int default_path = 6;
inline int images_of(const OptimizeOptions &path) { return path.images > 0 ? path.images : default_path; }
// What it names that is read, for check_outputs(); the objectives' files are told by those of PictureSettings.
std::vector<Output> files_of(const OptimizeOptions &options);
// Gives --objective, which is to be required.
CLI::Option *add_optimize_options(CLI::App &app, OptimizeOptions &options);
void add_print_recipe(Command &command, OptimizeOptions &options);
// Prints it: recipe_of() with the size, too. UserError for a size that is no square, as recipes' are.
void print_recipe(const OptimizeOptions &options);
// The recipe with what the options say instead; that of a path is `shared`, unless they say otherwise.
Recipe recipe_of(const OptimizeOptions &options);
// Fills in `settings`; the net is loaded. Without a size it is the recipe's, in the proportions of what the net gets.
void apply(const OptimizeOptions &options, Context &context, PictureSettings &settings);

// Notes where --photo, --style or, beside --init, the recipe's start from a photo are for nothing.
void note_unused_pictures(Context &context, const PictureSettings &settings);

struct Outcome {
  std::vector<OptimizedImage> images; // of the objectives that have begun
  std::vector<Objective> objectives;  // all
  bool interrupted = false;
  int status() const { return interrupted ? exit_interrupted : exit_done; }
};

// Called before the first step of a batch and after each `every`th and the last; with OptimizeRun's batch at hand.
struct Frames {
  int every = 0; // 0: never
  std::function<void(OptimizeRun &)> show;
};

// A run that is planned: what can be wrong with the settings has been said.
class Optimizing {
public:
  Optimizing(Context &context, const PictureSettings &settings);
  Optimizing(Context &context, OptimizeRequest request); // of a command that has objectives of its own
  // Runs to the end or to Ctrl-C, says what the user should know, and fills in the report.
  Outcome run(const Frames &frames = {});

private:
  OptimizeRequest request(const PictureSettings &settings);
  void add_picture(const std::optional<FileMark> &mark, Size size, std::optional<Array> &picture);

  Context &context_;
  std::optional<int> only_;              // of the settings
  std::vector<Objective> objectives_;    // of the settings
  std::vector<std::size_t> of_settings_; // of each that is run, which of these it is
  std::optional<OptimizeRun> run_;
};

Array stacked(const std::vector<OptimizedImage> &images); // (N,C,H,W)
// Its text, with the number of a variant.
std::string title_of(const Objective &objective);
// Not of a dead unit, nor of an image that was not a number from the start.
bool has_picture(const Progress &progress);
// (C,H,W) as a picture, or as a mosaic of its planes; a plain tile that says so where there is none. One with an
// opacity lies over a page's paper.
ImageRgb8 picture_of(const Array &image, const Progress &progress, const PlaneView &view);
// The same of an image alone, whose planes are labelled where it is no picture.
ImageRgb8 page_of(const Array &image, const Progress &progress, const PlaneView &view);
// Of an image with an opacity, the PNG that has it.
void write_cutout(const std::string &path, const Array &image, const PlaneView &view, const std::string &settings);
// One image alone, by itself in a PNG: write_cutout(), or page_of().
void write_image(const std::string &path, const OptimizedImage &image, const PlaneView &view,
                 const std::string &settings);
// "value 4.21", "stayed dead" or "stopped at step 37: not a number".
std::string note_of(const Progress &progress);
// How a page of several images is laid out: those of a path in one row, where they are few.
GridOptions page_options(const PictureSettings &settings, std::string subtitle);
// Several images as a labelled grid.
ImageRgb8 draw_grid(const Outcome &outcome, const PictureSettings &settings, const PlaneView &view);
// What the net sees an image of that objective at.
Size net_input(const Session &session, const PictureSettings &settings, const Objective &objective);
// UserError where images have no opacity, and one is asked for.
void check_opacity(const PictureSettings &settings, const PlaneView &view);
// Whether images are shown beside the photo that they began as, three tiles an image.
bool shows_change(const PictureSettings &settings, const PlaneView &view);
// The photo, (C,H,W) in 0..1, is as large as the images; with what the objective says of both but for stay().
std::vector<Tile> change_tiles(Session &session, const Outcome &outcome, const PictureSettings &settings,
                               const Array &photo, const PlaneView &view);
// The settings of those images alone, with the steps that were done; of images that have something in common, all.
PictureSettings settings_of(PictureSettings settings, const std::vector<OptimizedImage> &images);

} // namespace convscope
