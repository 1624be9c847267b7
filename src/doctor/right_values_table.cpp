#include "doctor/right_values.h"
namespace convscope::doctor {
std::span<const RightValue> right_values() { return {}; }
} // namespace convscope::doctor
