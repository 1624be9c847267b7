#include "viewer/plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

struct Range {
  float low = std::numeric_limits<float>::infinity(), high = -std::numeric_limits<float>::infinity();
  void take(std::span<const float> values) {
    for (const float value : values)
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  }
  bool empty() const { return !(low <= high); }
  // 0 at the bottom, 1 at the top; a constant in the middle.
  float of(float value) const { return high > low ? (value - low) / (high - low) : 0.5F; }
};

int first_step(const Curve &curve) { return curve.last_step - static_cast<int>(curve.values.size()) + 1; }

// From which step to which both go.
struct Steps {
  int from = std::numeric_limits<int>::max(), to = std::numeric_limits<int>::min();
  void take(const Curve &curve) {
    if (curve.values.empty())
      return;
    from = std::min(from, first_step(curve));
    to = std::max(to, curve.last_step);
  }
  int count() const { return to - from; }
};

void line(ImDrawList &list, const Box &box, const Range &range, const Steps &steps, const Curve &curve, ImU32 colour) {
  const auto &values = curve.values;
  if (values.empty())
    return;
  const float step = box.width() / static_cast<float>(std::max(steps.count(), 1));
  const float left = box.a.x + step * static_cast<float>(first_step(curve) - steps.from);
  std::vector<ImVec2> points;
  const auto flush = [&] {
    if (points.size() > 1)
      list.AddPolyline(points.data(), static_cast<int>(points.size()), colour, 0, 1.25F);
    else if (points.size() == 1)
      list.AddCircleFilled(points.front(), 1.5F, colour);
    points.clear();
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      flush();
      continue;
    }
    points.emplace_back(left + step * static_cast<float>(i), box.b.y - range.of(values[i]) * box.height());
  }
  flush();
}

} // namespace

void plot(const char *name, const Curve &first, const Curve &second, float height) {
  const float width = ImGui::GetContentRegionAvail().x, line_height = ImGui::GetTextLineHeight();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::PushID(name);
  ImGui::InvisibleButton("plot", ImVec2(std::max(width, 1.F), height));
  ImGui::PopID();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Box frame{at, ImVec2(at.x + width, at.y + height)};
  list.AddRectFilled(frame.a, frame.b, frame_colour());
  const ImVec2 pad(ImGui::GetStyle().FramePadding.x / 2, 2);
  Range range;
  range.take(first.values);
  range.take(second.values);
  Steps steps;
  steps.take(first);
  steps.take(second);
  // The labels stand beside the curve, never on it.
  const std::string high = range.empty() ? std::string() : number_text(range.high);
  const std::string low = range.empty() || !(range.high > range.low) ? std::string() : number_text(range.low);
  float labels = 4.2F * ImGui::GetFontSize(); // the same for plots below each other
  for (const char *text : {name, high.c_str(), low.c_str()})
    labels = std::max(labels, ImGui::CalcTextSize(text).x);
  const auto label = [&](const std::string &text, float y) {
    list.AddText(ImVec2(frame.a.x + pad.x + labels - ImGui::CalcTextSize(text.c_str()).x, y), muted_colour(),
                 text.c_str());
  };
  label(high, frame.a.y + pad.y);
  label(low, frame.b.y - pad.y - line_height);
  const Box box{ImVec2(frame.a.x + labels + 3 * pad.x, frame.a.y + pad.y + 2),
                ImVec2(frame.b.x - pad.x, frame.b.y - pad.y - 2)};
  list.AddText(ImVec2(frame.a.x + pad.x + labels - ImGui::CalcTextSize(name).x,
                      std::floor((frame.a.y + frame.b.y - line_height) / 2)),
               text_colour(), name);
  if (range.empty() || box.width() <= 0)
    return;
  line(list, box, range, steps, second, muted_colour());
  line(list, box, range, steps, first, accent_colour());
  if (!ImGui::IsItemHovered() || steps.count() < 1)
    return;
  const float across = std::clamp((ImGui::GetIO().MousePos.x - box.a.x) / box.width(), 0.F, 1.F);
  const int step = steps.from + static_cast<int>(std::lround(across * static_cast<float>(steps.count())));
  const float x = box.a.x + box.width() * static_cast<float>(step - steps.from) / static_cast<float>(steps.count());
  list.AddLine(ImVec2(x, frame.a.y), ImVec2(x, frame.b.y), muted_colour());
  const auto at_step = [&](const Curve &curve) {
    const int i = step - first_step(curve);
    return i >= 0 && step <= curve.last_step ? number_text(curve.values[static_cast<std::size_t>(i)]) : "none";
  };
  std::string text = fmt::format("{} at step {}: {}", name, step, at_step(first));
  if (!second.values.empty())
    text += fmt::format("; the second recipe's: {}", at_step(second));
  ImGui::SetTooltip("%s", text.c_str());
}

} // namespace convscope::viewer
