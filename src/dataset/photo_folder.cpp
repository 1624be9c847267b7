#include "dataset/photo_folder.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "io/image.h"
#include "io/picture_kinds.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

bool is_picture(const fs::path &file) {
  const std::string extension = lower_extension(file);
  for (const std::string_view known : {".jpg", ".jpeg", ".png", ".webp"})
    if (extension == known)
      return true;
  std::array<char, 256> head{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), head.size());
  const auto count = static_cast<std::size_t>(stream.gcount());
  const std::span bytes(reinterpret_cast<const std::uint8_t *>(head.data()), count);
  return is_image(bytes) || !other_kind(bytes, path_text(file)).empty();
}

std::string generic_text(const fs::path &path) {
  const std::u8string text = path.generic_u8string();
  return {text.begin(), text.end()};
}

// Whether `folder` is `other` or lies in it; both are canonical.
bool lies_in(const fs::path &folder, const fs::path &other) {
  return std::mismatch(other.begin(), other.end(), folder.begin(), folder.end()).first == other.end();
}

class Walk {
public:
  Walk(const fs::path &folder, const std::function<void(const FoundPhoto &)> &found,
       const std::function<bool()> &stopped)
      : folder_(folder), found_(found), stopped_(stopped) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
      throw UserError(path_text(folder) + (fs::exists(folder, error) ? ": is no folder" : ": there is no such folder"));
    const fs::path root = fs::canonical(folder, error);
    trees_.push_back(root);
    fs::directory_iterator first(folder, error);
    if (error)
      throw UserError(path_text(folder) + ": can't be read: " + error.message());
    walk({});
    // Links to folders wait until all that really lies here has been seen, and then come in the order of their names.
    while (!links_.empty()) {
      const auto next = std::min_element(links_.begin(), links_.end());
      const fs::path link = *next;
      links_.erase(next);
      const fs::path target = fs::canonical(folder_ / link, error);
      if (error || std::any_of(trees_.begin(), trees_.end(),
                               [&](const fs::path &tree) { return lies_in(target, tree) || lies_in(tree, target); }))
        continue;
      trees_.push_back(target);
      walk(link);
    }
  }

private:
  // All below `start`, a folder at a time.
  void walk(const fs::path &start) {
    std::vector<fs::path> folders{start};
    while (!folders.empty()) {
      const fs::path at = std::move(folders.back());
      folders.pop_back();
      std::error_code error;
      // A folder that can't be read, or that goes while it is, has no photos.
      for (fs::directory_iterator entry(folder_ / at, error), end; !error && entry != end; entry.increment(error)) {
        if (stopped_ && stopped_())
          return;
        look(at / entry->path().filename(), *entry, folders);
      }
    }
  }

  void look(const fs::path &path, const fs::directory_entry &entry, std::vector<fs::path> &folders) {
    std::error_code error;
    if (generic_text(path.filename()).starts_with('.'))
      return;
    if (entry.is_directory(error)) {
      (entry.is_symlink(error) ? links_ : folders).push_back(path);
      return;
    }
    if (!entry.is_regular_file(error) || !is_picture(entry.path()))
      return;
    const auto bytes = entry.file_size(error);
    if (error)
      return;
    const auto changed = entry.last_write_time(error);
    if (!error)
      found_({generic_text(path), static_cast<std::int64_t>(bytes),
              static_cast<std::int64_t>(changed.time_since_epoch().count())});
  }

  const fs::path &folder_;
  const std::function<void(const FoundPhoto &)> &found_;
  const std::function<bool()> &stopped_;
  std::vector<fs::path> trees_; // that were walked, canonical
  std::vector<fs::path> links_; // to folders, that were met
};

} // namespace

void find_photos(const fs::path &folder, const std::function<void(const FoundPhoto &)> &found,
                 const std::function<bool()> &stopped) {
  const Walk walk(folder, found, stopped);
}

void check_photos(const fs::path &folder, const std::function<bool()> &stopped) {
  struct One {};
  try {
    find_photos(
        folder, [](const FoundPhoto &) { throw One(); }, stopped);
  } catch (const One &) {
    return;
  }
  if (stopped && stopped())
    return;
  throw UserError(path_text(folder) + ": holds no PNG, JPEG or WebP");
}

fs::path photo_file(const fs::path &folder, const std::string &path) { return folder / text_path(path); }

} // namespace convscope
