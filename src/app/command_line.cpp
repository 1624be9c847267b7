#include "app/command_line.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/outputs.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/settings.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace convscope {

namespace {

using Arguments = std::vector<std::string>;

constexpr const char *examples = R"(
Examples:
  convscope features --offscreen --model vgg16 --image photo.jpg --layer block3_conv1 -o maps.png
  convscope optimize --offscreen --model vgg16 --objective block3_conv1:13 -o vis.png
  convscope strip --model alexnet --image photo.jpg --objective conv2:8 --objective conv5:100 -o strip.png
  convscope layers --model vgg16

'convscope COMMAND --help' tells a command's options. Objectives read layer:channel, layer:channel@x,y or
layer:channel@center, layer (DeepDream), logit:class; weighted sums with + and -, such as "conv5:1 - 0.5*conv5:2".)";

std::vector<std::string> command_names(const CLI::App &program) {
  std::vector<std::string> names;
  for (const CLI::App *command : program.get_subcommands(nullptr))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options()) {
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
    for (const std::string &name : option->get_snames())
      names.push_back("-" + name);
  }
  return names;
}

// Without a command the viewer is meant: `convscope --model vgg16`.
Arguments with_command(Arguments arguments, const CLI::App &program) {
  const std::vector<std::string> globals = option_names(program);
  std::size_t at = 0;
  for (; at < arguments.size(); ++at) {
    const std::string &argument = arguments[at];
    if (argument == "--help" || argument == "-h" || argument == "--version" || !argument.starts_with('-'))
      return arguments;
    const std::string name = argument.substr(0, argument.find('='));
    if (std::find(globals.begin(), globals.end(), name) == globals.end())
      break;
    if (name == argument)
      ++at; // its value
  }
  arguments.insert(arguments.begin(), "view");
  return arguments;
}

[[noreturn]] void reject_extras(const CLI::App &program) {
  const Arguments extras = program.remaining(true);
  const auto parsed = program.get_subcommands();
  const auto option =
      std::find_if(extras.begin(), extras.end(), [](const auto &extra) { return extra.starts_with('-'); });
  if (parsed.empty()) {
    const std::string hint = did_you_mean(extras.front(), command_names(program));
    throw UserError(fmt::format("no command '{}'{}", extras.front(),
                                hint.empty() ? fmt::format("; 'convscope --help' lists them") : hint));
  }
  const std::string command = parsed.front()->get_name();
  if (option == extras.end())
    throw UserError(fmt::format("{}: unexpected argument '{}'", command, extras.front()));
  std::vector<std::string> names = option_names(*parsed.front());
  for (const std::string &name : option_names(program))
    names.push_back(name);
  const std::string name = option->substr(0, option->find('='));
  const std::string hint = did_you_mean(name, names);
  throw UserError(fmt::format("{}: no option '{}'{}", command, name,
                              hint.empty() ? fmt::format("; 'convscope {} --help' lists them", command) : hint));
}

// CLI11 names the option first, and tells why in its own words.
[[noreturn]] void reject(const CLI::App &program, const CLI::ParseError &error) {
  const auto parsed = program.get_subcommands();
  const std::string command = parsed.empty() ? "" : parsed.front()->get_name() + ": ";
  const std::string what = error.what();
  const std::string option = what.substr(0, what.find_first_of(": "));
  if (dynamic_cast<const CLI::ArgumentMismatch *>(&error)) {
    if (what.find("received") != std::string::npos && what.find("At Most") != std::string::npos)
      throw UserError(fmt::format("{}{} is given more than once", command, option));
    if (what.find("missing") != std::string::npos)
      throw UserError(fmt::format("{}{} needs a value", command, option));
  }
  throw UserError(command + what);
}

// "-o" rather than "--output"; a positional's own name.
std::string shown_name(const CLI::Option &option) {
  if (option.get_positional())
    return option.get_name(true);
  return option.get_snames().empty() ? option.get_name() : "-" + option.get_snames().front();
}

void check_required(const Command &command) {
  if (command.alone && command.alone->count() > 0)
    return;
  for (const CLI::Option *option : command.required)
    if (option->count() == 0)
      throw UserError(fmt::format("{}: {} is required", command.parser->get_name(), shown_name(*option)));
}

void flush_results() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw UserError("standard output: can't be written");
}

} // namespace

void tell(const std::string &line) { fmt::print(stderr, "{}\n", line); }

void Context::load(const std::string &model) {
  session.watch_programs(show_pipelines);
  session.load(request_of(options, model));
  if (!session.model().note.empty())
    note(session.model().note);
  std::vector<Output> files = files_of(session.request());
  files.push_back({"the labels", path_text(session.model().labels_file), ""});
  check_outputs({{"--report", options.report, ""}}, files);
}

ImageRgb8 Context::read_picture(const std::string &file) {
  std::string warning;
  ImageRgb8 picture = read_image(file, &warning);
  const std::string line = "convscope: " + warning;
  if (!warning.empty() && std::find(notes.begin(), notes.end(), line) == notes.end())
    note(line);
  return picture;
}

void Context::tell_notes() {
  for (const std::string &line : notes)
    tell(line);
  notes.clear();
}

int run_command_line(int argc, const char *const *argv) {
  CLI::App program("Convscope shows what a convolutional network has learned: feature maps and optimized images.",
                   "convscope");
  GlobalOptions options;
  add_global_options(program, options);
  program.set_version_flag("--version", std::string("convscope ") + CONVSCOPE_VERSION, "Print the version");
  program.footer(examples);
  program.get_formatter()->column_width(34);
  program.require_subcommand(0, 1);
  program.fallthrough();
  std::vector<Command> commands;
  for (const auto add : {add_view, add_features, add_optimize, add_strip, add_grid, add_examples, add_atlas,
                         add_microscope, add_replay, add_classify, add_activations, add_gradient, add_layers,
                         add_models, add_devices, add_doctor, add_bench, add_tune, add_fetch}) {
    commands.push_back(add(program));
    CLI::App &parser = *commands.back().parser;
    parser.fallthrough();
    parser.footer("Global options: --device, --precision, --report, --weights, --preprocess, --labels, --input-range ("
                  "'convscope --help').");
  }

  try {
    Arguments arguments = with_command({argv + std::min(argc, 1), argv + argc}, program);
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 takes them
    program.parse(std::move(arguments));
  } catch (const CLI::Success &success) { // --help, --version
    program.exit(success);
    flush_results();
    return exit_done;
  } catch (const CLI::ExtrasError &) {
    reject_extras(program);
  } catch (const CLI::ParseError &error) {
    reject(program, error);
  }

  const auto chosen =
      std::find_if(commands.begin(), commands.end(), [](const Command &c) { return c.parser->parsed(); });
  check_required(*chosen);
  check_global_options(options);
  Context context(options);
  context.arguments.assign(argv, argv + argc);
  Report report(chosen->parser->get_name(), options.report);
  context.finish = [&](int status) {
    flush_results();
    report.write(context, status);
  };
  const int status = chosen->run(context);
  context.finish(status);
  return status;
}

} // namespace convscope
