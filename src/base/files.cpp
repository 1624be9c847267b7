#include "base/files.h"

#include "base/error.h"
#include "base/text.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <random>
#include <system_error>

namespace convscope {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path &path, const std::string &what) {
  throw UserError(path_text(path) + ": " + what);
}

// Why the last stream operation failed, where the C library under it says so.
std::string reason() {
  const int code = errno;
  return code ? std::generic_category().message(code) : "input/output error";
}

// The folder that a file at `path` would be in.
fs::path folder_of(const fs::path &path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// A new file beside the target that becomes the target on commit, or is removed.
class AtomicFile {
public:
  explicit AtomicFile(const fs::path &path) : shown(path), target(path) {
    if (path.empty())
      throw UserError("the name of the output file is empty");
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    if (fs::is_directory(status) || !path.has_filename())
      fail(path, "cannot be written: it is a folder");
    if (fs::exists(status)) {
      // Renaming over a device (/dev/null) would replace it.
      if (!fs::is_regular_file(status))
        fail(path, "cannot be written: it is not a regular file");
      if (!std::ofstream(path, std::ios::binary | std::ios::app))
        fail(path, "cannot be written: " + reason());
      // Through a symbolic link, the file it points to is what is replaced.
      if (fs::is_symlink(path, ignored))
        target = fs::canonical(path, ignored);
    }
    const fs::path folder = folder_of(target);
    if (!fs::is_directory(folder, ignored))
      fail(path, "cannot be written: the folder " + path_text(folder) + " does not exist");
    temporary = folder / temporary_name();
    errno = 0;
    stream.open(temporary, std::ios::binary | std::ios::trunc);
    if (!stream)
      fail(path, "cannot be written: the folder " + path_text(folder) + " takes no new file (" + reason() + ")");
  }

  ~AtomicFile() {
    stream.close();
    std::error_code ignored;
    if (!temporary.empty())
      fs::remove(temporary, ignored);
  }

  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  void write(const char *bytes, std::size_t count) {
    errno = 0;
    if (!stream.write(bytes, static_cast<std::streamsize>(count)) || !stream.flush())
      fail(shown, "cannot be written: " + reason());
  }

  void commit() {
    errno = 0;
    stream.close();
    if (!stream)
      fail(shown, "cannot be written: " + reason());
    std::error_code error;
    const fs::file_status status = fs::status(target, error);
    if (fs::exists(status))
      fs::permissions(temporary, status.permissions(), error);
    fs::rename(temporary, target, error);
    if (error)
      fail(shown, "cannot be written: " + error.message());
    temporary.clear();
  }

private:
  static std::string temporary_name() {
    static const char digits[] = "0123456789abcdef";
    std::random_device random;
    std::string name = ".convscope-";
    for (int i = 0; i < 16; ++i)
      name += digits[random() % 16];
    return name + ".tmp";
  }

  fs::path shown, target, temporary;
  std::ofstream stream;
};

void write_atomically(const fs::path &path, const char *bytes, std::size_t count) {
  AtomicFile file(path);
  file.write(bytes, count);
  file.commit();
}

// A variable that holds an absolute path, or nothing.
fs::path environment_folder(const char *name) {
  const char *value = std::getenv(name);
  const fs::path folder = value ? fs::path(value) : fs::path();
  return folder.is_absolute() ? folder : fs::path();
}

// Ours in the folder that the variable names, else in that part of the home folder ("": in none).
fs::path user_folder(const char *variable, std::string_view in_home) {
  fs::path base = environment_folder(variable);
  if (base.empty() && !in_home.empty())
    if (const fs::path home = environment_folder("HOME"); !home.empty())
      base = home / in_home;
  return base.empty() ? fs::path() : base / "convscope";
}

} // namespace

std::string path_text(const fs::path &path) {
  const auto text = path.u8string();
  return {text.begin(), text.end()};
}

fs::path text_path(std::string_view text) { return std::u8string(text.begin(), text.end()); }

std::string absolute_path(const std::string &path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return path.empty() || error ? path : path_text(absolute);
}

std::string lower_extension(const fs::path &path) { return lower(path_text(path.extension())); }

std::vector<std::uint8_t> read_file(const fs::path &path, std::uint64_t limit) {
  if (path.empty())
    throw UserError("the name of the input file is empty");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found)
    fail(path, "no such file");
  if (fs::is_directory(status))
    fail(path, "is a folder, not a file");
  if (!fs::exists(status))
    fail(path, "cannot be read: " + error.message());
  // A pipe without a writer would hang, a device may never end.
  if (!fs::is_regular_file(status))
    fail(path, "is not a regular file");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    fail(path, "cannot be read: " + reason());
  const std::uintmax_t size = fs::file_size(path, error);
  if (error)
    fail(path, "cannot be read: " + error.message());
  if (size == 0)
    fail(path, "is empty");
  if (size > limit)
    fail(path, "is too large: " + std::to_string(size) + " bytes; at most " + std::to_string(limit));
  try {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    stream.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(size));
    if (static_cast<std::uintmax_t>(stream.gcount()) != size)
      fail(path, "cannot be read whole: " + reason());
    return bytes;
  } catch (const std::bad_alloc &) {
    fail(path, "does not fit into memory (" + std::to_string(size) + " bytes)");
  }
}

void write_file_atomically(const fs::path &path, std::span<const std::uint8_t> bytes) {
  write_atomically(path, reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

void write_file_atomically(const fs::path &path, std::string_view text) {
  write_atomically(path, text.data(), text.size());
}

void check_writable(const fs::path &path) { AtomicFile probe(path); }

fs::path user_cache_folder() {
#if defined(_WIN32)
  return user_folder("LOCALAPPDATA", "");
#elif defined(__APPLE__)
  return user_folder("XDG_CACHE_HOME", "Library/Caches");
#else
  return user_folder("XDG_CACHE_HOME", ".cache");
#endif
}

fs::path cache_folder() {
  const char *given = std::getenv("CONVSCOPE_CACHE");
  return given && *given ? fs::path(given) : user_cache_folder();
}

fs::path user_config_folder() {
#if defined(_WIN32)
  return user_folder("APPDATA", "");
#elif defined(__APPLE__)
  return user_folder("XDG_CONFIG_HOME", "Library/Application Support");
#else
  return user_folder("XDG_CONFIG_HOME", ".config");
#endif
}

} // namespace convscope
