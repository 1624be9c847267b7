#include "app/frames.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/command.h"
#include "app/optimizing.h"
#include "app/outputs.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/grid.h"
#include "io/png.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

fs::path frame_name(int number) { return fmt::format("frame-{:05}.png", number); }

} // namespace

FrameWriter::FrameWriter(fs::path path, std::vector<std::string> labels, const PlaneView &view)
    : path_(std::move(path)), labels_(std::move(labels)), view_(view) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  animated_ = is_animation(lower_extension(path_)) && !fs::is_directory(status);
  if (animated_) {
    check_writable(path_);
    return;
  }
  if (fs::exists(status) && !fs::is_directory(status))
    throw UserError(
        fmt::format("--frames {}: is not a folder, nor the name of an animation (.gif, .png, .y4m)", path_text(path_)));
  if (fs::is_directory(status)) {
    check_writable(path_ / frame_name(0));
    return;
  }
  const fs::path probe = path_.has_filename() ? path_ : path_.parent_path(); // "dir/"
  check_writable(probe);
}

void FrameWriter::add(OptimizeRun &run) {
  const Array images = run.images();
  const std::vector<Progress> progress = run.progress();
  const auto each = static_cast<std::ptrdiff_t>(images.data.size()) / images.shape[0];
  Row &row = waiting_[run.step()];
  row.resize(labels_.size());
  for (std::size_t i = 0; i < run.members().size(); ++i) {
    const auto from = images.data.begin() + static_cast<std::ptrdiff_t>(i) * each;
    const Array image{{images.shape[1], images.shape[2], images.shape[3]}, {from, from + each}};
    row[run.members()[i]] =
        labels_.size() == 1 ? page_of(image, progress[i], view_) : picture_of(image, progress[i], view_);
  }
  // Batches run one after the other, so a frame is whole when the last of them reaches it.
  while (!waiting_.empty() &&
         std::ranges::all_of(waiting_.begin()->second, [](const auto &i) { return i.width > 0; })) {
    write(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
}

void FrameWriter::finish() {
  for (const auto &[step, row] : waiting_)
    write(row);
  waiting_.clear();
  if (animated_) {
    if (written_ > 0)
      write_animation(path_, animation_);
    return;
  }
  std::error_code error;
  if (fs::exists(path_ / frame_name(written_), error))
    tell(fmt::format("--frames {}: also holds frames of an earlier run, from {} on", path_text(path_),
                     path_text(frame_name(written_))));
}

ImageRgb8 FrameWriter::page(const Row &row) const {
  if (row.size() == 1)
    return row.front();
  const auto whole = std::ranges::find_if(row, [](const auto &image) { return image.width > 0; });
  std::vector<Tile> tiles;
  for (std::size_t i = 0; i < row.size(); ++i)
    tiles.push_back({row[i].width > 0 ? row[i] : ImageRgb8(whole->width, whole->height, 236), labels_[i], ""});
  return tile_grid(tiles, {});
}

void FrameWriter::write(const Row &row) {
  if (animated_) {
    animation_.frames.push_back(page(row));
    ++written_;
    return;
  }
  if (written_ == 0) {
    std::error_code error;
    fs::create_directory(path_, error);
    if (error)
      throw UserError(fmt::format("--frames {}: can't be made: {}", path_text(path_), error.message()));
  }
  write_png(path_ / frame_name(written_++), page(row));
}

} // namespace convscope
