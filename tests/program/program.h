// Runs the binary as a user does: in a folder of its own, with its exit status, output and files checked.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/array.h"

namespace convscope {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

struct Result {
  int status = -1; // 128 + n where signal n ended it
  std::string out, err;
  std::string told; // the command and all of the above, for a failed test's message
};

// The binary runs in `folder`, which is empty at first and gone after the test.
class ProgramTest : public testing::Test {
protected:
  ProgramTest();
  ~ProgramTest() override;

  Result run(const Arguments &arguments, const Environment &environment = {}) const;
#ifndef _WIN32
  // Starts it in the folder, and gives its process. ended() waits for it; a test may also kill it, and wait itself.
  int start(const Arguments &arguments, const Environment &environment = {}) const;
  Result ended(int process) const;
  // Starts it, interrupts it once it tells of its first steps, and gives how it ends.
  Result interrupted(const Arguments &arguments) const;
#endif
  // Runs it and expects success, silence of the validation layers, and `files` new in the folder, no others.
  Result done(const Arguments &arguments, const std::set<std::string> &files = {}) const;
  // Runs it and expects exit status 2, nothing on stdout, one line on stderr with all these words, and no new file.
  Result refused(const Arguments &arguments, const std::vector<std::string> &words) const;

  std::filesystem::path path(const std::string &name) const { return folder / name; }
  void put(const std::string &name, std::string_view bytes) const;
  // An npy file of any type: `descr` such as "<f8", the shape as Python writes it, and the data's bytes.
  void put_npy(const std::string &name, const std::string &descr, const std::string &shape,
               std::string_view data) const;
  std::string bytes(const std::string &name) const;
  Array npy(const std::string &name) const;
  // Paths below the folder, with '/'.
  std::set<std::string> files() const;

  std::filesystem::path folder, results;
  Arguments launcher; // words of a command that is to start the binary
};

// Expects a PNG that has several colours, and gives its size.
struct PictureSize {
  int width = 0, height = 0;
  bool operator==(const PictureSize &) const = default;
};
PictureSize expect_picture(const std::filesystem::path &file);

void expect_silent_validation(const Result &result);
nlohmann::json parse_json(const std::string &text);
// What `gradient --json` printed for an input of one image.
double value_of(const Result &result);
std::string read_bytes(const std::filesystem::path &file);
// Of all files below the folder, by their paths with '/'.
std::map<std::string, std::string> contents_of(const std::filesystem::path &folder);

// The norm of the difference over the norm of what is expected; infinity where the shapes differ.
double relative_l2(const Array &actual, const Array &expected);

// A file of the repository's, such as "docs/photos/chelsea.png".
std::string repository(const std::string &file);
inline const std::string cat_photo = repository("docs/photos/chelsea.png");
// A file of the folder of test data beside the checkout.
std::filesystem::path shared_data(const std::string &file);

} // namespace convscope
