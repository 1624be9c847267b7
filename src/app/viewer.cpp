#include "app/viewer.h"

#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "base/error.h"

namespace convscope {

void open_viewer(const std::string &command) {
  if (command == "view")
    throw UserError("view: this build has no viewer; 'features --offscreen' and 'optimize --offscreen' write pictures");
  throw UserError(fmt::format("{}: this build has no viewer; add --offscreen", command));
}

Command add_view(CLI::App &program) {
  struct Options {
    std::string model, image, layer, recipe, window, screenshot, after;
    int channel = 0;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("view", "Open the viewer (not in this build)");
  CLI::App &app = *command.parser;
  add_model(app, o->model);
  add_image(app, o->image);
  add_text(app, "--layer", o->layer, "The layer to begin with", "L");
  add_integer(app, "--channel", o->channel, 0, 1 << 20, "The channel to begin with");
  add_text(app, "--recipe", o->recipe, "lucid, article or plain", "R");
  add_text(app, "--window", o->window, "The window's size, such as 1280x800", "WxH");
  add_text(app, "--screenshot", o->screenshot, "Write the window as PNG and exit", "F.png");
  add_text(app, "--after", o->after, "Seconds until the screenshot", "S");
  command.run = [o](Context &) -> int { open_viewer("view"); };
  return command;
}

} // namespace convscope
