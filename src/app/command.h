// What a command of the program is: its options, and what runs once they are parsed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/options.h"
#include "session/session.h"

namespace convscope {

inline constexpr int exit_done = 0, exit_user_error = 2, exit_device_error = 3, exit_interrupted = 130;

struct Context {
  explicit Context(GlobalOptions given) : options(std::move(given)), session(options.device) {
    session.set_precision(precision_of(options.precision));
  }

  // Loads the net that --model and the global options name. What was guessed about it becomes a note.
  void load(const std::string &model);

  // read_image, whose warning becomes a note, one for a file that is read twice.
  ImageRgb8 read_picture(const std::string &file);

  // What is worth a line once nothing is wrong with the request: an error stands alone.
  void note(std::string line) { notes.push_back(std::move(line)); }
  void tell_notes();

  GlobalOptions options;
  Session session;
  std::vector<std::string> notes;
  nlohmann::ordered_json report; // what --report adds to the program's own: settings, objectives, timings
  // Writes what is left to be written, the report of this exit status among it: once, at the end.
  std::function<void(int status)> finish;
};

struct Command {
  CLI::App *parser = nullptr;
  std::vector<const CLI::Option *> required;
  std::function<int(Context &)> run; // gives the exit status

  CLI::Option *alone = nullptr; // given, nothing else is required

  // CLI11 complains about a missing option before it does about a misspelt one, so the program checks this itself.
  CLI::Option *need(CLI::Option *option) {
    option->description(option->get_description() + " (required)");
    required.push_back(option);
    return option;
  }
};

Command add_view(CLI::App &program);
Command add_features(CLI::App &program);
Command add_optimize(CLI::App &program);
Command add_strip(CLI::App &program);
Command add_grid(CLI::App &program);
Command add_examples(CLI::App &program);
Command add_microscope(CLI::App &program);
Command add_replay(CLI::App &program);
Command add_classify(CLI::App &program);
Command add_activations(CLI::App &program);
Command add_gradient(CLI::App &program);
Command add_layers(CLI::App &program);
Command add_models(CLI::App &program);
Command add_devices(CLI::App &program);
Command add_bench(CLI::App &program);
Command add_doctor(CLI::App &program);
Command add_tune(CLI::App &program);
Command add_fetch(CLI::App &program);

// A line for the user on stderr: what was written, rounded, left out.
void tell(const std::string &line);

} // namespace convscope
