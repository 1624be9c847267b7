#include "dataset/examples.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/printable.h"
#include "base/stopwatch.h"
#include "dataset/photo_reader.h"
#include "graph/names.h"
#include "graph/receptive_field.h"
#include "graph/shapes.h"
#include "importer/file_mark.h"
#include "io/resize.h"
#include "session/input_size.h"
#include "visualization/random.h"
#include "vulkan/buffer.h"

namespace convscope {

namespace {

// Of a batch, where the user does not say: so that the device is busy and a batch still takes about a second at the
// most.
constexpr int most_photos = 32;
constexpr std::size_t most_unread = 256; // in one, beside those that can be read
double batch_flops(const vulkan::DeviceInfo &device) { return device.is_cpu() ? 16e9 : 1e12; }

// All that a channel's maximum follows from besides photo, layer, input size and precision.
std::string identity_of(const Session &session) {
  const ModelRequest &request = session.request();
  const Preprocessing &prepared = session.graph().preprocessing;
  std::string text =
      fmt::format("{}, source {}, scale {}, shift {}, rgb {}", mark_file(path_text(session.model().weights)).hash,
                  fmt::join(prepared.source, " "), fmt::join(prepared.scale, " "), fmt::join(prepared.shift, " "),
                  fmt::join(session.model().rgb, " "));
  if (!request.input_name.empty())
    text += ", input " + request.input_name;
  for (const auto &[name, value] : request.set)
    text += fmt::format(", {} = {}", name, names_array(value) ? mark_file(value).hash : value);
  return text;
}

// The box of the photo that a box of the net's input shows.
Box photo_box(const InputBox &box, Size input, Size photo) {
  const Part part = centered_part(photo.width, photo.height, input.width, input.height);
  // Down to the pixel that it begins in, up to the one that it ends in.
  const auto begin = [](int at, int from, int to) { return static_cast<int>(std::int64_t{at} * to / from); };
  const auto end = [](int at, int from, int to) { return static_cast<int>((std::int64_t{at} * to + from - 1) / from); };
  const int left = begin(box.left, input.width, part.width), top = begin(box.top, input.height, part.height);
  return {part.left + left, part.top + top, end(box.right, input.width, part.width) - left,
          end(box.bottom, input.height, part.height) - top};
}

// A position of the map that depends on the photo's name alone; not of its border, where that leaves any: there a layer
// sees what is around the photo.
std::uint32_t drawn_place(const Shape &shape, std::uint64_t seed, const std::string &photo) {
  const auto drawn = philox({0, 0, 0, 0}, philox_key(seed, photo));
  const auto along = [](std::uint32_t number, int length) {
    const int border = length > 2 ? 1 : 0;
    return static_cast<std::uint32_t>(border) + number % static_cast<std::uint32_t>(length - 2 * border);
  };
  return along(drawn[1], shape.h) * static_cast<std::uint32_t>(shape.w) + along(drawn[0], shape.w);
}

} // namespace

ExamplesRun::ExamplesRun(Session &session, ExamplesRequest request)
    : session_(session), request_(std::move(request)),
      input_(request_.input_size.given() ? request_.input_size.size() : session.graph().size()) {
  for (const NodeId layer : request_.layers)
    asked_.push_back({layer, false});
  for (const NodeId layer : request_.positions)
    asked_.push_back({layer, true});
  for (const Asked &of : asked_)
    shapes_.push_back(shape_at(session.model(), of.layer, input_));
  session.picture(ImageRgb8(1, 1), {1, 1}); // whether photos are pictures for this net
  check_photos(request_.folder);            // before there is a database
  database_ = std::make_unique<SeenDatabase>(request_.database, identity_of(session), session.graph().name);
  for (std::size_t i = 0; i < asked_.size(); ++i)
    database_->layer({session.graph().nodes[static_cast<std::size_t>(asked_[i].layer)].name,
                      asked_[i].position ? fmt::format("position, seed {}", request_.seed) : "maxima", input_,
                      precision_name(session.precision()), shapes_[i]});

  std::int64_t found = 0;
  database_->begin_listing();
  find_photos(request_.folder, [&](const FoundPhoto &photo) {
    const auto &out = request_.leave_out;
    if (std::find(out.begin(), out.end(), photo.path) == out.end())
      database_->found(photo);
    if (++found % 256 == 0 && request_.listing)
      request_.listing(found);
  });
  database_->end_listing();
  progress_.photos = database_->photos();
  if (progress_.photos == 0)
    throw UserError(path_text(request_.folder) + ": holds no other picture than what is written there");
  progress_.before = progress_.photos - database_->missing();
  skipped_ = static_cast<std::int64_t>(database_->faults().size());
  reader_ = std::make_unique<PhotoReader>(request_.folder, [this](const ImageRgb8 &photo) {
    return session_.photo_input(photo, {input_, false});
  });
}

ExamplesRun::~ExamplesRun() = default;

// The largest batch that has room.
void ExamplesRun::plan() {
  batch_ = request_.batch;
  if (batch_ == 0) {
    const Graph &graph = session_.model().at(input_);
    std::vector<NodeId> layers;
    for (const Asked &of : asked_)
      layers.push_back(same_node(session_.graph(), of.layer, graph));
    std::vector<Shape> shapes(graph.nodes.size());
    for (const NodeId layer : layers) {
      const std::vector<Shape> known = infer_shapes(graph, graph.input_of(input_), layer);
      for (std::size_t i = 0; i < shapes.size(); ++i)
        if (known[i].elements() > 0)
          shapes[i] = known[i];
    }
    const double flops = std::max(forward_flops(graph, shapes, ancestors(graph, layers)), 1.0);
    batch_ = static_cast<int>(
        std::clamp(batch_flops(session_.device().info()) / flops, 1.0, static_cast<double>(most_photos)));
  }
  batch_ = static_cast<int>(std::min<std::int64_t>(batch_, progress_.left()));
  for (;; batch_ /= 2)
    try {
      plan_ = std::make_unique<PeaksPlan>(session_, input_, asked_, batch_);
      return;
    } catch (const UserError &) { // too many to be bound, or for the memory that is left
      if (batch_ == 1)
        throw;
    } catch (const vulkan::NoRoom &) {
      if (batch_ == 1)
        throw;
    }
}

void ExamplesRun::fill_reader() {
  const std::size_t ahead =
      std::max<std::size_t>(static_cast<std::size_t>(batch_), std::thread::hardware_concurrency());
  while (reader_->waiting() < static_cast<std::size_t>(batch_) + ahead) {
    std::optional<FoundPhoto> next = database_->next();
    if (!next)
      return;
    reader_->ask(std::move(*next));
  }
}

void ExamplesRun::advance() {
  if (done())
    return;
  if (!plan_)
    plan();
  fill_reader();
  std::vector<ReadPhoto> photos, unread;
  std::vector<float> inputs;
  while (photos.size() < static_cast<std::size_t>(batch_) && unread.size() < most_unread && reader_->waiting() > 0) {
    ReadPhoto photo = reader_->take();
    fill_reader();
    if (photo.fault.empty()) {
      inputs.insert(inputs.end(), photo.input.data.begin(), photo.input.data.end());
      photo.input.data = {};
      photos.push_back(std::move(photo));
      continue;
    }
    std::error_code error;
    if (!photo.lasting && !std::filesystem::is_directory(request_.folder, error))
      throw UserError(path_text(request_.folder) + ": is gone; what was seen of it is kept");
    unread.push_back(std::move(photo));
  }
  const auto count = static_cast<int>(photos.size());
  std::vector<std::vector<Peaks>> peaks; // by layer, of each photo
  if (count > 0) {
    plan_->run(inputs);
    for (std::size_t i = 0; i < asked_.size(); ++i)
      peaks.push_back(kept(i, photos));
  }
  const Stopwatch clock;
  Transaction batch = database_->batch();
  for (const ReadPhoto &photo : unread)
    if (photo.lasting)
      database_->keep_fault(photo.photo, photo.fault);
    else
      gone_.push_back({photo.photo.path, photo.fault});
  for (std::size_t n = 0; n < photos.size(); ++n) {
    std::vector<Peaks> of_photo;
    for (std::vector<Peaks> &of_layer : peaks)
      of_photo.push_back(std::move(of_layer[n]));
    database_->keep(photos[n].photo, photos[n].size, of_photo);
  }
  batch.commit();
  progress_.database_seconds += clock.seconds();
  progress_.done += count + static_cast<std::int64_t>(unread.size());
  skipped_ += static_cast<std::int64_t>(unread.size());
}

std::vector<Peaks> ExamplesRun::kept(std::size_t asked, const std::vector<ReadPhoto> &photos) const {
  if (!asked_[asked].position)
    return plan_->peaks(asked, static_cast<int>(photos.size()));
  std::vector<std::uint32_t> places;
  for (const ReadPhoto &photo : photos)
    places.push_back(drawn_place(shapes_[asked], request_.seed, photo.photo.path));
  return plan_->at_places(asked, places);
}

std::vector<SkippedPhoto> ExamplesRun::skipped() {
  std::vector<SkippedPhoto> all = database_->faults();
  all.insert(all.end(), gone_.begin(), gone_.end());
  std::sort(all.begin(), all.end(), [](const SkippedPhoto &a, const SkippedPhoto &b) { return a.file < b.file; });
  return all;
}

std::vector<ChannelExamples> ExamplesRun::results(NodeId layer) {
  const auto at = static_cast<std::size_t>(std::find(request_.layers.begin(), request_.layers.end(), layer) -
                                           request_.layers.begin());
  const Shape &shape = shapes_.at(at);
  std::vector<int> channels = request_.channels;
  if (channels.empty()) {
    channels.resize(static_cast<std::size_t>(shape.c));
    std::iota(channels.begin(), channels.end(), 0);
  }
  const Ranking::Before before = [this](std::int64_t photo, std::int64_t other) {
    return photo != other && database_->photo(photo).path < database_->photo(other).path;
  };
  std::vector<Ranking> rankings(channels.size(), Ranking(static_cast<std::size_t>(request_.top), before));
  std::vector<HistogramCounter> counters(channels.size());
  std::vector<ChannelExamples> results(channels.size());
  std::int64_t photos = 0;
  database_->each(at, [&](std::int64_t photo, const Peaks &peaks) {
    ++photos;
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const auto c = static_cast<std::size_t>(channels[i]);
      const float value = peaks.values[c];
      rankings[i].add({photo, value, peaks.places[c]});
      results[i].excited += value > 0 ? 1 : 0;
      if (std::isfinite(value))
        counters[i].add(value);
    }
  });

  const Graph &graph = session_.model().at(input_);
  const NodeId node = same_node(session_.graph(), layer, graph);
  const std::vector<Shape> shapes = infer_shapes(graph, graph.input_of(input_), node);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    ChannelExamples &of = results[i];
    of.channel = channels[i];
    of.photos = photos;
    of.histogram = counters[i].histogram();
    for (const Ranked &ranked : rankings[i].best()) {
      const SeenDatabase::Photo photo = database_->photo(ranked.photo);
      const int x = static_cast<int>(ranked.place) % shape.w, y = static_cast<int>(ranked.place) / shape.w;
      const InputBox field = receptive_field(graph, shapes, node, channels[i], x, y);
      // What depends on no pixel is the same for all photos: there is nothing in one to point at.
      const InputBox shown = field.empty() ? InputBox{0, 0, input_.width, input_.height} : field;
      of.top.push_back({photo.path, ranked.value, x, y, photo_box(shown, input_, photo.size)});
    }
  }
  return results;
}

PositionExamples ExamplesRun::positions(NodeId layer) {
  const auto first = static_cast<std::ptrdiff_t>(request_.layers.size());
  const auto at = static_cast<std::size_t>(
      std::find_if(asked_.begin() + first, asked_.end(), [&](const Asked &of) { return of.layer == layer; }) -
      asked_.begin());
  const Shape &shape = shapes_.at(at);
  struct Row {
    std::string file;
    std::uint32_t place;
    std::vector<float> values;
  };
  std::vector<Row> rows;
  PositionExamples found;
  database_->each(at, [&](std::int64_t photo, const Peaks &peaks) {
    const bool finite = std::all_of(peaks.values.begin(), peaks.values.end(), [](float v) { return std::isfinite(v); });
    const bool silent = std::all_of(peaks.values.begin(), peaks.values.end(), [](float v) { return v == 0; });
    if (finite && !silent)
      rows.push_back({database_->photo(photo).path, peaks.places.at(0), peaks.values});
    else
      ++found.left_out;
  });
  std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.file < b.file; });
  found.vectors.shape = {static_cast<std::int64_t>(rows.size()), shape.c};
  for (Row &row : rows) {
    found.vectors.data.insert(found.vectors.data.end(), row.values.begin(), row.values.end());
    found.files.push_back(std::move(row.file));
    found.x.push_back(static_cast<int>(row.place) % shape.w);
    found.y.push_back(static_cast<int>(row.place) / shape.w);
    row.values = {};
  }
  return found;
}

} // namespace convscope
