// What the workshop writes: pictures with what they were made by, and sessions.
#include "viewer/workshop.h"

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "graph/names.h"
#include "session/input_size.h"

namespace convscope::viewer {

void Workshop::save(const SaveRequest &request) {
  const bool saved = attempt([&] {
    if ((request.what == SaveRequest::What::focus || request.what == SaveRequest::What::session) &&
        focus_->finish_step())
      show_focus();
    if (request.what == SaveRequest::What::session)
      write_session(request.path, {shown_wish(), focus_->active() ? std::optional(focus_->saved()) : std::nullopt});
    else
      saver_(session_, request.what == SaveRequest::What::wall   ? wall_picture(request.path)
                       : request.what == SaveRequest::What::grid ? grid_picture(request.path)
                                                                 : focus_picture(request.path));
    message_ = "wrote " + path_text(std::filesystem::absolute(request.path));
  });
  if (!saved) {
    ++failed_saves_;
    failure_ = message_;
  }
  publish();
}

// The last wish, but for a photo that could not be read.
Wish Workshop::shown_wish() const {
  Wish wish = obeyed_;
  wish.photo = photo_name_;
  wish.style = style_name_;
  return wish;
}

Size Workshop::input_size(const std::string &layer, const Recipe &recipe, Size image) const {
  return input_size_for(session_.model(), {find_layer(session_.graph(), layer)}, recipe, image);
}

SavedPicture Workshop::wall_picture(const std::string &path) const {
  if (!wall_)
    throw UserError("there is no wall to save");
  SavedPicture picture{path,
                       session_.request(),
                       {},
                       wall_->images_so_far(),
                       wall_->recipe(),
                       wall_->image_size(),
                       input_size(wall_->layer(), wall_->recipe(), wall_->image_size()),
                       wall_->seed()};
  if (picture.images.empty())
    throw UserError("the wall has no finished images yet");
  for (std::size_t i = 0; i < picture.images.size(); ++i) {
    OptimizedImage &image = picture.images[i];
    picture.objectives.push_back(objective_text({wall_->layer(), static_cast<int>(image.objective)}));
    image.objective = i;
  }
  return picture;
}

SavedPicture Workshop::grid_picture(const std::string &path) {
  lens_.finish_step();
  SavedGrid grid = lens_.saved_grid();
  show_grid();
  SavedPicture picture{path, session_.request(), {}, {}, lens_.grid_recipe(), lens_.grid_image(),
                       {},   lens_.grid_seed()};
  picture.photo = photo_name_;
  picture.grid = std::move(grid);
  return picture;
}

SavedPicture Workshop::focus_picture(const std::string &path) {
  if (!focus_->active())
    throw UserError("there is no focused image to save");
  const FocusTask &task = focus_->task();
  const Needs needs = focus_->objective().needs();
  SavedPicture picture{path,
                       session_.request(),
                       {},
                       focus_->results(),
                       task.controls.recipe,
                       {focus_->width(), focus_->height()},
                       focus_->input_size(),
                       task.controls.seed,
                       focus_->untouched()};
  picture.objectives.assign(picture.images.size(), focus_->objective().text);
  picture.variants = task.aim.images;
  if (!focus_->path().empty()) {
    picture.objectives.clear();
    for (const Objective &each : focus_->path())
      picture.objectives.push_back(each.text);
    picture.variants = 1;
    picture.path_from = task.aim.typed;
    picture.path_to = task.aim.to;
  }
  picture.opacity = focus_->has_opacity();
  picture.from_photo = task.controls.start == StartFrom::photo && !photo_name_.empty();
  if (needs.photo || picture.from_photo)
    picture.photo = photo_name_;
  if (needs.style)
    picture.style = style_name_;
  return picture;
}

} // namespace convscope::viewer
