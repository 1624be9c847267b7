#include "vulkan/pipeline_cache.h"

#include <array>
#include <cstring>
#include <exception>

#include <fmt/format.h>

#include "base/files.h"
#include "base/hash.h"

namespace convscope::vulkan {
namespace {

// Ahead of the driver's bytes. Drivers check little of what they are given, and some crash on damage.
struct FileHeader {
  std::array<char, 8> magic;
  std::uint64_t bytes, checksum;
};
constexpr std::array<char, 8> magic = {'c', 'v', 's', 'p', 'i', 'p', 'e', '1'};
constexpr std::uint64_t size_limit = std::uint64_t{1} << 28;

} // namespace

bool is_pipeline_cache_of(const VkPhysicalDeviceProperties &device, std::span<const std::uint8_t> data) {
  VkPipelineCacheHeaderVersionOne header;
  if (data.size() < sizeof header)
    return false;
  std::memcpy(&header, data.data(), sizeof header);
  return header.headerSize >= sizeof header && header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
         header.vendorID == device.vendorID && header.deviceID == device.deviceID &&
         std::memcmp(header.pipelineCacheUUID, device.pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

std::filesystem::path pipeline_cache_file(const VkPhysicalDeviceProperties &device) {
  const std::filesystem::path folder = cache_folder();
  if (folder.empty())
    return {};
  std::string uuid;
  for (const std::uint8_t byte : device.pipelineCacheUUID)
    uuid += fmt::format("{:02x}", byte);
  return folder /
         fmt::format("pipelines-{:x}-{:x}-{:x}-{}.bin", device.vendorID, device.deviceID, device.driverVersion, uuid);
}

std::vector<std::uint8_t> load_pipeline_cache(const std::filesystem::path &file,
                                              const VkPhysicalDeviceProperties &device) {
  std::vector<std::uint8_t> data;
  std::error_code failed;
  if (file.empty() || !std::filesystem::is_regular_file(file, failed))
    return data;
  try {
    data = read_file(file, size_limit);
  } catch (const std::exception &) {
    return {};
  }
  FileHeader header;
  if (data.size() < sizeof header)
    return {};
  std::memcpy(&header, data.data(), sizeof header);
  data.erase(data.begin(), data.begin() + sizeof header);
  if (header.magic != magic || header.bytes != data.size() ||
      header.checksum != fnv1a(std::as_bytes(std::span(data))) || !is_pipeline_cache_of(device, data))
    return {};
  return data;
}

void save_pipeline_cache(const std::filesystem::path &file, std::span<const std::uint8_t> data) {
  if (file.empty() || data.size() > size_limit - sizeof(FileHeader))
    return;
  try {
    std::filesystem::create_directories(file.parent_path());
    const FileHeader header{magic, data.size(), fnv1a(std::as_bytes(std::span(data)))};
    std::vector<std::uint8_t> bytes(sizeof header + data.size());
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, data.data(), data.size());
    write_file_atomically(file, bytes);
  } catch (const std::exception &) {
    return;
  }
}

} // namespace convscope::vulkan
