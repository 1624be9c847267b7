#include "microscope/lock.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/files.h"

#ifdef _WIN32
#define NOMINMAX
#include <windows.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace convscope {

namespace {

constexpr std::uint64_t all = std::uint64_t{1} << 30; // of the bytes that stand for pages and shards

} // namespace

bool SiteLock::take(const std::filesystem::path &file, Part part, int shard) {
  if (file_ == -1)
    open(file);
  if (part == Part::whole)
    return lock(0, all);
  return part == Part::pages ? lock(0, 1) : lock(1 + static_cast<std::uint64_t>(shard), 1);
}

#ifdef _WIN32

void SiteLock::open(const std::filesystem::path &file) {
  const HANDLE handle = CreateFileW(file.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                    nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE)
    throw UserError(path_text(file) +
                    ": cannot be written: " + std::system_category().message(static_cast<int>(GetLastError())));
  file_ = reinterpret_cast<std::intptr_t>(handle);
}

bool SiteLock::lock(std::uint64_t from, std::uint64_t count) const {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(from);
  const BOOL locked = LockFileEx(reinterpret_cast<HANDLE>(file_), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY,
                                 0, static_cast<DWORD>(count), 0, &at);
  return locked || GetLastError() != ERROR_LOCK_VIOLATION;
}

SiteLock::~SiteLock() {
  if (file_ != -1)
    CloseHandle(reinterpret_cast<HANDLE>(file_));
}

#else

void SiteLock::open(const std::filesystem::path &file) {
  file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ == -1)
    throw UserError(path_text(file) + ": cannot be written: " + std::generic_category().message(errno));
}

bool SiteLock::lock(std::uint64_t from, std::uint64_t count) const {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(from);
  range.l_len = static_cast<off_t>(count);
  return ::fcntl(static_cast<int>(file_), F_SETLK, &range) == 0 || (errno != EACCES && errno != EAGAIN);
}

SiteLock::~SiteLock() {
  if (file_ != -1)
    ::close(static_cast<int>(file_));
}

#endif

} // namespace convscope
