#include "app/report.h"

#include <fmt/format.h>

#include "base/files.h"
#include "vulkan/quirks.h"

namespace convscope {

using Json = nlohmann::ordered_json;

Report::Report(std::string command, std::string path) : command_(std::move(command)), path_(std::move(path)) {
  if (!path_.empty())
    check_writable(path_);
}

void Report::write(Context &context, int status) const {
  if (path_.empty())
    return;
  Json report;
  report["convscope"] = CONVSCOPE_VERSION;
  report["command"] = command_;
  report["exit_status"] = status;
  const bool exact = command_ == "activations" || command_ == "gradient";
  report["precision"] = precision_name(exact ? context.session.exact_precision() : context.session.precision());
  if (context.session.has_device()) {
    report["device"] = device_json(context.session.device().info());
    report["device_memory_peak_bytes"] = context.session.device().memory_peak();
  }
  if (context.report.is_object())
    report.update(context.report);
  report["timings"]["total_s"] = clock_.seconds();
  // A NaN becomes null, which JSON has.
  write_file_atomically(path_, report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

nlohmann::ordered_json device_json(const vulkan::DeviceInfo &info) {
  const auto version = [](std::uint32_t v) {
    return fmt::format("{}.{}.{}", VK_API_VERSION_MAJOR(v), VK_API_VERSION_MINOR(v), VK_API_VERSION_PATCH(v));
  };
  Json quirks = Json::array();
  for (const vulkan::QuirkRow *quirk : vulkan::quirks_of(info))
    quirks.push_back({{"name", quirk->name}, {"change", quirk->change}, {"reason", quirk->reason}});
  return {{"index", info.index},
          {"name", info.name},
          {"type", info.type},
          {"driver", info.driver},
          {"driver_info", info.driver_info},
          {"vulkan", version(info.api_version)},
          {"usable", info.usable},
          {"memory_bytes", info.memory_bytes},
          {"max_storage_range_bytes", info.max_storage_range},
          {"max_allocation_bytes", info.max_allocation},
          {"shared_memory_bytes", info.max_shared_memory},
          {"push_constant_bytes", info.max_push_constants},
          {"max_invocations", info.max_invocations},
          {"subgroup_size", info.subgroup_size},
          {"timestamps", info.timestamps},
          {"storage_16bit", info.storage_16bit},
          {"float16", info.float16},
          {"cooperative_matrix", info.cooperative_matrix},
          {"quirks", quirks}};
}

} // namespace convscope
