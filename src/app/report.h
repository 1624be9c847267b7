// --report: what ran, on what, how it went, as JSON.
#pragma once

#include <string>

#include "app/command.h"
#include "base/stopwatch.h"

namespace convscope {

class Report {
public:
  // UserError where the path can't be written; "" reports nothing.
  Report(std::string command, std::string path);
  // Adds version, command, exit status, device, memory and the time since the report was made.
  void write(Context &context, int status) const;

private:
  std::string command_, path_;
  Stopwatch clock_;
};

nlohmann::ordered_json device_json(const vulkan::DeviceInfo &info);

} // namespace convscope
