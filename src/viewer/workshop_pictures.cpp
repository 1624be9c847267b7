// The workshop's pictures: the photo and the style picture, maps, and their textures.
#include "viewer/workshop.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "graph/names.h"
#include "io/image.h"
#include "io/resize.h"

namespace convscope::viewer {

namespace {

constexpr int photo_side = 1024; // of the texture, at the most

} // namespace

// What the photo shows, where the net tells.
void Workshop::classify() {
  guesses_.clear();
  if (photo_.pixels.empty() || (session_.graph().logits < 0 && session_.graph().probabilities < 0))
    return;
  say_busy("classifying the photo");
  for (const Prediction &each : session_.classify(photo_, 3))
    guesses_.push_back({each.label.empty() ? fmt::format("class {}", each.index) : each.label, each.probability});
}

ImageRgb8 Workshop::read_picture(const std::string &path) {
  std::string warning;
  ImageRgb8 picture = read_image(path, &warning);
  if (!warning.empty())
    message_ = warning;
  return picture;
}

void Workshop::load_photo() {
  if (now_.photo.empty()) {
    map_ = {};
    photo_ = {};
    photo_name_.clear();
    retire(photo_atlas_);
    if (wall_)
      wall_->forget_features();
    return;
  }
  photo_ = read_picture(now_.photo);
  photo_name_ = now_.photo;
  map_ = {};
  retire(photo_atlas_);
  draw_photo();
}

void Workshop::draw_photo() {
  Array rgb = to_float(photo_);
  const double longer = std::max(photo_.width, photo_.height), factor = std::min(1.0, photo_side / longer);
  if (factor < 1)
    rgb = resize(rgb, std::max(1, static_cast<int>(photo_.width * factor)),
                 std::max(1, static_cast<int>(photo_.height * factor)));
  const int height = static_cast<int>(rgb.shape[1]), width = static_cast<int>(rgb.shape[2]);
  photo_atlas_ = std::make_unique<Atlas>(session_.programs(), 1, width, height, "photo");
  photo_atlas_->draw_picture(0, rgb, "drawing the photo");
}

void Workshop::load_style() {
  if (now_.style.empty()) {
    style_ = {};
    style_name_.clear();
    return;
  }
  style_ = read_picture(now_.style);
  style_name_ = now_.style;
}

void Workshop::show_features() {
  if (!wall_ || photo_.pixels.empty())
    return;
  const NodeId node = find_layer(session_.graph(), wall_->layer());
  if (!session_.has_maps(node))
    return;
  wall_->show_features(session_.features_on_device(photo_, node));
}

// Where the focused unit fires in the photo: of the wall's maps or, where the wall shows another layer, made for it.
void Workshop::show_map() {
  const Unit unit = focus_->unit();
  if (unit.channel < 0) {
    map_ = {};
    return;
  }
  if (photo_.pixels.empty() || (map_.layer == unit.layer && map_.channel == unit.channel))
    return;
  map_ = {};
  const NodeId node = find_layer(session_.graph(), unit.layer);
  const bool of_wall = wall_ && wall_->layer() == unit.layer && wall_->has_features();
  if (!of_wall && !session_.has_maps(node))
    return;
  std::optional<Activations> made;
  if (!of_wall) {
    say_busy("feature maps of " + unit.layer);
    made.emplace(session_.features_on_device(photo_, node));
  }
  const Shape shape = made ? made->shape(0) : wall_->map_shape();
  const vulkan::Buffer maxima(session_.device(), (map_cell + 1) * sizeof(float), "map's maximum");
  vulkan::Recording recording(session_.device(), "map of " + unit.layer);
  focus_atlas_->put_map(recording, map_cell, made ? made->slice(0) : wall_->features(),
                        std::int64_t{unit.channel} * shape.h * shape.w, shape.h, shape.w, maxima.slice(),
                        MapLook::veil);
  recording.finish();
  recording.run("drawing a map of " + unit.layer);
  const Session::PhotoFit fit = session_.fit(photo_, {node});
  const float part = fit.whole ? 0 : static_cast<float>(fit.size.width) / static_cast<float>(fit.size.height);
  map_ = {unit.layer, unit.channel, shape.w, shape.h, part};
}

// Of the focused unit: of a typed objective, those of the unit that it is about.
void Workshop::set_examples() {
  const std::optional<Unit> unit = task(now_).unit;
  examples_.set(now_.photos_seen, unit && known(unit->layer) ? unit : std::nullopt);
  if (!now_.photos_seen.folder.empty())
    return;
  retire(examples_atlas_);
  retire(example_photos_atlas_);
}

void Workshop::settle_examples() {
  attempt([&] {
    if (!examples_.settle())
      return;
    const auto fill = [&](std::unique_ptr<Atlas> &atlas, int side, ImageRgb8 ExamplePictures::*picture) {
      if (!atlas)
        atlas = std::make_unique<Atlas>(session_.programs(), shown_examples, side, side, "examples");
      int cell = 0;
      for (const ExamplePictures &each : examples_.pictures()) {
        if (!(each.*picture).pixels.empty())
          atlas->draw_picture(cell, to_float(each.*picture), "drawing examples");
        ++cell;
      }
    };
    fill(examples_atlas_, ExamplesJob::crop_side, &ExamplePictures::crop);
    fill(example_photos_atlas_, ExamplesJob::photo_side, &ExamplePictures::photo);
    publish();
  });
}

// Textures out of use go where the window lets go of them, when it sees the next generation.
void Workshop::retire_wall() {
  if (wall_)
    wall_->stop(); // its memory can be had at once
  retired_.push_back({generation_++, std::move(wall_), nullptr});
  telling_.textures(textures());
}

void Workshop::retire(std::unique_ptr<Atlas> &atlas) {
  if (!atlas)
    return;
  retired_.push_back({generation_++, nullptr, std::move(atlas)});
  telling_.textures(textures());
}

} // namespace convscope::viewer
