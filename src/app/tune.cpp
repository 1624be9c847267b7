#include "session/tune.h"

#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "base/error.h"
#include "base/files.h"
#include "graph/names.h"
#include "session/bench.h"

namespace convscope {

Command add_tune(CLI::App &program) {
  struct Options {
    std::string model, size = "128", layer;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand(
      "tune", "Measure here which kernels do a net's convolutions fastest, and use them from now on");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  add_text(app, "--size", o->size, "Of the image that the net sees, N or WxH", "N|WxH");
  add_text(app, "--layer", o->layer, "How far into the net [the deepest convolution]", "L");
  command.run = [o](Context &context) {
    const Size size = parse_size(o->size, "--size");
    context.load(o->model);
    Session &session = context.session;
    const NodeId layer =
        o->layer.empty() ? deepest_convolution(session.graph()) : find_layer(session.graph(), o->layer);
    if (layer == 0)
      throw UserError(fmt::format("--layer {}: is the net's input, which has no convolution", o->layer));
    session.check_profile_file();
    const TuneResult result = tune(session, size.height, size.width, layer);
    context.tell_notes();
    for (const TunedConvolution &convolution : result.convolutions)
      fmt::print("{:<40}{:>12}{:10.2f} ms, built-in choice {:10.2f} ms\n", convolution.label,
                 convolution.fastest == ConvBackend::automatic ? "built-in" : backend_name(convolution.fastest),
                 convolution.fastest_ms, convolution.built_in_ms);
    session.save_profile(result.profile);
    tell(fmt::format("{}: the profile of {}, {} convolutions", path_text(session.profile_file()),
                     session.device().info().name, result.profile.size()));
    return exit_done;
  };
  return command;
}

} // namespace convscope
