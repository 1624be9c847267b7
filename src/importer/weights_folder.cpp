#include "importer/weights_folder.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"

#ifdef _WIN32
#define NOMINMAX
#include <windows.h>
#elif defined(__APPLE__)
#include <mach-o/dyld.h>
#endif

namespace convscope {

namespace {

namespace fs = std::filesystem;

// Empty where the system does not tell.
fs::path program_folder() {
  std::error_code error;
#ifdef _WIN32
  std::wstring path(32768, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  const fs::path program(path);
#elif defined(__APPLE__)
  std::uint32_t size = 0;
  _NSGetExecutablePath(nullptr, &size);
  std::string path(size, '\0');
  if (_NSGetExecutablePath(path.data(), &size) != 0)
    return {};
  const fs::path program = fs::canonical(path.c_str(), error);
#else
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
#endif
  return error ? fs::path() : program.parent_path();
}

bool has_manifest(const fs::path &folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "manifest.json", error);
}

} // namespace

fs::path weights_folder() {
  if (const char *chosen = std::getenv("CONVSCOPE_WEIGHTS"); chosen && *chosen) {
    if (!has_manifest(chosen))
      throw UserError(fmt::format("CONVSCOPE_WEIGHTS: the folder '{}' has no manifest.json", chosen));
    return chosen;
  }
  std::vector<fs::path> folders;
  if (const fs::path program = program_folder(); !program.empty())
    folders.push_back(program.parent_path() / "share" / "convscope" / "weights");
#ifdef CONVSCOPE_SOURCE_WEIGHTS
  folders.emplace_back(CONVSCOPE_SOURCE_WEIGHTS);
#endif
  for (const fs::path &folder : folders)
    if (has_manifest(folder))
      return folder;
  return {};
}

fs::path fetched_folder() {
  const fs::path cache = user_cache_folder();
  return cache.empty() ? fs::path() : cache / "weights";
}

} // namespace convscope
