// What a picture is made from: what `optimize`, `strip`, `features` and `grid` read from their options, what their PNG
// carries as JSON, and what `replay` makes it from again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/outputs.h"
#include "base/array.h"
#include "importer/file_mark.h"
#include "importer/model.h"
#include "session/session.h"
#include "visualization/recipe.h"

namespace convscope {

struct PictureSettings {
  std::string command; // "optimize", "strip", "features" or "grid"
  ModelRequest model;
  FileMark weights;               // or the model's file
  std::vector<FileMark> arrays;   // those of model.set
  std::optional<FileMark> labels; // of the classes, where they have a file
  std::optional<FileMark> image;  // the photo

  // Of `features`, the layer also of `grid`:
  std::string layer, range;
  std::vector<int> channels; // empty: the default ones
  // Of `features` and of the maps of `strip`, the photo's; of `optimize`, the net's input.
  InputSize input_size;

  // Of `grid`, besides what `optimize` has but for objectives: 0 or the number of groups, and a position with how many
  // of its channels are shown.
  int groups = 0, top = 0;
  std::optional<std::array<int, 2>> at;

  // Of `optimize` and `strip`:
  std::vector<std::string> objectives; // of a path: what each of its images is of, for the reader
  std::vector<int> steps;              // of each objective
  std::vector<int> which;              // of each objective, which of its `variants` images, or of the path's
  int variants = 1;
  struct Path { // between two objectives
    std::string from, to;
    int images = 0;
  };
  std::optional<Path> path;
  bool opacity = false;                 // images have one
  bool loop = false;                    // the path's images are an animation, not a strip
  std::vector<FileMark> vectors;        // that objectives name
  std::optional<FileMark> photo, style; // that they compare with
  Recipe recipe;                        // as overridden
  int width = 0, height = 0, batch = 0;
  std::uint64_t seed = 0;
  std::optional<FileMark> spectrum; // of `maco`: a file or a folder
  Size draw_size;                   // of the picture, where that is not the size it is optimized at
  std::optional<int> only;          // of images that have something in common, the one that is shown
  std::optional<FileMark> init;     // the parameters to start from, or a picture
  std::vector<int> starts;          // of each objective, its place in that file, where it has more than one

  Precision precision = Precision::fp32;
  std::string profile;        // its hash, "" for the built-in choice of kernels
  std::string device, driver; // for the reader: nothing depends on them
};

std::string settings_json(const PictureSettings &settings);
// UserError that begins with `name` where the text is not such settings, or holds what no command takes.
PictureSettings read_settings(const std::string &text, const std::string &name);

// Fills in what was loaded: the marks of its files, and how its input is prepared.
void mark_model(const Session &session, PictureSettings &settings);
// The files of the vectors that the objective names.
void mark_vectors(const Objective &objective, PictureSettings &settings);
// What is read, for check_outputs(): the model's files, and all that a picture is made from, these among them.
std::vector<Output> files_of(const ModelRequest &model);
std::vector<Output> files_of(const PictureSettings &settings);
// The device, its driver, and the precision in force.
void mark_device(Session &session, PictureSettings &settings);

} // namespace convscope
