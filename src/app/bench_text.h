// What `bench` says of its figures. What the device's clock could not tell is left out, never an infinite rate.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "session/bench.h"

namespace convscope {

// Lines, each with its line feed.
std::string bench_text(const BenchResult &result);
// "forward_ms", ..., "kernels", "shaders"; rates that are not known are null.
nlohmann::ordered_json bench_json(const BenchResult &result);

} // namespace convscope
