#include <algorithm>
#include <functional>
#include <map>

#include "base/files.h"
#include "base/parallel.h"
#include "dataset/examples.h"
#include "dataset/photo_reader.h"
#include "io/resize.h"

namespace convscope {

namespace {

// Of the photo as it is now, which may be another than was seen.
Part part_of(const ImageRgb8 &photo, const Box &box) {
  const int left = std::clamp(box.x, 0, photo.width - 1), top = std::clamp(box.y, 0, photo.height - 1);
  return {left, top, std::clamp(box.width, 1, photo.width - left), std::clamp(box.height, 1, photo.height - top)};
}

ImageRgb8 cut_to(const ImageRgb8 &photo, const Part &part, int side) {
  const int longer = std::max(part.width, part.height);
  if (longer <= side)
    return cut(photo, part);
  const auto scaled = [&](int length) {
    return static_cast<int>(std::max<std::int64_t>(1, (std::int64_t{length} * side + longer / 2) / longer));
  };
  return to_rgb8(resize(photo, part, scaled(part.width), scaled(part.height)));
}

} // namespace

ImageRgb8 crop(const std::filesystem::path &folder, const Example &example) {
  const ImageRgb8 photo = read_image(photo_file(folder, example.file));
  return cut(photo, part_of(photo, example.box));
}

namespace {

// Reads each file once, on all cores; `use` gets the example's number.
void read_each(const std::filesystem::path &folder, const std::vector<Example> &examples,
               const std::function<void(std::size_t, const ImageRgb8 &)> &use) {
  std::map<std::string, std::vector<std::size_t>> by_file;
  for (std::size_t i = 0; i < examples.size(); ++i)
    by_file[examples[i].file].push_back(i);
  std::vector<const std::pair<const std::string, std::vector<std::size_t>> *> files;
  for (const auto &file : by_file)
    files.push_back(&file);
  parallel_for(files.size(), 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t f = first; f < last; ++f)
      try {
        const std::filesystem::path file = photo_file(folder, files[f]->first);
        use_photo(read_file(file, image_file_limit), path_text(file), [&](const ImageRgb8 &photo) {
          for (const std::size_t i : files[f]->second)
            use(i, photo);
        });
      } catch (const std::exception &) { // gone or changed since it was seen
      }
  });
}

} // namespace

std::vector<ImageRgb8> crops(const std::filesystem::path &folder, const std::vector<Example> &examples, int side) {
  std::vector<ImageRgb8> result(examples.size());
  read_each(folder, examples, [&](std::size_t i, const ImageRgb8 &photo) {
    result[i] = cut_to(photo, part_of(photo, examples[i].box), side);
  });
  return result;
}

std::vector<ExamplePictures> crops_with_photos(const std::filesystem::path &folder,
                                               const std::vector<Example> &examples, int crop_side, int photo_side) {
  std::vector<ExamplePictures> result(examples.size());
  read_each(folder, examples, [&](std::size_t i, const ImageRgb8 &photo) {
    result[i] = {cut_to(photo, part_of(photo, examples[i].box), crop_side),
                 cut_to(photo, {0, 0, photo.width, photo.height}, photo_side),
                 {photo.width, photo.height}};
  });
  return result;
}

} // namespace convscope
