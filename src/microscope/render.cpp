#include "microscope/render.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"

namespace convscope {

namespace {

constexpr std::size_t largest_block = 16; // of units that a shard has in a row

} // namespace

Record record_of(const OptimizedImage &image, const ImageRgb8 &picture) {
  Record record;
  record.state = image.progress.state == Progress::State::running ? Record::State::done
                 : image.progress.state == Progress::State::dead  ? Record::State::dead
                                                                  : Record::State::stopped;
  if (record.state == Record::State::done && !image.progress.values.empty())
    record.value = image.progress.values.back();
  record.steps = image.steps;
  record.width = picture.width;
  record.height = picture.height;
  return record;
}

std::size_t batch_of(const RenderRequest &request, Session &session) {
  return static_cast<std::size_t>(request.batch > 0 ? request.batch : default_batch(session.device().info()));
}

OptimizeRequest batch_request(const RenderRequest &request, std::size_t batch) {
  OptimizeRequest of;
  of.recipe = request.recipe;
  of.options.width = request.size.width;
  of.options.height = request.size.height;
  of.options.seed = request.seed;
  of.batch = static_cast<int>(batch);
  return of;
}

int shard_of(std::size_t layer, std::size_t unit, std::size_t units, int shards) {
  const auto n = static_cast<std::size_t>(shards);
  const std::size_t block = std::clamp<std::size_t>(units / n, 1, largest_block);
  return static_cast<int>((unit / block + layer) % n);
}

PictureCount count_pictures(const Survey &survey, const SiteStore &store, const RenderRequest &request) {
  PictureCount count;
  for (const SurveyLayer &layer : survey.layers) {
    const std::map<std::string, Record> records = store.records(layer.folder);
    const auto look = [&](const std::string &stem) {
      const auto found = records.find(stem);
      ++count.all;
      if (found == records.end())
        return;
      const Record &record = found->second;
      const bool enough = record.steps >= request.recipe.steps || record.state != Record::State::done;
      count.there += enough && (request.preview || !record.preview) ? 1 : 0;
    };
    for (const View view : request.views)
      for (const int unit : layer.units)
        if (view != View::negative || !layer.negative.empty())
          look(file_stem(unit, view));
    for (const SitePhoto &photo : request.photos)
      look(photo_stem(photo.mark.hash));
  }
  return count;
}

Rendering::Rendering(Session &session, const Survey &survey, const SiteStore &store, RenderRequest request)
    : session_(session), survey_(survey), store_(store), request_(std::move(request)) {
  for (const SurveyLayer &layer : survey_.layers)
    records_.push_back(store_.records(layer.folder));
  // View by view, so that all channels are there before the first of their negatives.
  for (const View view : request_.views)
    for (std::size_t l = 0; l < survey_.layers.size(); ++l) {
      const SurveyLayer &layer = survey_.layers[l];
      const std::string &name = view == View::negative ? layer.negative : layer.name;
      if (name.empty())
        continue;
      for (std::size_t u = 0; u < layer.units.size(); ++u)
        if (shard_of(l, u, layer.units.size(), request_.shards) == request_.shard)
          add(l, file_stem(layer.units[u], view), objective_text(view, name, layer.units[u]), view, nullptr);
    }
  for (std::size_t p = 0; p < request_.photos.size(); ++p)
    for (std::size_t l = 0; l < survey_.layers.size(); ++l)
      if (static_cast<int>((l + p) % static_cast<std::size_t>(request_.shards)) == request_.shard)
        add(l, photo_stem(request_.photos[p].mark.hash), fmt::format("caricature({})", survey_.layers[l].name),
            View::channel, &request_.photos[p]);
}

void Rendering::add(std::size_t layer, const std::string &stem, const std::string &objective, View view,
                    const SitePhoto *photo) {
  Task task{layer, stem, objective, work_hash(request_.settings(objective, photo)), photo, view};
  const auto found = records_[layer].find(stem);
  const bool there = found != records_[layer].end() &&
                     (found->second.work == task.work || (request_.preview && !found->second.preview));
  if (there)
    ++before_;
  else
    tasks_.push_back(std::move(task));
}

void Rendering::begin_batch() {
  const Task &first = tasks_[next_];
  const std::size_t most = batch_of(request_, session_);
  OptimizeRequest request = batch_request(request_, most);
  for (end_ = next_; end_ < tasks_.size() && end_ - next_ < most; ++end_) {
    const Task &task = tasks_[end_];
    if (task.layer != first.layer || task.view != first.view || task.photo != first.photo)
      break;
    request.objectives.push_back(session_.objective(task.objective));
  }
  if (first.photo)
    request.options.photo = first.photo->picture;
  run_.emplace(session_, std::move(request));
}

void Rendering::advance(int steps) {
  if (done())
    return;
  try {
    if (!run_)
      begin_batch();
    run_->advance(steps);
  } catch (const UserError &error) {
    return pass_over(error.what());
  }
  if (run_->done())
    keep_batch();
}

void Rendering::keep_batch() {
  for (const OptimizedImage &image : run_->results()) {
    const Task &task = tasks_[next_ + image.objective];
    const ImageRgb8 picture = request_.draw(image.image, image.progress);
    Record record = record_of(image, picture);
    record.work = task.work;
    record.preview = request_.preview;
    if (task.photo)
      record.photo = path_text(std::filesystem::path(task.photo->mark.file).filename());
    store_.keep(survey_.layers[task.layer].folder, task.stem, picture, request_.settings(task.objective, task.photo),
                record);
    ++made_;
  }
  run_.reset();
  next_ = end_;
}

void Rendering::pass_over(const std::string &why) {
  run_.reset();
  const std::size_t layer = tasks_[next_].layer;
  problems_.push_back(fmt::format("{}: {}", survey_.layers[layer].name, why));
  const auto rest = tasks_.begin() + static_cast<std::ptrdiff_t>(next_);
  tasks_.erase(std::remove_if(rest, tasks_.end(), [&](const Task &task) { return task.layer == layer; }), tasks_.end());
  end_ = next_;
}

double Rendering::work_done() const {
  const double part = run_ ? double(run_->work_done()) / double(std::max<std::int64_t>(run_->work(), 1)) : 0;
  return double(before_ + made_) + part * double(end_ - next_);
}

std::string Rendering::where() const {
  if (next_ >= tasks_.size())
    return "";
  const Task &task = tasks_[next_];
  return fmt::format("{}{}, picture {} of {}", survey_.layers[task.layer].name,
                     task.photo                   ? " caricatures"
                     : task.view == View::channel ? ""
                                                  : form_of(task.view).suffix,
                     before_ + made_, pictures());
}

} // namespace convscope
