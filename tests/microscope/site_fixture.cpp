#include "microscope/site_fixture.h"

#include "importers/onnx_builder.h"
#include "io/png.h"
#include "io/resize.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

// Names as files may have them: markup, slashes, case, a folder's parent.
OnnxBuilder small_net() {
  OnnxBuilder model({1, 3, 32, 32});
  model.weights("w1", {10, 3, 3, 3});
  set(model.node("Conv", {"x", "w1"}, "<b>\"a\"/Conv"), "pads", std::vector<std::int64_t>{1, 1, 1, 1});
  model.node("Relu", {"<b>\"a\"/Conv"}, "Mixed");
  model.weights("w2", {9, 10, 3, 3});
  set(model.node("Conv", {"Mixed", "w2"}, "mixed"), "pads", std::vector<std::int64_t>{1, 1, 1, 1});
  model.weights("w3", {7, 9, 1, 1});
  model.node("Conv", {"mixed", "w3"}, "../up");
  model.output("../up");
  return model;
}

using Contents = std::map<std::string, std::string>;

void compare(const Contents &left, const Contents &right) {
  for (const auto &[name, bytes] : left)
    EXPECT_TRUE(right.contains(name) && right.at(name) == bytes) << name;
  for (const auto &[name, bytes] : right)
    EXPECT_TRUE(left.contains(name)) << name;
}

// What follows each `start` up to a '"'.
std::vector<std::string> attributes(const std::string &page, const std::string &start) {
  std::vector<std::string> values;
  for (std::size_t at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
    const std::size_t from = at + start.size();
    values.push_back(page.substr(from, page.find('"', from) - from));
  }
  return values;
}

} // namespace

MicroscopeTest::MicroscopeTest() { small_net().save(path("net.onnx")); }

Arguments MicroscopeTest::command(const std::string &site, const Arguments &more) const {
  Arguments all{"microscope", "--model", "net.onnx", "-o", site, "--steps", "6", "--size", "24", "--batch", "2"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Result MicroscopeTest::made(const Arguments &arguments) const {
  Result result = run(arguments);
  EXPECT_EQ(result.status, 0) << result.told;
  expect_silent_validation(result);
  return result;
}

void MicroscopeTest::make_photos(int count) const {
  fs::create_directories(path("photos"));
  const ImageRgb8 from = read_image(cat_photo);
  for (int i = 0; i < count; ++i)
    write_png(path("photos/" + std::to_string(100 + i) + ".png"),
              to_rgb8(resize(from, {7 * i, 5 * i, 90, 90}, 40, 36)));
}

void MicroscopeTest::expect_same(const std::string &a, const std::string &b, std::size_t files) const {
  const auto left = contents_of(path(a));
  EXPECT_GE(left.size(), files);
  compare(left, contents_of(path(b)));
}

void MicroscopeTest::expect_whole(const std::string &site) const {
  static Contents whole;
  if (whole.empty()) {
    made(command("unbroken"));
    whole = contents_of(path("unbroken"));
    fs::remove_all(path("unbroken"));
    EXPECT_GE(whole.size(), 60U);
  }
  compare(whole, contents_of(path(site)));
}

void MicroscopeTest::expect_opens(const std::string &site) const {
  int pages = 0;
  for (const auto &[name, text] : contents_of(path(site))) {
    if (!name.ends_with(".html"))
      continue;
    ++pages;
    EXPECT_TRUE(text.ends_with("</html>\n")) << name;
    const std::vector<std::string> bases = attributes(text, "<base href=\"");
    fs::path base = path(site + "/" + name).parent_path();
    if (!bases.empty())
      base = (base / bases.front()).lexically_normal(); // which may hold nothing yet
    for (const char *start : {" href=\"", " src=\""})
      for (const std::string &link : attributes(text, start))
        if (!link.starts_with("data:") && !link.starts_with("#") && (bases.empty() || link != bases.front())) {
          EXPECT_TRUE(fs::exists((base / link).lexically_normal())) << name << ": " << link;
        }
  }
  EXPECT_GE(pages, 2);
}

std::size_t MicroscopeTest::pictures(const std::string &site) const {
  std::size_t count = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(path(site + "/images"), error), end; !error && at != end;
       at.increment(error))
    count += at->path().extension() == ".json" ? 1 : 0;
  return count;
}

} // namespace convscope
