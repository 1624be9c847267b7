#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/report.h"
#include "io/image.h"

namespace convscope {

Command add_classify(CLI::App &program) {
  struct Options {
    std::string model, image;
    int top = 5;
    bool json = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("classify", "What a net with a classifier sees in a photo");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  command.need(add_image(app, o->image));
  add_integer(app, "--top", o->top, 1, 1000000, "How many classes")->default_str("5");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    const ImageRgb8 photo = context.read_picture(o->image);
    context.load(o->model);
    context.tell_notes();
    const Stopwatch clock;
    const std::vector<Prediction> predictions = context.session.classify(photo, o->top);
    auto json = nlohmann::ordered_json::array();
    for (const Prediction &p : predictions) {
      json.push_back({{"class", p.index}, {"label", p.label}, {"probability", p.probability}});
      if (!o->json)
        fmt::print("{:6.2f} %  {:4}  {}\n", p.probability * 100, p.index, p.label);
    }
    if (o->json)
      fmt::print("{}\n", json.dump(2));
    context.report["settings"] = {{"model", o->model}, {"image", o->image}, {"top", o->top}};
    context.report["classes"] = json;
    context.report["timings"]["classify_s"] = clock.seconds();
    return exit_done;
  };
  return command;
}

} // namespace convscope
