#include "gpu/capture/report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include <nlohmann/json.hpp>

namespace convscope::capture {
namespace {

using nlohmann::json;

void write(const json &object) {
  static std::mutex mutex;
  static std::FILE *const file = [] {
    const char *const name = std::getenv("CONVSCOPE_CAPTURE");
    return name ? std::fopen(name, "a") : nullptr;
  }();
  if (!file)
    return;
  const std::string line = object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  const std::scoped_lock lock(mutex);
  std::fputs(line.c_str(), file);
  std::fflush(file); // a driver that crashes leaves what went before
}

json value_of(const VkPipelineExecutableStatisticKHR &statistic) {
  switch (statistic.format) {
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR:
    return statistic.value.b32 != VK_FALSE;
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR:
    return statistic.value.i64;
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR:
    return statistic.value.u64;
  default:
    return statistic.value.f64;
  }
}

// All items of a list that Vulkan gives in two calls.
template <typename Item, typename Call> std::vector<Item> listed(VkStructureType type, const Call &call) {
  std::uint32_t count = 0;
  call(&count, static_cast<Item *>(nullptr));
  Item empty{};
  empty.sType = type;
  std::vector<Item> items(count, empty);
  call(&count, items.data());
  items.resize(count);
  return items;
}

// Drivers call it "Assembly", "Final Assembly", "NAK assembly", ...: the texts before it are of no use here.
void write_assembly(const std::string &name,
                    const std::vector<VkPipelineExecutableInternalRepresentationKHR> &representations) {
  std::string file = name + ".txt";
  std::replace(file.begin(), file.end(), '/', '_');
  const auto path = std::filesystem::path(std::getenv("CONVSCOPE_CAPTURE_TEXTS")) / file;
  if (std::filesystem::exists(path)) // of another run
    return;
  std::ofstream stream(path);
  for (const auto &item : representations) {
    const std::string told = std::string(item.name) + ": " + item.description;
    if (item.isText && item.pData && told.find("ssembly") != std::string::npos)
      stream << "=== " << told << '\n' << static_cast<const char *>(item.pData) << '\n';
  }
}

} // namespace

bool Report::texts() { return std::getenv("CONVSCOPE_CAPTURE_TEXTS") != nullptr; }

void Report::device(VkPhysicalDevice physical, VkDevice device, bool statistics) {
  device_ = device;
  statistics_ = statistics;
  const auto get = next<PFN_vkGetDeviceProcAddr>("vkGetDeviceProcAddr");
  const auto function = [&](auto &pointer, const char *name) {
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(get(device, name));
  };
  function(properties_, "vkGetPipelineExecutablePropertiesKHR");
  function(values_, "vkGetPipelineExecutableStatisticsKHR");
  function(representations_, "vkGetPipelineExecutableInternalRepresentationsKHR");

  VkPhysicalDeviceDriverProperties driver{};
  driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  VkPhysicalDeviceProperties2 told{};
  told.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  told.pNext = &driver;
  next<PFN_vkGetPhysicalDeviceProperties2>("vkGetPhysicalDeviceProperties2")(physical, &told);
  write({{"kind", "device"},
         {"name", told.properties.deviceName},
         {"driver", std::string(driver.driverName) + " " + driver.driverInfo},
         {"statistics", statistics}});
}

void Report::begin(const std::string &name) const { write({{"kind", "begin"}, {"name", name}}); }

void Report::failure(const std::string &name, VkResult result) const {
  write({{"kind", "failure"}, {"name", name}, {"result", static_cast<int>(result)}});
}

void Report::pipeline(const std::string &name, VkPipeline pipeline, double milliseconds) const {
  json executables = json::array();
  if (statistics_) {
    const VkPipelineInfoKHR info{VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, nullptr, pipeline};
    const auto properties = listed<VkPipelineExecutablePropertiesKHR>(
        VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR,
        [&](std::uint32_t *count, auto *items) { properties_(device_, &info, count, items); });
    for (std::uint32_t i = 0; i < properties.size(); ++i) {
      const VkPipelineExecutableInfoKHR which{VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, nullptr, pipeline, i};
      json statistics = json::object();
      for (const auto &statistic : listed<VkPipelineExecutableStatisticKHR>(
               VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR,
               [&](std::uint32_t *count, auto *items) { values_(device_, &which, count, items); }))
        statistics[statistic.name] = value_of(statistic);
      executables.push_back({{"name", properties[i].name},
                             {"subgroup", properties[i].subgroupSize},
                             {"statistics", std::move(statistics)}});
      if (!texts())
        continue;
      auto representations = listed<VkPipelineExecutableInternalRepresentationKHR>(
          VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR,
          [&](std::uint32_t *count, auto *items) { representations_(device_, &which, count, items); });
      std::vector<std::string> data(representations.size());
      for (std::size_t k = 0; k < data.size(); ++k) {
        data[k].resize(representations[k].dataSize + 1);
        representations[k].pData = data[k].data();
      }
      auto count = static_cast<std::uint32_t>(representations.size());
      representations_(device_, &which, &count, representations.data());
      write_assembly(name + '.' + std::to_string(i), representations);
    }
  }
  write({{"kind", "pipeline"}, {"name", name}, {"ms", milliseconds}, {"executables", std::move(executables)}});
}

} // namespace convscope::capture
