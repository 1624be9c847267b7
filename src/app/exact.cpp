// `activations` and `gradient`: exact tensors in, exact tensors out.
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/command.h"
#include "app/outputs.h"
#include "app/report.h"
#include "app/settings.h"
#include "base/error.h"
#include "base/text.h"
#include "graph/shapes.h"
#include "io/npy.h"
#include "session/input_size.h"

namespace convscope {

namespace {

Array read_input(const std::string &file) {
  Array input = read_npy(file);
  const auto &s = input.shape;
  if (s.size() != 4)
    throw UserError(fmt::format("{}: its shape is ({}), where (N, C, H, W) is needed", file, fmt::join(s, ", ")));
  if (input.elements() == 0)
    throw UserError(file + ": is an array without elements");
  if (s[0] > 10000 || s[2] > 1 << 20 || s[3] > 1 << 20)
    throw UserError(fmt::format("{}: its shape ({}) is too large", file, fmt::join(s, ", ")));
  check_finite(input, file);
  return input;
}

void check_channels(const Array &input, const std::string &file, const Graph &graph) {
  if (input.shape[1] != graph.input.c)
    throw UserError(fmt::format("{}: its shape is ({}), where {} takes (N, {}, H, W)", file,
                                fmt::join(input.shape, ", "), graph.name, graph.input.c));
}

// A picture to compare with: numbers like the input's, or a photo as the net's input of that size.
std::optional<Array> read_comparison(Context &context, const std::string &file, const Array &input) {
  if (file.empty())
    return std::nullopt;
  if (lower(file).ends_with(".npy"))
    return read_input(file);
  return context.session.photo_input(context.read_picture(file), {size_of(input), false});
}

double l2(const Array &array) {
  double sum = 0;
  for (const float v : array.data)
    sum += static_cast<double>(v) * v;
  return std::sqrt(sum);
}

struct ExactOptions {
  std::string model, input, layer, objective, output, photo, style;
  bool json = false;
};

void add_tensor_options(Command &command, ExactOptions &o) {
  command.need(add_model(*command.parser, o.model));
  command.need(add_text(*command.parser, "--input", o.input, "Numbers (N,C,H,W), already preprocessed; C is 3 for RGB",
                        "X.npy"));
}

} // namespace

Command add_activations(CLI::App &program) {
  const auto o = std::make_shared<ExactOptions>();
  Command command;
  command.parser = program.add_subcommand("activations", "A layer's exact output for a preprocessed input");
  CLI::App &app = *command.parser;
  add_tensor_options(command, *o);
  command.need(add_text(app, "--layer", o->layer, "A layer of the net (see 'layers')", "L"));
  command.need(add_output(app, o->output, "The layer's output, float32 (N,C,H,W), or (N,C) of a vector, .npy"));
  command.run = [o](Context &context) {
    check_outputs({{"-o", o->output, ".npy"}, {"--report", context.options.report, ""}}, {{"--input", o->input, ""}});
    const Array input = read_input(o->input);
    context.load(o->model);
    check_outputs({{"-o", o->output, ".npy"}}, files_of(context.session.request()));
    check_channels(input, o->input, context.session.graph());
    const NodeId layer = find_layer(context.session.graph(), o->layer);
    shape_at(context.session.model(), layer, size_of(input)); // before a device is opened
    const Stopwatch clock;
    const Array output = context.session.activations(input, layer);
    context.report["settings"] = {{"model", o->model}, {"input", o->input}, {"layer", o->layer}};
    context.report["timings"]["activations_s"] = clock.seconds();
    write_npy(o->output, output);
    tell(fmt::format("wrote {} ({})", o->output, fmt::join(output.shape, ", ")));
    return exit_done;
  };
  return command;
}

Command add_gradient(CLI::App &program) {
  const auto o = std::make_shared<ExactOptions>();
  Command command;
  command.parser = program.add_subcommand("gradient", "An objective's value and its exact gradient for an input");
  CLI::App &app = *command.parser;
  add_tensor_options(command, *o);
  command.need(add_text(app, "--objective", o->objective, "Such as block3_conv1:13", "O"));
  command.need(add_output(app, o->output, "The gradient, float32 (N,C,H,W), .npy"));
  add_text(app, "--photo", o->photo,
           "What caricature(), match() and stay() compare with: a picture, or numbers as --input", "F");
  add_text(app, "--style", o->style, "The picture of style(), or numbers as --input", "F");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    const std::vector<Output> outputs = {{"-o", o->output, ".npy"}, {"--report", context.options.report, ""}};
    check_outputs(outputs, {{"--input", o->input, ""}, {"--photo", o->photo, ""}, {"--style", o->style, ""}});
    const Array input = read_input(o->input);
    context.load(o->model);
    check_channels(input, o->input, context.session.graph());
    const Objective objective = context.session.objective(o->objective, std::filesystem::path(o->input).parent_path());
    std::vector<Output> files = files_of(context.session.request());
    for (const Term &term : objective.terms)
      files.push_back({"the objective", term.file, ""});
    check_outputs(outputs, files);
    const Pictures pictures{read_comparison(context, o->photo, input), read_comparison(context, o->style, input)};
    const Stopwatch clock;
    const GradientResult result = context.session.gradient(input, objective, pictures);
    const double norm = l2(result.gradient);
    context.report["settings"] = {{"model", o->model}, {"input", o->input}, {"objective", o->objective}};
    context.report["timings"]["gradient_s"] = clock.seconds();
    write_npy(o->output, result.gradient);
    if (result.by_rounding)
      tell(fmt::format(
          "{} can't decide in 64 bits which ReLUs are open and where max pools found their maxima: where "
          "32 bits decide otherwise, the gradient differs from the exact one (by 1e-4 to 5e-2 of it in what was seen)",
          context.session.device().info().name));
    if (o->json) {
      const nlohmann::ordered_json json = {{"objective", objective.text},
                                           {"value", result.values.front()},
                                           {"values", result.values}, // of each image
                                           {"gradient_l2", norm},
                                           {"decided_in", result.by_rounding ? "float32" : "float64"}};
      fmt::print("{}\n", json.dump());
    } else {
      for (std::size_t i = 0; i < result.values.size(); ++i)
        fmt::print("image {}: {} is {:.7g}\n", i, objective.text, result.values[i]);
      fmt::print("L2 norm of the gradient: {:.7g}\n", norm);
    }
    tell("wrote " + o->output);
    return exit_done;
  };
  return command;
}

} // namespace convscope
