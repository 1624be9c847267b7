// `layers`, `models` and `devices`: what there is. The first two need no Vulkan driver.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/layer_table.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "graph/support.h"
#include "importer/model.h"
#include "importer/zoo.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

// Columns as wide as their widest cell; those of `right` are flushed right.
void print_table(const std::vector<Row> &rows, const std::vector<std::size_t> &right = {}) {
  std::vector<std::size_t> widths(rows.at(0).size());
  for (const Row &row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (const Row &row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool flush_right = std::ranges::find(right, i) != right.end();
      line += flush_right ? fmt::format("{:>{}}  ", row[i], widths[i]) : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

std::string shape_text(const Shape &shape) {
  return shape.h == 1 && shape.w == 1 ? fmt::format("{}", shape.c)
                                      : fmt::format("{} x {} x {}", shape.c, shape.h, shape.w);
}

// With the weights where they are given, as they decide whether there is a classifier.
Model model_of(const GlobalOptions &options, const std::string &name) {
  if (!options.weights.empty() || names_model_file(name))
    return load_model(request_of(options, name));
  Model model;
  model.graph = load_architecture(name);
  return model;
}

struct Known {
  std::vector<Shape> shapes;        // of the layers that can be had; the others' are empty
  std::vector<std::string> reasons; // why a layer that can be run can't be had at this size
};

Known known_shapes(const Graph &graph, const Shape &input, const std::vector<bool> &runs) {
  Known known{std::vector<Shape>(graph.nodes.size()), std::vector<std::string>(graph.nodes.size())};
  for (std::size_t id = graph.nodes.size(); id-- > 0;) {
    if (!runs[id] || known.shapes[id].c > 0)
      continue;
    try {
      const std::vector<Shape> before = infer_shapes(graph, input, static_cast<NodeId>(id));
      for (std::size_t i = 0; i <= id; ++i)
        if (before[i].c > 0)
          known.shapes[i] = before[i];
    } catch (const UserError &error) {
      known.reasons[id] = error.what();
    }
  }
  return known;
}

// "yes", or why not.
std::string objective_text(const Node &node, bool runs, const std::string &reason) {
  if (const auto *unsupported = std::get_if<Unsupported>(&node.op))
    return "no: " + unsupported->reason;
  if (!runs)
    return "no: depends on what can't be run";
  if (!reason.empty())
    return "no: " + reason;
  return std::holds_alternative<Input>(node.op) ? "no" : "yes";
}

// By the name, what its users call it, or another of its names; letters of either case.
bool has_text(const Node &node, const std::string &wanted) {
  const auto has = [&](const std::string &text) { return lower(text).find(wanted) != std::string::npos; };
  return wanted.empty() || has(node.name) || has(node.kind) ||
         std::any_of(node.aliases.begin(), node.aliases.end(), has);
}

LayerGroup groups_of(const Graph &graph) {
  std::vector<std::string> names;
  for (const Node &node : graph.nodes)
    if (node.layer)
      names.push_back(node.name);
  return layer_groups(names);
}

struct Listing { // which of the layers, and how
  std::string wanted;
  bool folded = false;
};

void print_layers(const Graph &graph, const Known &known, const std::vector<bool> &runs, Size size,
                  const Listing &listing) {
  std::vector<LayerFacts> layers;
  std::int64_t parameters = 0;
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    const Node &node = graph.nodes[id];
    if (!node.layer)
      continue;
    const bool found = has_text(node, listing.wanted);
    parameters += found ? node.parameters : 0;
    layers.push_back({node.name, node.kind, known.shapes[id].c > 0 ? shape_text(known.shapes[id]) : "",
                      objective_text(node, runs[id], known.reasons[id]), node.parameters, found});
  }
  std::vector<Row> rows = {{"layer", "op", "output", "parameters", "objective"}};
  for (Row &row : layer_rows(layers, groups_of(graph), listing.folded))
    rows.push_back(std::move(row));
  print_table(rows, {3});
  const auto found = std::count_if(layers.begin(), layers.end(), [](const LayerFacts &layer) { return layer.found; });
  fmt::print("{} of {}x{}: {}{} layers, {} parameters; outputs are channels x height x width\n", graph.name, size.width,
             size.height, listing.wanted.empty() ? "" : fmt::format("{} of ", found), layers.size(),
             grouped(parameters));
}

Json layers_json(const Graph &graph, const Known &known, const std::vector<bool> &runs, const Listing &listing) {
  const LayerGroup groups = groups_of(graph);
  Json layers = Json::array();
  int layer = -1;
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    const Node &node = graph.nodes[id];
    if (!node.layer)
      continue;
    ++layer;
    if (!has_text(node, listing.wanted))
      continue;
    const auto around = groups_around(groups, layer);
    const std::string objective = objective_text(node, runs[id], known.reasons[id]);
    layers.push_back({{"name", node.name},
                      {"op", node.kind},
                      {"shape", {known.shapes[id].c, known.shapes[id].h, known.shapes[id].w}},
                      {"parameters", node.parameters},
                      {"objective", objective == "yes"},
                      {"group", around.empty() ? "" : around.back()->name}});
    if (!node.aliases.empty())
      layers.back()["outputs"] = node.aliases;
    if (objective.starts_with("no: "))
      layers.back()["problem"] = objective.substr(4);
  }
  return layers;
}

} // namespace

Command add_layers(CLI::App &program) {
  struct Options {
    std::string model, search;
    InputSize input_size;
    bool fold = false, json = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("layers", "Every layer of a net: op, output, parameters");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  add_input_size(app, o->input_size, "Of the net's input, N or WxH [the net's: 224]");
  add_text(app, "--search", o->search, "Only layers that have this in a name or their op", "TEXT");
  app.add_flag("--fold", o->fold, "Groups of layers alone: what names share, such as conv2 of conv2_block1_out");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    const Model model = model_of(context.options, o->model);
    const Size size = o->input_size.given() ? o->input_size.size() : model.graph.size();
    const Graph &graph = model.at(size);
    const std::vector<bool> runs = runnable_nodes(graph);
    const Known known = known_shapes(graph, graph.input_of(size), runs);
    const Listing listing{lower(o->search), o->fold};
    if (std::none_of(graph.nodes.begin(), graph.nodes.end(),
                     [&](const Node &node) { return node.layer && has_text(node, listing.wanted); }))
      throw UserError(fmt::format("--search: no layer of {} has '{}' in its names or op", graph.name, o->search));
    if (o->json)
      fmt::print("{}\n", layers_json(graph, known, runs, listing).dump(2));
    else
      print_layers(graph, known, runs, size, listing);
    context.report["settings"] = {{"model", o->model}, {"input_size", {size.height, size.width}}};
    return exit_done;
  };
  return command;
}

Command add_models(CLI::App &program) {
  const auto json = std::make_shared<bool>(false);
  Command command;
  command.parser = program.add_subcommand("models", "The nets that have a name, and where their weights are");
  add_json(*command.parser, *json);
  command.run = [json](Context &) {
    Json list = Json::array();
    for (const ZooEntry &entry : list_zoo()) {
      Json fetched = Json::array();
      for (const std::filesystem::path &file : entry.fetched)
        fetched.push_back(path_text(file));
      list.push_back({{"name", entry.name},
                      {"description", entry.description},
                      {"works", entry.works},
                      {"weights", path_text(entry.weights)},
                      {"fetched", fetched},
                      {"bytes", entry.bytes},
                      {"default_size", entry.default_size},
                      {"license", entry.license},
                      {"note", entry.note}});
      if (*json)
        continue;
      fmt::print("{:<12}{}\n", entry.name, entry.description);
      if (entry.works)
        fmt::print("{:<12}weights: {} ({:.1f} MB, {})\n", "", path_text(entry.weights),
                   static_cast<double>(entry.bytes) * 1e-6, entry.license);
      else
        fmt::print("{:<12}weights: none here ({})\n", "", entry.license);
      for (const std::filesystem::path &file : entry.fetched)
        if (file != entry.weights)
          fmt::print("{:<12}fetched: {}\n", "", path_text(file));
      fmt::print("{:<12}{}\n", "", entry.note);
    }
    if (*json)
      fmt::print("{}\n", list.dump(2));
    return exit_done;
  };
  return command;
}

Command add_devices(CLI::App &program) {
  const auto json = std::make_shared<bool>(false);
  Command command;
  command.parser = program.add_subcommand("devices", "The Vulkan devices, and what they can do");
  add_json(*command.parser, *json);
  command.run = [json](Context &) {
    Json list = Json::array();
    std::vector<Row> rows = {{"", "name", "type", "memory", "binds", "subgroup", "timestamps", "fp16", "driver"}};
    for (const vulkan::DeviceInfo &info : vulkan::list_devices()) {
      list.push_back(device_json(info));
      const std::string fp16 = info.cooperative_matrix ? "matrices" : info.float16 ? "yes" : "no";
      rows.push_back({std::to_string(info.index), info.name, info.usable ? info.type : "not usable",
                      fmt::format("{:.1f} GB", static_cast<double>(info.memory_bytes) * 1e-9),
                      fmt::format("{} MiB", info.max_storage_range >> 20), std::to_string(info.subgroup_size),
                      info.timestamps ? "yes" : "no", fp16, info.driver + " " + info.driver_info});
    }
    if (*json)
      fmt::print("{}\n", list.dump(2));
    else
      print_table(rows, {3, 4, 5});
    return exit_done;
  };
  return command;
}

} // namespace convscope
