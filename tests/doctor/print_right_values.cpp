// convscope-right-values: prints src/doctor/right_values_table.cpp, computed in double by tests/reference.
#include <cstdio>
#include <span>

#include <fmt/format.h>

#include "computations.h"

int main() {
  using namespace convscope::doctor;
  fmt::print("// Made by convscope-right-values: what right kernels give, computed in double.\n"
             "#include \"doctor/right_values.h\"\n\nnamespace convscope::doctor {{\n\n"
             "// clang-format off\nstd::span<const RightValue> right_values() {{\n"
             "  static constexpr RightValue table[] = {{\n");
  for (const auto computations : {kernel_computations, step_computations, objective_computations, net_computations})
    for (const Computation &c : computations()) {
      const Summary s = summarize(std::span<const double>(c.values.data));
      fmt::print("    {{\"{}\", {{{:.9g}, {{{:.9g}, {:.9g}, {:.9g}, {:.9g}}}}}}},\n", c.key, s.norm, s.projections[0],
                 s.projections[1], s.projections[2], s.projections[3]);
    }
  fmt::print("  }};\n  return table;\n}}\n// clang-format on\n\n}} // namespace convscope::doctor\n");
  return 0;
}
