// The photos that excite channels most: against a search through all activations, after kills, with photos of every
// kind.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include <sqlite3.h>
#include <webp/encode.h>

#ifndef _WIN32
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "graph/graph.h"
#include "io/image.h"
#include "io/npy.h"
#include "io/png.h"
#include "io/resize.h"
#include "program/program.h"
#include "unit/jpeg_writer.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Parts of two photos, turned: as different as so many can be.
ImageRgb8 some_photo(int number, int width, int height) {
  static const ImageRgb8 sources[] = {read_image(cat_photo),
                                      read_image(CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png")};
  const ImageRgb8 &from = sources[number % 2];
  std::mt19937 random(static_cast<unsigned>(number));
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const int across = 60 + below(from.width - 60), down = 60 + below(from.height - 60);
  const Array part =
      resize(from, {below(from.width - across + 1), below(from.height - down + 1), across, down}, width, height);
  ImageRgb8 photo = to_rgb8(part);
  if (number % 3 == 0)
    std::reverse(photo.pixels.begin(), photo.pixels.end()); // upside down, and blue for red
  return photo;
}

class Examples : public ProgramTest {
protected:
  Examples() { fs::create_directories(path("photos/more")); }

  void make_photos(int count, int first = 0) const {
    for (int i = first; i < first + count; ++i)
      put_photo(i, (i % 5 == 0 ? "more/p" : "p") + std::to_string(100 + i) + (i % 2 ? ".jpg" : ".png"));
  }
  void put_photo(int number, const std::string &name) const {
    // Some as large as what the net gets, some larger and of other shapes.
    const int width = number % 4 ? 96 : 131, height = number % 8 < 6 ? 96 : 107;
    const ImageRgb8 photo = some_photo(number, width, height);
    if (!name.ends_with(".jpg"))
      return write_png(path("photos/" + name), photo);
    const JpegBytes jpeg = make_jpeg(width, height, photo.pixels);
    put("photos/" + name, {reinterpret_cast<const char *>(jpeg.data()), jpeg.size()});
  }
  Arguments examples(const Arguments &more, const std::string &layer = "conv5") const {
    Arguments all{"examples", "--model",      "alexnet", "--images",    "photos", "--layer",
                  layer,      "--input-size", "96",      "--precision", "fp32"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string told(const Arguments &more, const std::string &layer = "conv5") const {
    Arguments all = examples(more, layer);
    all.emplace_back("--json");
    const Result result = run(all);
    EXPECT_EQ(result.status, 0) << result.told;
    expect_silent_validation(result);
    return result.out;
  }
  // What the program reads of a photo, by the test's own means.
  Array net_input(const std::string &name) const {
    const Array part = center_crop(to_float(read_image(path("photos/" + name))), 96, 96);
    Array input = resize(part, 96, 96);
    const std::size_t plane = 96 * 96;
    const float mean[] = {.485F, .456F, .406F}, deviation[] = {.229F, .224F, .225F};
    for (std::size_t i = 0; i < input.data.size(); ++i)
      input.data[i] = (input.data[i] - mean[i / plane]) / deviation[i / plane];
    return input;
  }
  std::vector<std::string> photo_names() const {
    std::vector<std::string> names;
    for (const std::string &file : files())
      if (file.starts_with("photos/") && fs::is_regular_file(path(file)))
        names.push_back(file.substr(7));
    return names; // in order: files() is a set
  }
};

TEST_F(Examples, AreWhatASearchThroughAllActivationsFinds) {
  make_photos(40);
  const std::vector<std::string> names = photo_names();
  ASSERT_EQ(names.size(), 40U);
  Array inputs{{40, 3, 96, 96}, {}};
  for (const std::string &name : names) {
    const Array input = net_input(name);
    inputs.data.insert(inputs.data.end(), input.data.begin(), input.data.end());
  }
  write_npy(path("x.npy"), inputs);
  done({"activations", "--model", "alexnet", "--input", "x.npy", "--layer", "conv5", "-o", "act.npy"}, {"act.npy"});
  const Array maps = npy("act.npy");
  const auto rows = maps.shape[2], columns = maps.shape[3];
  const auto plane = static_cast<std::size_t>(rows * columns);

  const json all = parse_json(told({"--top", "5"}));
  ASSERT_EQ(all.at("channels").size(), 256U);
  EXPECT_EQ(all.at("photos"), 40);
  for (const json &channel : all.at("channels")) {
    const auto c = channel.at("channel").get<std::size_t>();
    std::vector<std::pair<float, std::string>> best; // negative, for sorting
    std::map<std::string, std::size_t> place;
    int excited = 0;
    for (std::size_t n = 0; n < names.size(); ++n) {
      const auto map = maps.data.begin() + static_cast<std::ptrdiff_t>((n * 256 + c) * plane);
      const auto top = std::max_element(map, map + static_cast<std::ptrdiff_t>(plane));
      excited += *top > 0;
      if (*top > 0)
        best.emplace_back(-*top, names[n]);
      place[names[n]] = static_cast<std::size_t>(top - map);
    }
    std::sort(best.begin(), best.end());
    best.resize(std::min<std::size_t>(best.size(), 5));
    EXPECT_EQ(channel.at("excited"), excited) << c;
    ASSERT_EQ(channel.at("examples").size(), best.size()) << c;
    for (std::size_t i = 0; i < best.size(); ++i) {
      const json &example = channel.at("examples")[i];
      EXPECT_EQ(example.at("file"), best[i].second) << c;
      EXPECT_NEAR(example.at("value").get<double>(), -best[i].first, 1e-5 * -best[i].first) << c;
      EXPECT_EQ(example.at("y").get<std::size_t>() * static_cast<std::size_t>(columns) +
                    example.at("x").get<std::size_t>(),
                place[best[i].second])
          << c;
    }
    std::int64_t counted = 0;
    for (const json &count : channel.at("histogram").at("counts"))
      counted += count.get<std::int64_t>();
    EXPECT_EQ(counted, 40);
  }
}

// The gradient of the value that is shown has its pixels in the box, where the photo is as large as what the net gets.
TEST_F(Examples, BoxesHoldAllThatMatters) {
  make_photos(24);
  int looked_at = 0;
  const json all = parse_json(told({"--top", "1"}));
  for (std::size_t c = 0; c < 256 && looked_at < 6; c += 9)
    for (const json &example : all.at("channels")[c].at("examples")) {
      const std::string name = example.at("file");
      const ImageRgb8 photo = read_image(path("photos/" + name));
      if (photo.width != 96 || photo.height != 96)
        continue;
      ++looked_at;
      Array input = net_input(name);
      input.shape.insert(input.shape.begin(), 1);
      write_npy(path("x.npy"), input);
      const std::string objective = "conv5:" + std::to_string(c) + "@" + std::to_string(example.at("x").get<int>()) +
                                    "," + std::to_string(example.at("y").get<int>());
      const Result result = run(
          {"gradient", "--model", "alexnet", "--input", "x.npy", "--objective", objective, "-o", "grad.npy", "--json"});
      ASSERT_EQ(result.status, 0) << result.told;
      EXPECT_NEAR(value_of(result), example.at("value").get<double>(), 1e-4) << objective;
      const Array gradient = npy("grad.npy");
      int left = 96, top = 96, right = 0, bottom = 0;
      for (int i = 0; i < 3 * 96 * 96; ++i)
        if (gradient.data[static_cast<std::size_t>(i)] != 0) {
          left = std::min(left, i % 96);
          right = std::max(right, i % 96 + 1);
          top = std::min(top, i / 96 % 96);
          bottom = std::max(bottom, i / 96 % 96 + 1);
        }
      const json &box = example.at("box");
      const int x = box.at("x"), y = box.at("y"), width = box.at("width"), height = box.at("height");
      EXPECT_LE(x, left) << objective;
      EXPECT_LE(y, top) << objective;
      EXPECT_GE(x + width, right) << objective;
      EXPECT_GE(y + height, bottom) << objective;
      // Not far from it: a gradient goes around what a pool does not choose.
      EXPECT_LE(width, right - left + 24) << objective;
      EXPECT_LE(height, bottom - top + 24) << objective;
    }
  EXPECT_GE(looked_at, 4);
}

TEST_F(Examples, APageOfSeveralLayers) {
  make_photos(6);
  done(examples({"--channels", "0-2,40", "--top", "4", "-o", "page.png"}, "conv2,conv5"), {"page.png"});
  const PictureSize page = expect_picture(path("page.png"));
  done(examples({"--channels", "0-2,40", "--top", "4", "-o", "one.png"}), {"one.png"});
  EXPECT_GT(page.height, expect_picture(path("one.png")).height * 3 / 2);
  // A page that lies in the folder is none of its photos.
  const std::string before = told({"--channels", "3"});
  done(examples({"--channels", "3", "-o", "photos/page.png"}), {"photos/page.png"});
  done(examples({"--channels", "3", "-o", "photos/page.png", "--json"}), {});
  EXPECT_EQ(parse_json(told({"--channels", "3", "-o", "photos/page.png"})).at("photos"), 6);
  const json both = parse_json(told({"--channels", "3", "-o", "photos/page.png"}, "conv2,conv5"));
  ASSERT_EQ(both.at("layers").size(), 2U);
  EXPECT_EQ(both.at("layers")[1].at("channels"), parse_json(before).at("channels"));
}

// What is in the database is as if it had just been computed, whatever has come, changed and gone since.
TEST_F(Examples, PhotosComeChangeAndGo) {
  const Arguments kept{"--db", "seen.sqlite"};
  make_photos(12);
  const std::string first = told(kept);
  EXPECT_EQ(first, told({}));
  EXPECT_EQ(told(kept), first);
  make_photos(6, 12); // come
  EXPECT_EQ(told(kept), told({}));
  put_photo(31, "p101.jpg"); // other content, and another time
  fs::last_write_time(path("photos/p101.jpg"), fs::last_write_time(path("photos/p101.jpg")) + std::chrono::seconds(3));
  EXPECT_EQ(told(kept), told({}));
  EXPECT_NE(told(kept), first);
  fs::rename(path("photos/p103.jpg"), path("away.jpg"));
  const std::string less = told(kept);
  EXPECT_EQ(less, told({}));
  EXPECT_EQ(parse_json(less).at("photos"), 17);
  fs::rename(path("away.jpg"), path("photos/p103.jpg")); // is back, and known
  EXPECT_EQ(told(kept), told({}));
  EXPECT_EQ(told(kept, "conv2"), told({}, "conv2")); // another layer beside it
  EXPECT_EQ(told(kept), told({}));
  const Result silent = run(examples({"--db", "seen.sqlite", "--json"}));
  EXPECT_EQ(silent.err, "") << "nothing was left to do";
}

#ifndef _WIN32
// Ends a program by a signal that it can't catch after so many milliseconds, if it has not ended by then.
bool ended_by_itself(pid_t child, int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return false;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return true;
}

TEST_F(Examples, AKilledRunGoesOn) {
  make_photos(40);
  const std::string unbroken = told({});
  Arguments command = examples({"--db", "seen.sqlite", "--batch", "1", "--json"});
  std::mt19937 random(5);
  int kills = 0;
  for (int most = 300; kills < 60; most += 40) { // longer and longer, so that it ends on slow machines, too
    if (ended_by_itself(start(command), 40 + static_cast<int>(random() % static_cast<unsigned>(most))))
      break;
    ++kills;
  }
  EXPECT_GE(kills, 2);
  EXPECT_EQ(told({"--db", "seen.sqlite"}), unbroken);
}

TEST_F(Examples, AnInterruptedRunKeepsWhatItHasSeen) {
  make_photos(40);
  const std::string unbroken = told({});
  const std::string command = "cd '" + folder.string() +
                              "' && timeout -s INT 0.5 " CONVSCOPE_BINARY_DIR
                              "/convscope examples --model alexnet --images photos --layer conv5 --input-size 96 "
                              "--precision fp32 --batch 1 --db seen.sqlite --json >/dev/null 2>told; echo $? >>told";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(told({"--db", "seen.sqlite"}), unbroken);
}
#endif

TEST_F(Examples, PhotosOfEveryKind) {
  const auto put_bytes = [&](const std::string &name, const JpegBytes &bytes) {
    put("photos/" + name, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
  };
  const ImageRgb8 photo = some_photo(1, 120, 96);
  write_png(path("photos/a-png"), photo); // no ending
  write_png(path("photos/b.jpg"), photo); // another's
  // Stored lying on its side: 96 wide and 120 high as it is to be seen.
  put_bytes("turned.jpeg", with_segment(make_jpeg(120, 96, photo.pixels), 0xe1, exif(6, true)));
  put_bytes("grey.JPG", make_jpeg(64, 64, JpegBytes(64 * 64, 90), {JCS_GRAYSCALE, 1}));
  put_bytes("cmyk.jpg", make_jpeg(64, 64, JpegBytes(64 * 64 * 4, 200), {JCS_CMYK, 4}));
  std::vector<std::uint8_t> rgba;
  for (std::size_t i = 0; i < photo.pixels.size(); i += 3)
    rgba.insert(rgba.end(), {photo.pixels[i], photo.pixels[i + 1], photo.pixels[i + 2],
                             static_cast<std::uint8_t>(i % 7 ? 255 : 60)});
  std::uint8_t *data = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), photo.width, photo.height, photo.width * 4, &data);
  put("photos/alpha.webp", {reinterpret_cast<const char *>(data), size});
  WebPFree(data);
  write_png(path("photos/one.png"), ImageRgb8(1, 1, 200));
  write_png(path("photos/line.png"), some_photo(3, 300, 1));
  // What can't be read is named; what is no picture, or hidden, is not.
  JpegBytes vast = make_jpeg(16, 16, JpegBytes(16 * 16 * 3, 9));
  for (std::size_t i = 0; i + 9 < vast.size(); ++i)
    if (vast[i] == 0xff && vast[i + 1] == 0xc0) { // its frame: height and width
      const std::uint8_t sides[] = {10000 >> 8, 10000 & 255, 20000 >> 8, 20000 & 255};
      std::copy(std::begin(sides), std::end(sides), vast.begin() + static_cast<std::ptrdiff_t>(i) + 5);
    }
  put_bytes("vast.jpg", vast);
  const std::string png = read_bytes(path("photos/b.jpg"));
  put("photos/half.png", std::string_view(png).substr(0, png.size() / 2));
  put("photos/letter.jpg", "Dear all");
  put("photos/moving", "GIF89a and so on, which nobody reads");
  put("photos/empty.png", "");
  put("photos/readme.txt", "Photos");
  put("photos/.hidden.png", png);
  fs::create_directories(path("photos/.git"));
  put("photos/.git/x.png", png);

  const Result result = run(examples({"--json", "--channels", "0-40"}));
  EXPECT_EQ(result.status, 0) << result.told;
  const json all = parse_json(result.out);
  EXPECT_EQ(all.at("photos"), 8);
  std::map<std::string, std::string> reasons;
  for (const json &skipped : all.at("skipped"))
    reasons[skipped.at("file")] = skipped.at("reason");
  std::vector<std::string> names;
  for (const auto &[name, reason] : reasons)
    names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("empty.png", "half.png", "letter.jpg", "moving", "vast.jpg"));
  EXPECT_THAT(reasons["vast.jpg"], testing::HasSubstr("20000x10000"));
  EXPECT_THAT(reasons["moving"], testing::HasSubstr("GIF"));
  EXPECT_THAT(result.err, testing::HasSubstr("skipped half.png: "));

  for (const json &channel : all.at("channels"))
    for (const json &example : channel.at("examples")) {
      const ImageRgb8 shown = read_image(path("photos/" + example.at("file").get<std::string>()));
      const json &box = example.at("box");
      EXPECT_GE(box.at("width"), 1);
      EXPECT_GE(box.at("height"), 1);
      EXPECT_GE(box.at("x"), 0);
      EXPECT_GE(box.at("y"), 0);
      EXPECT_LE(box.at("x").get<int>() + box.at("width").get<int>(), shown.width) << example.dump();
      EXPECT_LE(box.at("y").get<int>() + box.at("height").get<int>(), shown.height) << example.dump();
    }
  // Twins are as good as each other, and stand by their names.
  for (const json &channel : all.at("channels"))
    for (std::size_t i = 0; i + 1 < channel.at("examples").size(); ++i)
      if (channel.at("examples")[i].at("file") == "a-png") {
        EXPECT_EQ(channel.at("examples")[i + 1].at("file"), "b.jpg");
      }
  // The second time nothing is read again, and what was skipped is still told.
  EXPECT_EQ(told({"--db", "seen.sqlite"}), told({"--db", "seen.sqlite"}));
}

TEST_F(Examples, WhatTheUserCanMend) {
  fs::create_directories(path("empty/also"));
  const auto with = [&](const std::string &images, const std::string &layer) {
    return Arguments{"examples", "--model", "alexnet",    "--images", images,    "--layer",
                     layer,      "--db",    "new.sqlite", "-o",       "page.png"};
  };
  refused(with("empty", "conv5"), {"empty: ", "holds no PNG, JPEG or WebP"});
  refused(with("none", "conv5"), {"none: there is no such folder"});
  put("notes.txt", "no folder");
  refused(with("notes.txt", "conv5"), {"notes.txt: is no folder"});
  put("empty/notes.txt", "no picture");
  refused(with("empty", "conv5"), {"holds no PNG, JPEG or WebP"});
  make_photos(2);
  refused(with("photos", "conv55"), {"conv55", "conv5"});
  refused(examples({}), {"-o is required"});
  refused(examples({"--channels", "0-256", "-o", "page.png"}), {"--channels", "conv5", "0 to 255"});
  refused(examples({"--db", "none/seen.sqlite", "--json"}), {"none/seen.sqlite", "does not exist"});
  refused(examples({"--db", "empty", "--json"}), {"empty: is a folder"});
  put("empty/broken.png", "\x89PNG\r\n\x1a\n");
  const Result result = run({"examples", "--model", "alexnet", "--images", "empty", "--layer", "conv5", "--json"});
  EXPECT_EQ(result.status, 2) << result.told;
  EXPECT_THAT(result.err, testing::HasSubstr("empty: none of its 1 pictures can be read: broken.png: "));
}

// Databases that can't be used stay as they are.
TEST_F(Examples, DatabasesThatCantBeUsed) {
  make_photos(8);
  const std::string right = told({"--db", "seen.sqlite"});
  const std::string whole = bytes("seen.sqlite");
  const auto refuses = [&](const Arguments &arguments, const std::vector<std::string> &words, const std::string &name) {
    const std::string before = bytes(name);
    refused(arguments, words);
    EXPECT_EQ(bytes(name), before);
  };
  refuses({"examples", "--model", "vgg16", "--images", "photos", "--layer", "block1_conv1", "--db", "seen.sqlite",
           "--json"},
          {"seen.sqlite: is of alexnet, not of vgg16"}, "seen.sqlite");
  refuses(examples({"--db", "seen.sqlite", "--json", "--input-range", "raw"}),
          {"seen.sqlite: is of alexnet with other weights or another preprocessing"}, "seen.sqlite");
  put("notes.sqlite", "These are notes, and there are as many of them as a database has in its header: not so few.");
  refuses(examples({"--db", "notes.sqlite", "--json"}), {"notes.sqlite: is no database of what was seen"},
          "notes.sqlite");
  refuses(examples({"--db", "photos/p101.jpg", "--json"}), {"p101.jpg: is no database of what was seen"},
          "photos/p101.jpg");
  sqlite3 *other = nullptr;
  ASSERT_EQ(sqlite3_open(path("other.sqlite").string().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "CREATE TABLE mine (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  refuses(examples({"--db", "other.sqlite", "--json"}), {"other.sqlite: is a database of another program's"},
          "other.sqlite");
  ASSERT_EQ(sqlite3_open(path("seen.sqlite").string().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  const Result busy = run(examples({"--db", "seen.sqlite", "--json"}));
  sqlite3_close(other);
  EXPECT_EQ(busy.status, 2) << busy.told;
  EXPECT_EQ(busy.err, "convscope: seen.sqlite: is in use by another process\n");
#ifndef _WIN32
  // Root may write all the same, unless that power is taken from it.
  if (geteuid() == 0)
    launcher = {"setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"};
  fs::permissions(path("seen.sqlite"), fs::perms::owner_read);
  if (geteuid() != 0 ||
      std::system("setpriv --bounding-set -dac_override --inh-caps -dac_override true 2>/dev/null") == 0)
    refuses(examples({"--db", "seen.sqlite", "--json"}), {"seen.sqlite: can't be written"}, "seen.sqlite");
  fs::permissions(path("seen.sqlite"), fs::perms::owner_all);
  launcher.clear();
#endif
  EXPECT_EQ(told({"--db", "seen.sqlite"}), right);

  // Damaged anywhere, it is refused, or what is damaged does not matter.
  put("cut.sqlite", std::string_view(whole).substr(0, whole.size() / 2));
  refuses(examples({"--db", "cut.sqlite", "--json"}), {"cut.sqlite: is damaged"}, "cut.sqlite");
  std::mt19937 random(3);
  int refusals = 0;
  for (int i = 0; i < 16; ++i) {
    std::string damaged = whole;
    const std::size_t at = random() % damaged.size();
    for (std::size_t j = at; j < std::min(at + 24, damaged.size()); ++j)
      damaged[j] = static_cast<char>(damaged[j] ^ 0x5a);
    put("hurt.sqlite", damaged);
    const Result result = run(examples({"--db", "hurt.sqlite", "--json"}));
    if (result.status == 0) {
      EXPECT_EQ(result.out, right) << "at byte " << at;
      continue;
    }
    ++refusals;
    EXPECT_EQ(result.status, 2) << result.told;
    EXPECT_THAT(result.err, testing::StartsWith("convscope: hurt.sqlite: ")) << at;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(bytes("hurt.sqlite"), damaged);
  }
  EXPECT_GE(refusals, 4);
}

} // namespace
} // namespace convscope
