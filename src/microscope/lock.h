// Who works on a site: one process on all of it, or several on shards of it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace convscope {

// Held by the operating system (POSIX and Windows, over NFS and SMB, too), so that it ends with the process whatever
// ends that.
class SiteLock {
public:
  enum class Part { none, whole, shard, pages }; // none: only looks
  SiteLock() = default;
  SiteLock(const SiteLock &) = delete;
  SiteLock &operator=(const SiteLock &) = delete;
  ~SiteLock();
  // False where another process has what is asked for. UserError where the file can't be made. A file system without
  // locks has none to give, and lets all work.
  bool take(const std::filesystem::path &file, Part part, int shard = 0);

private:
  bool lock(std::uint64_t from, std::uint64_t count) const;
  void open(const std::filesystem::path &file);
  std::intptr_t file_ = -1;
};

} // namespace convscope
