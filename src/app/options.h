// Options that commands share, and how their values are read. All throw UserError that names the option.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "plan/network.h"

#include "importer/model.h"

namespace convscope {

// Before or after the command.
struct GlobalOptions {
  std::string device, precision = "auto", report, weights, input_range, labels;
  std::optional<Preprocessing> preprocessing;
  std::vector<int> rgb;
  std::string input_name;
  std::vector<std::pair<std::string, std::string>> set;
};
void add_global_options(CLI::App &program, GlobalOptions &options);
void check_global_options(const GlobalOptions &options);
// That model with what the options say of it.
ModelRequest request_of(const GlobalOptions &options, const std::string &model);

CLI::Option *add_text(CLI::App &app, const std::string &name, std::string &value, const std::string &description,
                      const std::string &type = "TEXT");
// A whole number from `low` to `high`.
CLI::Option *add_integer(CLI::App &app, const std::string &name, int &value, int low, int high,
                         const std::string &description);
CLI::Option *add_model(CLI::App &app, std::string &model);
CLI::Option *add_image(CLI::App &app, std::string &image);
CLI::Option *add_output(CLI::App &app, std::string &path, const std::string &description);
CLI::Option *add_json(CLI::App &app, bool &json);
// What --seed, --lr and the like refuse is said here, too.
CLI::Option *add_seed(CLI::App &app, std::uint64_t &seed);
CLI::Option *add_lr(CLI::App &app, std::optional<double> &lr);

inline constexpr int largest_size = 4096;
inline constexpr int most_steps = 1000000;
inline constexpr int most_variants = 64;
inline constexpr int most_groups = 256;   // that a page shows
inline constexpr int most_channels = 256; // of a position

// "224" or "320x200" (width x height), each from 1 to largest_size.
Size parse_size(const std::string &text, const std::string &option);
// The same, of what the net gets.
inline constexpr const char *photo_size_help =
    "The photo's shorter side, or the shape of the part in its middle that the net gets [the net's: 224]";
CLI::Option *add_input_size(CLI::App &app, InputSize &size, const std::string &description);
// Of the layer's map or vector.
int channels_of(const Graph &graph, NodeId layer);
// "0-15,40": ascending as written, each once; "all" and "" give `all` and the default. `count` channels exist.
std::vector<int> parse_channels(const std::string &text, int count, const std::string &layer);

} // namespace convscope
