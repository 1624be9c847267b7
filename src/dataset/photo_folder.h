// The photos of a folder and of the folders in it, however many there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace convscope {

struct FoundPhoto {
  std::string path;         // from the folder, in UTF-8, with '/'
  std::int64_t bytes = 0;   // of the file
  std::int64_t changed = 0; // when, on the file system's clock
};

// Calls `found` for each file that is a PNG, JPEG or WebP by its content, or that its name or content says to be a
// picture of any kind: what can't be read of those is the reader's to say. In no order; nothing is kept of what was
// found. What begins with a dot is left out. A link to a folder elsewhere is followed, once, unless that holds the
// folder itself: no photo is found twice but by a link to the file. UserError where the folder is none or can't be
// read.
// Where `stopped` is given and says so it returns early, with a part of them.
void find_photos(const std::filesystem::path &folder, const std::function<void(const FoundPhoto &)> &found,
                 const std::function<bool()> &stopped = {});
// UserError where it finds none, or what it says.
void check_photos(const std::filesystem::path &folder, const std::function<bool()> &stopped = {});

// That file of the folder.
std::filesystem::path photo_file(const std::filesystem::path &folder, const std::string &path);

} // namespace convscope
