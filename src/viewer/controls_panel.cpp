// How images are optimized: what runs, the recipe and its numbers. A change takes effect on the next step.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>

#include "session/input_size.h"
#include "viewer/health.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"
#include "visualization/parameterizations/forms.h"

namespace convscope::viewer {

namespace {

void transport(Frame &frame) {
  Wish &wish = frame.ui.wish;
  // In one row, or in two where the words don't fit: "Restart" is the longest.
  const float gap = 3 * frame.scale, room = ImGui::GetContentRegionAvail().x;
  const auto width_in = [&](float columns) {
    return std::max(std::floor((room - (columns - 1) * gap) / columns), 1.F);
  };
  const bool row = width_in(4) > ImGui::CalcTextSize("Restart").x + 6 * frame.scale;
  const ImVec2 each(width_in(row ? 4 : 2), 0);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(2 * frame.scale, ImGui::GetStyle().FramePadding.y));
  if (ImGui::Button(wish.running ? "Pause###run" : "Run###run", each))
    wish.running = !wish.running;
  tooltip("Run or pause (space)");
  ImGui::SameLine(0, gap);
  if (ImGui::Button("Step", each)) {
    wish.running = false;
    ++wish.single_steps;
  }
  tooltip("Pause, and take a single step ( . )");
  if (row)
    ImGui::SameLine(0, gap);
  if (ImGui::Button("Restart", each))
    ++wish.restarts;
  tooltip("Start again from the same seed (R)");
  ImGui::SameLine(0, gap);
  if (ImGui::Button("Seed", each))
    ++wish.controls.seed;
  tooltip(fmt::format("Start again from another seed (N); this one is {}", wish.controls.seed));
  ImGui::PopStyleVar();
}

// True when another recipe was chosen.
bool recipe_combo(const char *id, const std::string &shown, std::string &name) {
  bool changed = false;
  if (ImGui::BeginCombo(id, shown.c_str())) {
    for (const std::string &each : recipe_names())
      if (ImGui::Selectable(each.c_str(), each == name)) {
        name = each;
        changed = true;
      }
    ImGui::EndCombo();
  }
  return changed;
}

bool slider(const char *id, double &value, float low, float high, const char *format, bool logarithmic = false) {
  auto shown = static_cast<float>(value);
  if (!slide(id, shown, low, high, format, logarithmic))
    return false;
  value = shown;
  return true;
}

void amount(Recipe &recipe, const char *id, Draw &draw, double centre, float most, const char *format) {
  double value = spread(draw, centre);
  if (slider(id, value, 0, most, format)) {
    draw = spread_draw(centre, value);
    settle_transforms(recipe);
  }
}

// Beside it, whether images have an opacity.
void parameterization_combo(Frame &frame) {
  Controls &controls = frame.ui.wish.controls;
  Recipe &recipe = controls.recipe;
  labelled("Image as", form_of(recipe.parameterization).help.data(), frame.scale);
  const char *const opacity = "Alpha";
  const float check = ImGui::GetFrameHeight() + ImGui::GetStyle().ItemInnerSpacing.x + ImGui::CalcTextSize(opacity).x;
  const float room = ImGui::GetContentRegionAvail().x - check - ImGui::GetStyle().ItemSpacing.x;
  ImGui::SetNextItemWidth(std::max(room, 40 * frame.scale));
  if (ImGui::BeginCombo("##kind", form_of(recipe.parameterization).label.data())) {
    for (const ParameterizationForm &form : parameterization_forms()) {
      if (ImGui::Selectable(form.label.data(), form.kind == recipe.parameterization))
        set_parameterization(recipe, form.kind);
      tooltip(form.help);
    }
    ImGui::EndCombo();
  }
  ImGui::SameLine();
  const bool possible = frame.now.one_picture && controls.start == StartFrom::noise;
  bool on = controls.opacity && possible;
  ImGui::BeginDisabled(!possible);
  if (ImGui::Checkbox(opacity, &on))
    controls.opacity = on;
  ImGui::EndDisabled();
  tooltip(possible ? "Images that are transparent where the objective needs nothing: the less there is of them, the "
                     "better. Saved with it"
                   : "Of images that start from noise: a photo tells no opacity");
}

void image_controls(Frame &frame) {
  Controls &controls = frame.ui.wish.controls;
  Recipe &recipe = controls.recipe;
  const float scale = frame.scale;
  labelled("Size", "Of the focused unit's image", scale);
  const auto text = [&](int side) {
    Size size = image_size(recipe, side, frame.now.focus.input_size);
    if (const Size now = frame.now.focus.image; now.given() && now.width != now.height && size.width == size.height)
      size = in_proportions_of(now, side); // those of the photo
    return fmt::format("{} × {}", size.width, size.height);
  };
  if (ImGui::BeginCombo("##size", text(controls.size).c_str())) {
    for (const int size : {64, 96, 128, 192, 224, 320})
      if (ImGui::Selectable(text(size).c_str(), size == controls.size))
        controls.size = size;
    ImGui::EndCombo();
  }
  labelled("Images", "How many of the same objective, from starts of their own", scale);
  int &images = frame.ui.wish.aim.images;
  if (ImGui::BeginCombo("##images", fmt::format("{}", images).c_str())) {
    for (const int count : {1, 2, 4, 6, most_images})
      if ((count > 1 || (!frame.now.focus.company && frame.ui.wish.aim.kind != Aim::Kind::path)) &&
          ImGui::Selectable(fmt::format("{}", count).c_str(), count == images))
        images = count;
    ImGui::EndCombo();
  }
  labelled("Start from", "What the image is before its first step", scale);
  static const char *const starts[] = {"Noise", "Photo"};
  int start = static_cast<int>(controls.start);
  ImGui::BeginDisabled(!frame.now.has_photo && controls.start == StartFrom::noise);
  if (choice("start", starts, 2, start))
    controls.start = static_cast<StartFrom>(start);
  ImGui::EndDisabled();
  labelled("Colours",
           "Decorrelated: a step changes brightness and the colours that go together in photos, each by itself. "
           "RGB: red, green and blue.",
           scale);
  static const char *const colours[] = {"Decorrelated", "RGB"};
  int colour = recipe.decorrelate_colours ? 0 : 1;
  ImGui::BeginDisabled(frame.now.planes != 3);
  if (choice("colours", colours, 2, colour))
    recipe.decorrelate_colours = colour == 0;
  ImGui::EndDisabled();
  parameterization_combo(frame);
}

void recipe_controls(Frame &frame) {
  Recipe &recipe = frame.ui.wish.controls.recipe;
  const float scale = frame.scale;
  labelled("Rate", "Adam's learning rate", scale);
  slider("##lr", recipe.lr, 0.001F, 2, "%.3f", true);
  labelled("Jitter", "Each step moves the image by up to so many pixels", scale);
  amount(recipe, "##jitter", recipe.jitter, 0, 16, "%.0f px");
  labelled("Scaling", "Each step shrinks or enlarges the image by up to so much", scale);
  double percent = spread(recipe.scale, 1) * 100;
  if (slider("##scale", percent, 0, 30, "%.0f %%")) {
    recipe.scale = scale_draw(recipe, percent / 100);
    settle_transforms(recipe);
  }
  labelled("Rotation", "Each step turns the image by up to so many degrees", scale);
  amount(recipe, "##rotation", recipe.rotation, 0, 45, "%.0f°");
  ImGui::BeginDisabled(!form_of(recipe.parameterization).decays);
  labelled("Decay", "How much the spectrum favours coarse shapes: 0 not at all, 1 as photos do", scale);
  slider("##decay", recipe.decay, 0, 2, "%.2f");
  ImGui::EndDisabled();
  labelled("Clip norm", "No step's gradient is longer than that; 0: never clipped", scale);
  slider("##clip", recipe.clip_norm, 0, 10, recipe.clip_norm > 0 ? "%.1f" : "off");
}

void comparison(Frame &frame) {
  Ui &ui = frame.ui;
  const char *const what =
      "A/B: the same unit, optimized by a second recipe beside the first. It starts from the same seed, and has your "
      "image wait until it has caught up.";
  labelled("Compare", what, frame.scale);
  bool on = ui.wish.second.has_value();
  if (ImGui::Checkbox("##ab", &on))
    ui.wish.second = on ? std::optional(recipe(ui.second_recipe)) : std::nullopt;
  tooltip(what);
  ImGui::SameLine();
  ImGui::SetNextItemWidth(-FLT_MIN);
  ImGui::BeginDisabled(!on);
  if (recipe_combo("##second", ui.second_recipe, ui.second_recipe) && on)
    ui.wish.second = recipe(ui.second_recipe);
  ImGui::EndDisabled();
}

} // namespace

void draw_controls(Frame &frame) {
  Recipe &recipe = frame.ui.wish.controls.recipe;
  ImGui::Separator();
  heading("Optimization");
  transport(frame);
  ImGui::Spacing();
  labelled("Recipe",
           "lucid: sharp and varied. article: gentler. plain: no transformations, for comparison. Others are for an "
           "objective of their own: caricature, invert (match), diverse, accentuate.",
           frame.scale);
  std::string name = recipe.name;
  if (recipe_combo("##recipe", edited(recipe) ? name + ", changed" : name, name))
    recipe = convscope::recipe(name);
  recipe_controls(frame);
  image_controls(frame);
  comparison(frame);
}

} // namespace convscope::viewer
