#include "app/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/shapes.h"
#include "importer/preprocessing.h"

namespace convscope {

namespace {

std::vector<int> parse_rgb(const std::string &text) {
  std::vector<int> planes;
  for (const std::string &part : split(text, ',')) {
    const auto plane = parse_integer(part);
    if (!plane || *plane < 0 || *plane >= 1 << 16 || std::find(planes.begin(), planes.end(), *plane) != planes.end())
      throw UserError(fmt::format("--rgb {}: must be three different channels, such as 0,1,2", text));
    planes.push_back(static_cast<int>(*plane));
  }
  if (planes.size() != 3)
    throw UserError(fmt::format("--rgb {}: must be three different channels, such as 0,1,2", text));
  return planes;
}

// Names may hold '=', numbers and the files of arrays hardly do.
std::vector<std::pair<std::string, std::string>> parse_set(const std::vector<std::string> &texts) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const std::string &text : texts) {
    const std::size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      throw UserError(fmt::format("--set {}: must be an input's name and its value, such as alpha=0.5", text));
    const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
    if (!names_array(value) && !parse_number(value))
      throw UserError(fmt::format("--set {}: '{}' is neither a number nor a .npy file", text, value));
    if (std::any_of(values.begin(), values.end(), [&](const auto &other) { return other.first == name; }))
      throw UserError(fmt::format("--set: '{}' is given twice", name));
    values.emplace_back(name, value);
  }
  return values;
}

} // namespace

void add_global_options(CLI::App &program, GlobalOptions &options) {
  const std::string group = "Global options, before or after the command";
  add_text(program, "--device", options.device, "Vulkan device: its number or part of its name (see 'devices')",
           "I|NAME")
      ->group(group);
  add_text(
      program, "--precision", options.precision,
      "fp32: the reference. fast: 3x3 convolutions by Winograd's method, still float32. fp16: arithmetic or weights of "
      "16 bits where they pay, for GPUs. auto: fp32 for activations and gradient, else fast",
      "P")
      ->group(group)
      ->capture_default_str();
  add_text(program, "--report", options.report, "Write device, driver, settings, losses and timings as JSON", "F.json")
      ->group(group);
  add_text(program, "--weights", options.weights, "Other weights for a net of the zoo: .h5 (Keras) or .safetensors",
           "F")
      ->group(group);
  add_text(program, "--input-range", options.input_range, "'raw': the net sees 0..1 instead of what it was trained on",
           "raw")
      ->group(group);
  const auto preprocess = [&options](const std::string &text) { options.preprocessing = parse_preprocessing(text); };
  program
      .add_option_function<std::string>("--preprocess", preprocess,
                                        "How the net's input is prepared: torch, tf, caffe, raw01, raw255, or "
                                        "mean=..,std=.. with a number for each channel or one for all, of 0..1 or of "
                                        "range=LOW,HIGH; order=bgr [what the model or its sidecar says]")
      ->type_name("P")
      ->group(group);
  program
      .add_option_function<std::string>(
          "--rgb", [&options](const std::string &text) { options.rgb = parse_rgb(text); },
          "Which channels of a net for pictures of four or more are red, green and blue, such as 2,1,0")
      ->type_name("R,G,B")
      ->group(group);
  add_text(program, "--input-name", options.input_name,
           "Which of a file's inputs is the picture [the one for colour ones]", "NAME")
      ->group(group);
  program
      .add_option_function<std::vector<std::string>>(
          "--set", [&options](const std::vector<std::string> &texts) { options.set = parse_set(texts); },
          "What a further input of a file is: a number for all of it, or a .npy file; may be given again")
      ->type_name("NAME=X|F.npy")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(group);
  add_text(program, "--labels", options.labels, "Names of the classes, one a line [the sidecar's, or ImageNet's]", "F")
      ->group(group);
}

void check_global_options(const GlobalOptions &options) {
  std::vector<std::string> precisions(precision_names.begin(), precision_names.end());
  precisions.emplace_back("auto");
  if (std::find(precisions.begin(), precisions.end(), options.precision) == precisions.end()) {
    const std::string hint = did_you_mean(options.precision, precisions);
    throw UserError(fmt::format("--precision: no precision '{}'{}", options.precision,
                                hint.empty() ? "; there are fp32, fast, fp16 and auto" : hint));
  }
  if (!options.input_range.empty() && options.input_range != "raw")
    throw UserError(fmt::format("--input-range '{}': the only other range is 'raw'", options.input_range));
  if (!options.input_range.empty() && options.preprocessing)
    throw UserError("--input-range and --preprocess exclude each other");
}

ModelRequest request_of(const GlobalOptions &options, const std::string &model) {
  return {model,       options.weights,    options.input_range, options.preprocessing, options.labels, {},
          options.rgb, options.input_name, options.set};
}

CLI::Option *add_text(CLI::App &app, const std::string &name, std::string &value, const std::string &description,
                      const std::string &type) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &value](const std::string &text) {
            if (text.empty())
              throw UserError(fmt::format("{}: its value is empty", name));
            value = text;
          },
          description)
      ->type_name(type)
      ->default_str(value);
}

CLI::Option *add_integer(CLI::App &app, const std::string &name, int &value, int low, int high,
                         const std::string &description) {
  const auto read = [name, low, high, &value](const std::string &text) {
    const auto number = parse_integer(text);
    if (!number)
      throw UserError(fmt::format("{} {}: is not a whole number", name, text));
    if (*number < low || *number > high)
      throw UserError(fmt::format("{} {}: must be from {} to {}", name, text, low, high));
    value = static_cast<int>(*number);
  };
  return app.add_option_function<std::string>(name, read, description)->type_name("N");
}

CLI::Option *add_model(CLI::App &app, std::string &model) {
  return add_text(app, "--model", model, "A net of the zoo (see 'models'), or a .onnx, .h5 or .keras file", "M");
}

CLI::Option *add_image(CLI::App &app, std::string &image) {
  return add_text(app, "--image", image, "A photo: PNG, JPEG or WebP", "F");
}

CLI::Option *add_output(CLI::App &app, std::string &path, const std::string &description) {
  return add_text(app, "-o,--output", path, description, "F");
}

CLI::Option *add_json(CLI::App &app, bool &json) { return app.add_flag("--json", json, "Print JSON"); }

CLI::Option *add_seed(CLI::App &app, std::uint64_t &seed) {
  const auto read = [&seed](const std::string &text) {
    const char *end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, seed);
    if (text.empty() || result.ec != std::errc{} || result.ptr != end)
      throw UserError(fmt::format("--seed {}: must be a whole number from 0 to {}", text, UINT64_MAX));
  };
  return app
      .add_option_function<std::string>("--seed", read, "Of the random numbers; the same seed gives the same bytes")
      ->type_name("N")
      ->default_str("0");
}

CLI::Option *add_lr(CLI::App &app, std::optional<double> &lr) {
  const auto read = [&lr](const std::string &text) {
    const auto number = parse_number(text); // neither NaN nor infinity
    if (!number || !(static_cast<float>(*number) > 0) || !std::isfinite(static_cast<float>(*number)))
      throw UserError(fmt::format("--lr {}: must be a positive number", text));
    lr = *number;
  };
  return app.add_option_function<std::string>("--lr", read, "Adam's learning rate, instead of the recipe's (0.05)")
      ->type_name("X");
}

Size parse_size(const std::string &text, const std::string &option) {
  const std::vector<std::string> sides = split(text, 'x');
  const auto side = [&](const std::string &part) {
    const auto number = parse_integer(part);
    if (!number || sides.size() > 2)
      throw UserError(
          fmt::format("{} {}: must be a size such as 224, or width x height such as 320x200", option, text));
    if (*number < 1 || *number > largest_size)
      throw UserError(fmt::format("{} {}: a side must be from 1 to {} pixels", option, text, largest_size));
    return static_cast<int>(*number);
  };
  return {side(sides.front()), side(sides.back())};
}

CLI::Option *add_input_size(CLI::App &app, InputSize &size, const std::string &description) {
  const auto read = [&size](const std::string &text) {
    const Size parsed = parse_size(text, "--input-size");
    size = text.find('x') == std::string::npos ? InputSize{parsed.width, {}} : InputSize{0, parsed};
  };
  return app.add_option_function<std::string>("--input-size", read, description)->type_name("N|WxH");
}

// The number does not depend on the size, so the net's own will do.
int channels_of(const Graph &graph, NodeId layer) {
  return infer_shapes(graph, graph.input, layer)[static_cast<std::size_t>(layer)].c;
}

std::vector<int> parse_channels(const std::string &text, int count, const std::string &layer) {
  std::vector<int> channels;
  if (text == "all") {
    channels.resize(static_cast<std::size_t>(count));
    std::iota(channels.begin(), channels.end(), 0);
    return channels;
  }
  const auto channel = [&](const std::string &part) {
    const auto number = parse_integer(part);
    if (!number || part.front() == '+')
      throw UserError(fmt::format("--channels {}: must be numbers and ranges such as 0-15,40, or 'all'", text));
    if (*number < 0 || *number >= count)
      throw UserError(fmt::format("--channels {}: {} has channels 0 to {}", text, layer, count - 1));
    return static_cast<int>(*number);
  };
  for (const std::string &part : split(text, ',')) {
    const std::size_t dash = part.find('-', 1);
    const int first = channel(part.substr(0, dash));
    const int last = dash == std::string::npos ? first : channel(part.substr(dash + 1));
    if (last < first)
      throw UserError(fmt::format("--channels {}: the range {} is empty", text, part));
    for (int c = first; c <= last; ++c)
      if (std::find(channels.begin(), channels.end(), c) == channels.end())
        channels.push_back(c);
  }
  return channels;
}

} // namespace convscope
