#include "dataset/photo_folder.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "io/png.h"
#include "unit/scratch.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> found_in(const fs::path &folder) {
  std::vector<std::string> names;
  find_photos(folder, [&](const FoundPhoto &photo) {
    names.push_back(photo.path);
    EXPECT_EQ(static_cast<std::uint64_t>(photo.bytes), fs::file_size(photo_file(folder, photo.path)));
  });
  std::sort(names.begin(), names.end());
  return names;
}

TEST(PhotoFolder, PicturesByContentOrName) {
  const Scratch scratch;
  const std::vector<std::uint8_t> png = encode_png(ImageRgb8(4, 4, 9));
  fs::create_directories(scratch / "a/b/c");
  fs::create_directories(scratch / ".thumbnails");
  for (const char *name :
       {"x.png", "a/no ending", "a/b/c/lies.txt", "a/b/\xc3\xa4.PNG", ".hidden.png", ".thumbnails/y.png"})
    scratch.put(name, png);
  scratch.put("a/says so.JPeG", "text");
  scratch.put("a/text.txt", "text");
  scratch.put("a/empty", "");
  scratch.put("scan", std::string_view("II*\0 and so on", 14)); // a TIFF
  EXPECT_THAT(found_in(scratch / ""), testing::ElementsAre("a/b/c/lies.txt", "a/b/\xc3\xa4.PNG", "a/no ending",
                                                           "a/says so.JPeG", "scan", "x.png"));
}

#ifndef _WIN32
TEST(PhotoFolder, LinksThatGoInCircles) {
  const Scratch scratch;
  const std::vector<std::uint8_t> png = encode_png(ImageRgb8(4, 4, 9));
  for (const char *folder : {"photos/a/deep", "photos/b", "elsewhere/more"})
    fs::create_directories(scratch / folder);
  for (const char *name : {"photos/x.png", "photos/a/deep/y.png", "elsewhere/z.png", "elsewhere/more/v.png"})
    scratch.put(name, png);
  fs::create_directory_symlink(scratch / "photos", scratch / "photos/a/deep/up");      // a circle
  fs::create_directory_symlink(scratch / "", scratch / "photos/b/all");                // holds all of it
  fs::create_directory_symlink(scratch / "photos/a", scratch / "photos/twin");         // is there already
  fs::create_directory_symlink(scratch / "elsewhere", scratch / "photos/b/elsewhere"); // is followed,
  fs::create_directory_symlink(scratch / "elsewhere/more", scratch / "photos/c");      // once
  fs::create_directory_symlink(scratch / "photos/b", scratch / "elsewhere/back");
  fs::create_symlink(scratch / "elsewhere/z.png", scratch / "photos/link.png");
  fs::create_symlink(scratch / "nowhere.png", scratch / "photos/broken.png");
  EXPECT_THAT(found_in(scratch / "photos"),
              testing::ElementsAre("a/deep/y.png", "b/elsewhere/more/v.png", "b/elsewhere/z.png", "link.png", "x.png"));
  fs::create_directory_symlink(scratch / "photos", scratch / "linked"); // a folder that is itself a link
  EXPECT_EQ(found_in(scratch / "linked"), found_in(scratch / "photos"));
}
#endif

} // namespace
} // namespace convscope
