// What there is to see of the focus: its images, where an accentuated photo was changed, and how it goes.
#include <algorithm>
#include <cmath>
#include <span>

#include "figure/cutout.h"
#include "io/resize.h"
#include "session/accentuation.h"
#include "viewer/focus_job.h"
#include "viewer/health.h"

namespace convscope::viewer {

namespace {

// Of (N,C,H,W), but for the planes from `planes` on.
double share_of_stuck(const Array &images, int planes) {
  const std::int64_t pixels = images.shape[2] * images.shape[3];
  std::int64_t stuck = 0, all = 0;
  for (std::int64_t plane = 0; plane < images.shape[0] * images.shape[1]; ++plane) {
    if (plane % images.shape[1] >= planes)
      continue;
    const auto first = images.data.begin() + plane * pixels;
    stuck += std::count_if(first, first + pixels, [](float v) { return v < 0.01F || v > 0.99F; });
    all += pixels;
  }
  return static_cast<double>(stuck) / static_cast<double>(all);
}

} // namespace

bool FocusJob::shows_changes() const {
  return active() && task_.aim.kind == Aim::Kind::accentuation && task_.controls.start == StartFrom::photo && photo_;
}

// Where the first image is another than the photo.
void FocusJob::show_changes(vulkan::Recording &recording, Atlas &atlas) {
  const Array now = images().front();
  const Array &photo = picture(photo_, {width(), height()});
  const std::vector<float> map = change_mask(photo, now).data;
  const auto bytes = std::as_bytes(std::span(map));
  if (change_.bytes() != bytes.size()) {
    change_ = vulkan::Buffer(session_.device(), bytes.size(), "change");
    change_maximum_ = vulkan::Buffer(session_.device(), (change_cell + 1) * sizeof(float), "change's maximum");
  }
  change_.write(0, bytes);
  atlas.put_map(recording, change_cell, change_.slice(), 0, height(), width(), change_maximum_.slice(), MapLook::veil);
}

// Through the host: an opacity may be made there.
void FocusJob::show_over_squares(Run &run, bool second, Atlas &atlas) const {
  const Array all = run.optimization->images();
  for (int i = 0; i < run.optimization->batch(); ++i)
    atlas.draw_picture(image_cell(task_.aim.images, second, i),
                       to_float(draw_over_squares(one_image(all, static_cast<std::size_t>(i)), view())),
                       "drawing an image with an opacity");
}

void FocusJob::show(vulkan::Recording &recording, Atlas &atlas) {
  const auto put = [&](Run &run, bool second) {
    if (has_opacity()) {
      show_over_squares(run, second, atlas);
      return;
    }
    const std::int64_t each =
        std::int64_t{run.optimization->planes()} * run.optimization->height() * run.optimization->width();
    for (int i = 0; i < run.optimization->batch(); ++i)
      atlas.put_image(recording, image_cell(task_.aim.images, second, i), run.optimization->image_slice(), i * each,
                      run.optimization->height(), run.optimization->width(), view());
  };
  put(first_, false);
  if (two())
    put(second_, true);
  if (shows_changes())
    show_changes(recording, atlas);
}

RunState FocusJob::state_of(Run &run, const Progress &now) const {
  RunState state{run.steps(), Health::well, run.values, run.norms};
  state.values.insert(state.values.end(), now.values.begin(), now.values.end());
  state.norms.insert(state.norms.end(), now.norms.begin(), now.norms.end());
  if (now.state == Progress::State::dead) {
    if (state.steps <= run.recipe.revive_steps)
      state.health = Health::waiting; // it may yet be brought to life
    else
      state.health = Health::dead;
  } else if (now.state == Progress::State::stopped || diverges(now.values)) {
    state.health = Health::diverging;
  } else if (now.values.empty()) { // after a change, or from a session, it goes on from what it was
    state.health = run.values.empty() ? Health::waiting : Health::well;
  } else {
    if (state.steps - run.saturation_at >= 16 || run.saturation_at < 0) {
      run.saturation = share_of_stuck(run.optimization->images(), view().planes);
      run.saturation_at = state.steps;
    }
    state.health = run.saturation > 0.5 ? Health::saturated : Health::well;
  }
  return state;
}

FocusState FocusJob::state() {
  FocusState state;
  if (!active())
    return state;
  state.unit = unit();
  state.aim = task_.aim;
  state.objective = objective().text;
  state.images = task_.aim.images;
  state.company = objective().needs().company;
  state.changes = shows_changes();
  const Size shown = view_size(view(), {width(), height()});
  state.input_size = input_size();
  state.image = {width(), height()};
  state.width = shown.width;
  state.height = shown.height;
  state.branch = branch_;
  state.first = state_of(first_, progress());
  if (two())
    state.second = state_of(second_, together(second_.optimization->progress()));
  for (const KeptMoment &kept : kept_)
    state.history.push_back(kept.moment);
  return state;
}

} // namespace convscope::viewer
