#include "base/files.h"

#include "unit/scratch.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace convscope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string content(const fs::path &path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

TEST(Files, RoundTripAndReplace) {
  const Scratch scratch;
  write_file_atomically(scratch / "a", std::string_view("first"));
  write_file_atomically(scratch / "a", std::string_view("second"));
  EXPECT_EQ(content(scratch / "a"), "second");
  EXPECT_EQ(scratch.entries(), 1);
}

TEST(Files, ReadingExplainsFailures) {
  const Scratch scratch;
  fs::create_directory(scratch / "folder");
  scratch.put("empty", std::string_view());
  scratch.put("long", std::string_view("12345678"));
  EXPECT_THAT(complaint([&] { read_file(scratch / "none"); }), HasSubstr("none: no such file"));
  EXPECT_THAT(complaint([&] { read_file(scratch / "long" / "x"); }), HasSubstr("no such file"));
  EXPECT_THAT(complaint([&] { read_file(scratch / "folder"); }), HasSubstr("folder: is a folder"));
  EXPECT_THAT(complaint([&] { read_file(scratch / "empty"); }), HasSubstr("empty: is empty"));
  EXPECT_THAT(complaint([&] { read_file(scratch / "long", 7); }), HasSubstr("too large: 8 bytes"));
  complaint([&] { read_file(""); });
}

TEST(Files, WritingExplainsFailures) {
  const Scratch scratch;
  fs::create_directory(scratch / "folder");
  scratch.put("file", std::string_view("x"));
  for (const fs::path &bad :
       {scratch / "folder", scratch / "folder/", scratch / "none/a", scratch / "file/a", fs::path("")}) {
    const std::string from_write = complaint([&] { write_file_atomically(bad, std::string_view("y")); });
    const std::string from_check = complaint([&] { check_writable(bad); });
    EXPECT_EQ(from_write, from_check);
    EXPECT_THAT(from_write, HasSubstr(path_text(bad)));
  }
  EXPECT_EQ(scratch.entries(), 2);
  EXPECT_EQ(content(scratch / "file"), "x");
}

TEST(Files, CheckLeavesNothingBehind) {
  const Scratch scratch;
  scratch.put("old", std::string_view("kept"));
  check_writable(scratch / "new");
  check_writable(scratch / "old");
  EXPECT_EQ(scratch.entries(), 1);
  EXPECT_EQ(content(scratch / "old"), "kept");
}

TEST(Files, NotWritable) {
  const Scratch scratch;
  fs::create_directory(scratch / "locked");
  fs::permissions(scratch / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  if (std::ofstream(scratch / "locked/probe"))
    GTEST_SKIP() << "this user writes everywhere";
  EXPECT_THAT(complaint([&] { check_writable(scratch / "locked/a"); }), HasSubstr("takes no new file"));
  fs::permissions(scratch / "locked", fs::perms::owner_all);
}

#ifndef _WIN32
TEST(Files, DevicesAreNotReplaced) {
  EXPECT_THAT(complaint([] { check_writable("/dev/null"); }), HasSubstr("not a regular file"));
  EXPECT_THAT(complaint([] { read_file("/dev/zero"); }), HasSubstr("not a regular file"));
}

TEST(Files, ALinkKeepsPointing) {
  const Scratch scratch;
  scratch.put("real", std::string_view("old"));
  fs::create_symlink("real", scratch / "link");
  write_file_atomically(scratch / "link", std::string_view("new"));
  EXPECT_TRUE(fs::is_symlink(scratch / "link"));
  EXPECT_EQ(content(scratch / "real"), "new");
}

TEST(Files, PermissionsAreKept) {
  const Scratch scratch;
  scratch.put("a", std::string_view("old"));
  fs::permissions(scratch / "a", fs::perms::owner_read | fs::perms::owner_write);
  write_file_atomically(scratch / "a", std::string_view("new"));
  EXPECT_EQ(fs::status(scratch / "a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Files, CacheFolder) {
  const char *old = std::getenv("XDG_CACHE_HOME");
  const std::string before = old ? old : "";
  setenv("XDG_CACHE_HOME", "/somewhere/caches", 1);
  EXPECT_EQ(user_cache_folder(), fs::path("/somewhere/caches/convscope"));
  setenv("XDG_CACHE_HOME", "not/absolute", 1);
  EXPECT_EQ(path_text(user_cache_folder()).find("not/absolute"), std::string::npos);
  if (old)
    setenv("XDG_CACHE_HOME", before.c_str(), 1);
  else
    unsetenv("XDG_CACHE_HOME");
}
#endif

} // namespace
} // namespace convscope
