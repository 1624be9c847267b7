#include "app/spectrum.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "io/npy.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/natural_spectrum.h"
#include "visualization/parameterizations/spectrum.h"

namespace convscope {

namespace {

std::vector<std::filesystem::path> pictures_of(const std::string &folder) {
  std::vector<std::filesystem::path> pictures;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string extension = lower_extension(at->path());
    if (extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".webp")
      pictures.push_back(at->path());
  }
  if (error)
    throw UserError(fmt::format("--spectrum {}: cannot be read: {}", folder, error.message()));
  if (pictures.empty())
    throw UserError(fmt::format("--spectrum {}: the folder has no pictures (.png, .jpg, .webp)", folder));
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

} // namespace

FileMark mark_spectrum(const std::string &file_or_folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(file_or_folder, error))
    return mark_file(file_or_folder);
  FileMark mark{file_or_folder, 0, ""};
  std::uint64_t hash = fnv1a_start;
  for (const std::filesystem::path &picture : pictures_of(file_or_folder)) {
    const FileMark one = mark_file(path_text(picture));
    mark.bytes += one.bytes;
    hash = fnv1a(std::as_bytes(std::span(one.hash)), hash);
  }
  mark.hash = hash_text(hash);
  return mark;
}

Array read_spectrum(Context &context, const std::string &file_or_folder, const Recipe &recipe, Size size) {
  const int planes = context.session.graph().input.c;
  std::error_code error;
  if (!std::filesystem::is_directory(file_or_folder, error)) {
    Array spectrum = read_npy(file_or_folder);
    check_finite(spectrum, file_or_folder);
    check_spectrum(spectrum, planes, file_or_folder);
    return spectrum;
  }
  const Margins whole = spectrum_margins(size.height, size.width);
  SpectrumMean mean(planes, whole.height, whole.width, decorrelates(recipe, planes));
  for (const std::filesystem::path &picture : pictures_of(file_or_folder))
    mean.add(context.session.picture(context.read_picture(path_text(picture)), {whole.width, whole.height}));
  Array spectrum = mean.mean();
  check_spectrum(spectrum, planes, file_or_folder);
  return spectrum;
}

} // namespace convscope
