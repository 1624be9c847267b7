// The files that a command writes: named, told apart and tried before the work begins.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/image.h"

namespace convscope {

struct Output {
  std::string option, path; // path "": not asked for
  std::string extension;    // ".png"; "": any
};
// UserError where two are one file or one is also read, by itself or among a folder's, one can't be written, or has
// another extension.
void check_outputs(const std::vector<Output> &outputs, const std::vector<Output> &inputs = {});

// UserError where a file that is read would be one of a folder's numbered frames.
void check_frames(const std::string &folder, const std::vector<Output> &inputs);

// "vis-%d.png" or "vis-%03d.png": the names of `count` files, from 0 on. Empty where the name has no such place.
std::vector<std::string> numbered_paths(const std::string &pattern, std::size_t count);

// A light tile that says "no response": what stands where a unit stayed dead.
ImageRgb8 no_response_tile(int width, int height);

} // namespace convscope
