// A folder for one test, gone after it, and the message of the UserError that a call throws.
#pragma once

#include "base/error.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <string>

namespace convscope {

class Scratch {
public:
  Scratch()
      : folder(std::filesystem::temp_directory_path() / ("convscope-test-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(folder);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  std::filesystem::path operator/(const std::string &name) const { return folder / name; }
  // As it is, with no check and no atomicity.
  std::filesystem::path put(const std::string &name, std::span<const std::uint8_t> bytes) const {
    std::ofstream stream(folder / name, std::ios::binary);
    stream.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder / name;
  }
  std::filesystem::path put(const std::string &name, std::string_view text) const {
    return put(name, std::span(reinterpret_cast<const std::uint8_t *>(text.data()), text.size()));
  }
  int entries() const {
    int count = 0;
    for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(folder))
      ++count;
    return count;
  }

private:
  std::filesystem::path folder;
};

// What the call complains of; a failed test and "" where it does not.
template <typename Call> std::string complaint(Call call) {
  try {
    call();
  } catch (const UserError &error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  ADD_FAILURE() << "no UserError";
  return "";
}

} // namespace convscope
