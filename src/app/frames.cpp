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

FrameWriter::FrameWriter(fs::path folder, std::vector<std::string> labels, const PlaneView &view)
    : folder_(std::move(folder)), labels_(std::move(labels)), view_(view) {
  std::error_code error;
  const fs::file_status status = fs::status(folder_, error);
  if (fs::exists(status) && !fs::is_directory(status))
    throw UserError(fmt::format("--frames {}: is not a folder", path_text(folder_)));
  if (fs::is_directory(status)) {
    check_writable(folder_ / frame_name(0));
    return;
  }
  const fs::path probe = folder_.has_filename() ? folder_ : folder_.parent_path(); // "dir/"
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
  std::error_code error;
  if (fs::exists(folder_ / frame_name(written_), error))
    tell(fmt::format("--frames {}: also holds frames of an earlier run, from {} on", path_text(folder_),
                     path_text(frame_name(written_))));
}

void FrameWriter::write(const Row &row) {
  if (written_ == 0) {
    std::error_code error;
    fs::create_directory(folder_, error);
    if (error)
      throw UserError(fmt::format("--frames {}: can't be made: {}", path_text(folder_), error.message()));
  }
  const fs::path path = folder_ / frame_name(written_++);
  if (row.size() == 1) {
    write_png(path, row.front());
    return;
  }
  const auto whole = std::ranges::find_if(row, [](const auto &image) { return image.width > 0; });
  std::vector<Tile> tiles;
  for (std::size_t i = 0; i < row.size(); ++i)
    tiles.push_back({row[i].width > 0 ? row[i] : ImageRgb8(whole->width, whole->height, 236), labels_[i], ""});
  write_png(path, tile_grid(tiles, {}));
}

} // namespace convscope
