#include "dataset/examples.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/printable.h"
#include "base/stopwatch.h"
#include "dataset/photo_reader.h"
#include "dataset/tally.h"
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
// most; of a live run, that has a quarter of the device or less, a part of that.
constexpr int most_photos = 32;
constexpr std::size_t most_unread = 256; // in one, beside those that can be read
double batch_flops(const vulkan::DeviceInfo &device) { return device.is_cpu() ? 16e9 : 1e12; }

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

// A batch on its way: first its photos come together, then the net sees them.
struct ExamplesRun::Batch {
  std::vector<ReadPhoto> photos, unread;
  std::vector<float> inputs;
  bool running = false;
};

ExamplesRun::ExamplesRun(Session &session, ExamplesRequest request)
    : session_(session), request_(std::move(request)),
      input_(request_.input_size.given() ? request_.input_size.size() : session.graph().size()),
      before_([this](std::int64_t photo, std::int64_t other) {
        return photo != other && database_->photo(photo).path < database_->photo(other).path;
      }) {
  for (const NodeId layer : request_.layers)
    ask(layer, false);
  for (const NodeId layer : request_.positions)
    ask(layer, true);
  session.picture(ImageRgb8(1, 1), {1, 1}); // whether photos are pictures for this net
  net_ = net_identity();
  if (!request_.live)
    open();
}

void ExamplesRun::ask(NodeId layer, bool position) {
  shapes_.push_back(shape_at(session_.model(), layer, input_));
  asked_.push_back({layer, position});
  seen_layers_.push_back({session_.graph().nodes[static_cast<std::size_t>(layer)].name,
                          position ? fmt::format("position, seed {}", request_.seed) : "maxima", input_,
                          precision_name(session_.precision()), shapes_.back()});
}

void ExamplesRun::look_at(NodeId layer) {
  asked_.clear();
  shapes_.clear();
  seen_layers_.clear();
  request_.layers = {layer};
  request_.positions.clear();
  under_way_.reset();
  reader_.reset();
  plan_.reset(); // its memory
  ask(layer, false);
}

// All that a channel's maximum follows from besides photo, layer, input size, precision and the weights' content.
std::string ExamplesRun::net_identity() const {
  const ModelRequest &request = session_.request();
  const Preprocessing &prepared = session_.graph().preprocessing;
  std::string text =
      fmt::format(", source {}, scale {}, shift {}, rgb {}", fmt::join(prepared.source, " "),
                  fmt::join(prepared.scale, " "), fmt::join(prepared.shift, " "), fmt::join(session_.model().rgb, " "));
  if (!request.input_name.empty())
    text += ", input " + request.input_name;
  for (const auto &[name, value] : request.set)
    text += fmt::format(", {} = {}", name, names_array(value) ? mark_file(value).hash : value);
  return text;
}

void ExamplesRun::find_database() {
  const std::string identity = mark_file(path_text(session_.model().weights)).hash + net_;
  std::filesystem::path file = request_.database;
  if (file.empty() && !request_.databases.empty()) {
    std::error_code error;
    const std::string folder = path_text(std::filesystem::canonical(request_.folder, error));
    std::filesystem::create_directories(request_.databases, error);
    if (!error) // else what is seen is of this run alone
      file = request_.databases / (hash_text(folder + "\n" + identity) + ".sqlite");
  }
  database_ = std::make_unique<SeenDatabase>(file, identity, session_.graph().name);
}

void ExamplesRun::open() {
  const bool first = !database_;
  if (first) {
    check_photos(request_.folder, request_.stopped); // before there is a database
    if (request_.stopped && request_.stopped())
      return;
    find_database();
  }
  database_->forget_layers();
  for (const SeenLayer &layer : seen_layers_)
    database_->layer(layer);
  if (first) {
    std::int64_t found = 0;
    database_->begin_listing();
    find_photos(
        request_.folder,
        [&](const FoundPhoto &photo) {
          const auto &out = request_.leave_out;
          if (std::find(out.begin(), out.end(), photo.path) == out.end())
            database_->found(photo);
          if (++found % 256 == 0 && request_.listing)
            request_.listing(found);
        },
        request_.stopped);
    database_->end_listing();
  } else {
    database_->find_missing();
  }
  progress_ = {};
  progress_.photos = database_->photos();
  if (progress_.photos == 0)
    throw UserError(path_text(request_.folder) + ": holds no other picture than what is written there");
  progress_.before = progress_.photos - database_->missing();
  skipped_ = static_cast<std::int64_t>(database_->faults().size());
  gone_.clear();
  reader_ = std::make_unique<PhotoReader>(request_.folder, [this](const ImageRgb8 &photo) {
    return session_.photo_input(photo, {input_, false});
  });
  if (!request_.live)
    return;
  std::vector<int> all(static_cast<std::size_t>(shapes_.front().c));
  std::iota(all.begin(), all.end(), 0);
  tally_ = std::make_unique<Tally>(all, static_cast<std::size_t>(request_.top), before_);
  tally(0, *tally_);
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
    batch_ = static_cast<int>(std::clamp(batch_flops(session_.device().info()) / (request_.live ? 4 * flops : flops),
                                         1.0, static_cast<double>(most_photos)));
  }
  batch_ = static_cast<int>(std::min<std::int64_t>(batch_, progress_.left()));
  for (;; batch_ /= 2)
    try {
      plan_ = std::make_unique<PeaksPlan>(session_, input_, asked_, batch_,
                                          request_.live ? live_slices(session_.device().info())
                                                        : whole_slices(session_.device().info()));
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

// Whether a batch's photos are together, or all that there are. Waits for each so long at the most.
bool ExamplesRun::gather(double patience) {
  Batch &batch = *under_way_;
  const auto wants_more = [&] {
    return batch.photos.size() < static_cast<std::size_t>(batch_) && batch.unread.size() < most_unread &&
           reader_->waiting() > 0;
  };
  fill_reader();
  while (wants_more()) {
    if (!reader_->ready(patience))
      return false;
    ReadPhoto photo = reader_->take();
    fill_reader();
    if (photo.fault.empty()) {
      batch.inputs.insert(batch.inputs.end(), photo.input.data.begin(), photo.input.data.end());
      photo.input.data = {};
      batch.photos.push_back(std::move(photo));
      continue;
    }
    std::error_code error;
    if (!photo.lasting && !std::filesystem::is_directory(request_.folder, error))
      throw UserError(path_text(request_.folder) + ": is gone; what was seen of it is kept");
    batch.unread.push_back(std::move(photo));
  }
  return true;
}

void ExamplesRun::advance() {
  if (done())
    return;
  if (!plan_)
    plan();
  if (!under_way_)
    under_way_ = std::make_unique<Batch>();
  constexpr double for_good = 1e6; // seconds
  while (!gather(for_good)) {
  }
  if (!under_way_->photos.empty())
    plan_->run(under_way_->inputs);
  keep();
}

bool ExamplesRun::advance_slice() {
  constexpr double moment = 0.005; // seconds
  if (done())
    return true;
  if (!plan_)
    plan();
  if (!under_way_)
    under_way_ = std::make_unique<Batch>();
  if (!under_way_->running) {
    if (!gather(moment))
      return false;
    if (!under_way_->photos.empty()) {
      plan_->begin(under_way_->inputs);
      under_way_->running = true;
      return false;
    }
  } else if (!plan_->advance_slice()) {
    return false;
  }
  keep();
  return true;
}

// What the net has seen of the batch.
void ExamplesRun::keep() {
  const std::unique_ptr<Batch> seen = std::move(under_way_);
  std::vector<std::vector<Peaks>> peaks; // by layer, of each photo
  if (!seen->photos.empty())
    for (std::size_t i = 0; i < asked_.size(); ++i)
      peaks.push_back(kept(i, seen->photos));
  const Stopwatch clock;
  Transaction batch = database_->batch();
  for (const ReadPhoto &photo : seen->unread)
    if (photo.lasting)
      database_->keep_fault(photo.photo, photo.fault);
    else
      gone_.push_back({photo.photo.path, photo.fault});
  std::vector<std::int64_t> numbers;
  for (std::size_t n = 0; n < seen->photos.size(); ++n) {
    std::vector<Peaks> of_photo;
    for (const std::vector<Peaks> &of_layer : peaks)
      of_photo.push_back(of_layer[n]);
    numbers.push_back(database_->keep(seen->photos[n].photo, seen->photos[n].size, of_photo));
  }
  batch.commit();
  progress_.database_seconds += clock.seconds();
  for (std::size_t n = 0; tally_ && n < numbers.size(); ++n)
    tally_->add(numbers[n], peaks.front()[n]);
  progress_.done += static_cast<std::int64_t>(seen->photos.size() + seen->unread.size());
  skipped_ += static_cast<std::int64_t>(seen->unread.size());
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

// Of all photos that are seen; or as far as that goes before it is stopped.
void ExamplesRun::tally(std::size_t asked, Tally &into) {
  struct Stopped {};
  try {
    database_->each(asked, [&](std::int64_t photo, const Peaks &peaks) {
      if (request_.stopped && request_.stopped())
        throw Stopped();
      into.add(photo, peaks);
    });
  } catch (const Stopped &) {
  }
}

std::vector<ChannelExamples> ExamplesRun::results(NodeId layer) {
  const auto at = static_cast<std::size_t>(std::find(request_.layers.begin(), request_.layers.end(), layer) -
                                           request_.layers.begin());
  std::vector<int> channels = request_.channels;
  if (channels.empty()) {
    channels.resize(static_cast<std::size_t>(shapes_.at(at).c));
    std::iota(channels.begin(), channels.end(), 0);
  }
  Tally all(channels, static_cast<std::size_t>(request_.top), before_);
  tally(at, all);
  return examples_of(at, all, 0, channels.size());
}

ChannelExamples ExamplesRun::result(int channel) {
  if (channel < 0 || channel >= shapes_.front().c)
    throw UserError(
        fmt::format("{} has {} channels, from 0 on, and no {}", seen_layers_.front().name, shapes_.front().c, channel));
  return examples_of(0, *tally_, static_cast<std::size_t>(channel), 1).front();
}

std::vector<ChannelExamples> ExamplesRun::examples_of(std::size_t asked, const Tally &tally, std::size_t first,
                                                      std::size_t count) {
  const Graph &graph = session_.model().at(input_);
  const NodeId node = same_node(session_.graph(), asked_[asked].layer, graph);
  const std::vector<Shape> shapes = infer_shapes(graph, graph.input_of(input_), node);
  const int columns = shapes_[asked].w;
  std::vector<ChannelExamples> results;
  for (std::size_t i = first; i < first + count; ++i) {
    const Tally::Channel &known = tally.channels().at(i);
    ChannelExamples of;
    of.channel = known.channel;
    of.photos = tally.photos();
    of.excited = known.excited;
    of.histogram = known.histogram.histogram();
    for (const Ranked &ranked : known.ranking.best()) {
      const SeenDatabase::Photo photo = database_->photo(ranked.photo);
      const int x = static_cast<int>(ranked.place) % columns, y = static_cast<int>(ranked.place) / columns;
      const InputBox field = receptive_field(graph, shapes, node, known.channel, x, y);
      // What depends on no pixel is the same for all photos: there is nothing in one to point at.
      const InputBox shown = field.empty() ? InputBox{0, 0, input_.width, input_.height} : field;
      of.top.push_back({photo.path, ranked.value, x, y, photo_box(shown, input_, photo.size)});
    }
    results.push_back(std::move(of));
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
