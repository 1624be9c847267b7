// `examples`: the photos of a folder that excite each channel of a layer most, cut to its receptive field.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/outputs.h"
#include "app/photos.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"
#include "base/printable.h"
#include "base/text.h"
#include "dataset/examples.h"
#include "figure/examples_page.h"
#include "figure/feature_grid.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "io/png.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

constexpr int default_rows = 32; // of a picture
constexpr int most_examples = 1000;

struct ExamplesOptions {
  std::string model, images, layer, channels, database, output;
  int top = 9, batch = 0;
  InputSize input_size;
  bool json = false;
};

const std::string &name_of(const Context &context, NodeId layer) {
  return context.session.graph().nodes[static_cast<std::size_t>(layer)].name;
}

Json to_json(const Box &box) { return {{"x", box.x}, {"y", box.y}, {"width", box.width}, {"height", box.height}}; }

Json channels_json(const std::vector<ChannelExamples> &channels) {
  Json list = Json::array();
  for (const ChannelExamples &channel : channels) {
    Json examples = Json::array();
    for (const Example &example : channel.top)
      examples.push_back({{"file", example.file},
                          {"value", example.value},
                          {"x", example.x},
                          {"y", example.y},
                          {"box", to_json(example.box)}});
    list.push_back({{"channel", channel.channel},
                    {"examples", std::move(examples)},
                    {"photos", channel.photos},
                    {"excited", channel.excited},
                    {"histogram", {{"edges", channel.histogram.edges}, {"counts", channel.histogram.counts}}}});
  }
  return list;
}

std::string share_text(const ChannelExamples &channel) {
  const double percent =
      100.0 * static_cast<double>(channel.excited) / static_cast<double>(std::max<std::int64_t>(channel.photos, 1));
  return channel.excited == 0
             ? "silent"
             : fmt::format("in {} % of photos",
                           percent > 0 && percent < 1 ? short_number(percent) : fmt::format("{:.0f}", percent));
}

ExamplesSection section_of(const ExamplesOptions &o, const std::string &title, const std::string &subtitle,
                           const std::vector<ChannelExamples> &channels) {
  std::vector<Example> all;
  for (const ChannelExamples &channel : channels)
    all.insert(all.end(), channel.top.begin(), channel.top.end());
  std::vector<ImageRgb8> pictures = crops(o.images, all, examples_crop_side);
  ExamplesSection section{title, subtitle, {}};
  std::size_t next = 0;
  for (const ChannelExamples &channel : channels) {
    ExamplesRow row{fmt::format("#{}", channel.channel), share_text(channel), {}, channel.histogram.counts, "", ""};
    for (const Example &example : channel.top)
      row.crops.push_back({std::move(pictures[next++]), short_number(example.value), ""});
    if (!channel.histogram.edges.empty()) {
      row.low = short_number(channel.histogram.edges.front());
      row.high = short_number(channel.histogram.edges.back());
    }
    section.rows.push_back(std::move(row));
  }
  return section;
}

int make_examples(Context &context, const ExamplesOptions &o) {
  Session &session = context.session;
  ExamplesRequest request;
  request.folder = o.images;
  request.layers = find_layers(session.graph(), o.layer, "--layer");
  if (!o.channels.empty() && o.channels != "all")
    for (const NodeId layer : request.layers) // each has them
      request.channels = parse_channels(o.channels, channels_of(session.graph(), layer), name_of(context, layer));
  request.top = o.top;
  request.database = o.database;
  request.input_size = o.input_size;
  request.batch = o.batch;
  if (!o.output.empty())
    request.leave_out = own_output(o.output, o.images);

  std::vector<std::size_t> rows;
  for (const NodeId layer : request.layers) {
    const auto count = static_cast<std::size_t>(channels_of(session.graph(), layer));
    const bool chosen = o.channels == "all" || !request.channels.empty();
    rows.push_back(chosen ? request.channels.empty() ? count : request.channels.size()
                          : std::min<std::size_t>(count, default_rows));
    if (!o.output.empty() && rows.back() < count && !chosen)
      context.note(fmt::format("{} has {} channels: the first {} are drawn; --channels all draws them all",
                               name_of(context, layer), count, default_rows));
  }
  if (!o.output.empty())
    check_examples_page(rows, o.top);

  const Stopwatch clock;
  const std::vector<NodeId> layers = request.layers;
  const auto run_of_photos = list_photos(session, std::move(request));
  ExamplesRun &run = *run_of_photos;
  context.tell_notes();
  const bool whole = look_at_photos(run);
  const double seconds = clock.seconds();
  const std::vector<SkippedPhoto> skipped = tell_skipped(run, o.images);
  if (!whole)
    tell_stopped(run, o.database);
  if (run.seen() == 0)
    return exit_interrupted;

  const std::string input = fmt::format("{}x{}", run.input().width, run.input().height);
  Json json = {{"model", session.graph().name},
               {"images", o.images},
               {"input_size", {{"width", run.input().width}, {"height", run.input().height}}},
               {"photos", run.seen()},
               {"skipped", Json::array()}};
  for (const SkippedPhoto &photo : skipped)
    json["skipped"].push_back({{"file", photo.file}, {"reason", photo.reason}});
  std::vector<ExamplesSection> sections;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::vector<ChannelExamples> channels = run.results(layers[i]);
    const std::string &name = name_of(context, layers[i]);
    if (layers.size() == 1) {
      json["layer"] = name;
      json["channels"] = channels_json(channels);
    } else {
      json["layers"].push_back({{"layer", name}, {"channels", channels_json(channels)}});
    }
    if (o.output.empty())
      continue;
    channels.resize(std::min(channels.size(), rows[i]));
    const std::string subtitle =
        fmt::format("{}: {} photos, the middle of each as {}; at the right their maxima",
                    printable(path_text(std::filesystem::path(o.images).lexically_normal())), run.seen(), input);
    sections.push_back(
        section_of(o, fmt::format("{}  {}", session.graph().name, name), i == 0 ? subtitle : "", channels));
  }
  if (!o.output.empty()) {
    write_png(o.output, examples_page(sections, o.top));
    tell("wrote " + o.output);
  }
  if (o.json)
    fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
  context.report["settings"] = {{"model", o.model}, {"images", o.images}, {"layer", o.layer}, {"top", o.top}};
  context.report["photos"] = {{"seen", run.seen()}, {"before", run.progress().before}, {"skipped", skipped.size()}};
  context.report["timings"]["photos_s"] = seconds;
  return whole ? exit_done : exit_interrupted;
}

} // namespace

Command add_examples(CLI::App &program) {
  const auto o = std::make_shared<ExamplesOptions>();
  Command command;
  command.parser = program.add_subcommand(
      "examples", "The photos of a folder that excite each channel of a layer most, cut to what the channel sees");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  command.need(
      add_text(app, "--images", o->images, "A folder of photos (PNG, JPEG, WebP), with the folders in it", "DIR"));
  command.need(
      add_text(app, "--layer", o->layer, "A layer of the net (see 'layers'), or several with commas between", "L"));
  add_text(app, "--channels", o->channels, "Which, such as 0-15,40, or all [all; of a picture the first 32]", "LIST");
  add_integer(app, "--top", o->top, 1, most_examples, "Photos of a channel")->default_str("9");
  add_text(app, "--db", o->database,
           "Keep here what was seen: a run that was stopped goes on, and photos or layers may be added", "F.sqlite");
  add_input_size(app, o->input_size,
                 "What the net gets, N or WxH: the part in the photo's middle that has this shape [the net's: 224]");
  add_integer(app, "--batch", o->batch, 1, 4096, "Photos in a forward pass [by device and net]");
  add_output(app, o->output, "The examples as a page, a row a channel, PNG");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    if (o->output.empty() && !o->json)
      throw UserError("examples: -o is required");
    check_outputs({{"-o", o->output, ".png"}, {"--report", context.options.report, ""}}, {{"--db", o->database, ""}});
    context.load(o->model);
    return make_examples(context, *o);
  };
  return command;
}

} // namespace convscope
