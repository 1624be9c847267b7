#include "microscope/render.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/stopwatch.h"
#include "visualization/terms/diversity.h"

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
        for (int face = 0; face < (view == View::face ? request.faces : 1); ++face)
          if (view != View::negative || !layer.negative.empty())
            look(file_stem(unit, view, face));
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
      const std::vector<int> &units = survey_.layers[l].units;
      for (std::size_t u = 0; u < units.size(); ++u)
        if (shard_of(l, u, units.size(), request_.shards) == request_.shard)
          add_unit(l, units[u], view);
    }
  for (std::size_t p = 0; p < request_.photos.size(); ++p)
    for (std::size_t l = 0; l < survey_.layers.size(); ++l)
      if (static_cast<int>((l + p) % static_cast<std::size_t>(request_.shards)) == request_.shard)
        add(task(l, photo_stem(request_.photos[p].mark.hash),
                 {fmt::format("caricature({})", survey_.layers[l].name), &request_.photos[p]}));
}

Rendering::Task Rendering::task(std::size_t layer, const std::string &stem, const PictureWork &of, View view,
                                int unit) const {
  return {layer, stem, of, work_hash(request_.settings(of)), view, unit};
}

Rendering::Task Rendering::unit_task(std::size_t layer, int unit, View view) const {
  const SurveyLayer &of = survey_.layers[layer];
  const std::string &name = view == View::negative ? of.negative : of.name;
  return task(layer, file_stem(unit, view), {objective_text(view, name, unit)}, view, unit);
}

void Rendering::add_unit(std::size_t layer, int unit, View view) {
  if (view == View::face)
    add_faces(layer, unit);
  else if (view != View::negative || !survey_.layers[layer].negative.empty())
    add(unit_task(layer, unit, view));
}

void Rendering::add(Task task) {
  if (there(task))
    ++before_;
  else
    tasks_.push_back(std::move(task));
}

Rendering::Task Rendering::face_task(std::size_t layer, int unit, int face,
                                     const std::optional<Record> &channel) const {
  const double difference = diversity_weight(channel ? channel->value : 0);
  const PictureWork of{objective_text(View::face, survey_.layers[layer].name, unit, difference), nullptr, face,
                       request_.faces};
  Task made = task(layer, file_stem(unit, View::face, face), of, View::face, unit);
  made.difference = difference;
  return made;
}

// None of them is the same without the others: all, or none; and all anew where the unit's own image is made first.
void Rendering::add_faces(std::size_t layer, int unit) {
  const auto channel = channel_record(layer, unit);
  bool all = there(unit_task(layer, unit, View::channel)), refined = false;
  std::vector<Task> faces;
  for (int face = 0; face < request_.faces; ++face) {
    faces.push_back(face_task(layer, unit, face, channel));
    all = all && there(faces.back());
    const auto found = records_[layer].find(faces.back().stem);
    refined = refined || (found != records_[layer].end() && !found->second.preview);
  }
  if (all || (request_.preview && refined))
    before_ += request_.faces;
  else
    tasks_.insert(tasks_.end(), faces.begin(), faces.end());
}

bool Rendering::there(const Task &task) const {
  const auto found = records_[task.layer].find(task.stem);
  return found != records_[task.layer].end() &&
         (found->second.work == task.work || (request_.preview && !found->second.preview));
}

void Rendering::begin_batch() {
  const Task &first = tasks_[next_];
  const std::size_t most = batch_of(request_, session_);
  OptimizeRequest request = batch_request(request_, most);
  const bool faces = first.view == View::face; // all of a unit's, however many are asked for at once
  for (end_ = next_; end_ < tasks_.size() && (faces || end_ - next_ < most) && tasks_[end_].with(first); ++end_)
    if (!faces)
      request.objectives.push_back(session_.objective(tasks_[end_].of.objective));
  if (faces) {
    const auto channel = channel_record(first.layer, first.unit); // made by now
    for (std::size_t i = next_; i < end_; ++i)
      tasks_[i] = face_task(first.layer, first.unit, tasks_[i].of.face, channel);
    request.objectives = with_variants({session_.objective(first.of.objective)}, first.of.faces);
  }
  if (first.of.photo)
    request.options.photo = first.of.photo->picture;
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

std::optional<Record> Rendering::channel_record(std::size_t layer, int unit) const {
  const auto text =
      store_.get(fmt::format("images/{}/{}.json", survey_.layers[layer].folder, file_stem(unit, View::channel)));
  return text ? read_record(*text) : std::nullopt;
}

void Rendering::keep_batch() {
  const Task &first = tasks_[next_];
  const std::string &folder = survey_.layers[first.layer].folder;
  if (first.view == View::face) // of when there were more
    for (const auto &[stem, record] : records_[first.layer])
      if (const auto found = unit_picture(stem);
          found && found->view == View::face && found->unit == first.unit && found->face >= first.of.faces)
        store_.remove(folder, stem);
  const std::vector<OptimizedImage> images = run_->results();
  const Stopwatch clock;
  // Faces of a dead unit differ from each other, but show nothing of it.
  const auto channel = first.view == View::face ? channel_record(first.layer, first.unit) : std::nullopt;
  const bool dead = channel && channel->state == Record::State::dead;
  for (const OptimizedImage &image : images) {
    const Task &task = tasks_[next_ + image.objective];
    const ImageRgb8 picture = request_.draw(image.image, image.progress);
    Record record = record_of(image, picture);
    record.work = task.work;
    record.preview = request_.preview;
    record.difference = task.difference;
    if (dead) {
      record.state = Record::State::dead;
      record.value = 0;
    }
    if (task.of.photo)
      record.photo = path_text(std::filesystem::path(task.of.photo->mark.file).filename());
    store_.keep(folder, task.stem, picture, request_.settings(task.of), record);
    ++made_;
  }
  keep_seconds_ += clock.seconds();
  run_.reset();
  next_ = end_;
}

void Rendering::pass_over(const std::string &why) {
  run_.reset();
  const Task first = tasks_[next_];
  problems_.push_back(fmt::format("{}: {}", survey_.layers[first.layer].name, why));
  const auto alike = [&first](const Task &task) {
    return task.layer == first.layer && task.view == first.view && task.of.photo == first.of.photo;
  };
  const auto rest = tasks_.begin() + static_cast<std::ptrdiff_t>(next_);
  tasks_.erase(std::remove_if(rest, tasks_.end(), alike), tasks_.end());
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
                     task.of.photo                ? " caricatures"
                     : task.view == View::channel ? ""
                                                  : form_of(task.view).suffix,
                     before_ + made_, pictures());
}

} // namespace convscope
