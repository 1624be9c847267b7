#include "session/bench.h"

#include <memory>

#include <fmt/format.h>

#include "app/bench_text.h"
#include "app/command.h"
#include "app/report.h"
#include "base/error.h"
#include "graph/shapes.h"
#include "session/recipe_json.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const BenchResult &result, const BenchRequest &request, const Session &session,
             const vulkan::DeviceInfo &info) {
  Json json = {{"model", session.graph().name}, {"layer", result.layer},
               {"recipe", request.recipe.name}, {"size", {request.width, request.height}},
               {"batch", request.batch},        {"precision", precision_name(session.precision())},
               {"device", info.name},           {"driver", info.driver + " " + info.driver_info}};
  json.update(bench_json(result));
  return json;
}

void print(const BenchResult &r, const BenchRequest &request, const Session &session, const vulkan::DeviceInfo &info) {
  fmt::print("{} at {}x{}, batch {}, up to {}, recipe {}, {}, on {} ({} {})\n", session.graph().name, request.width,
             request.height, request.batch, r.layer, request.recipe.name, precision_name(session.precision()),
             info.name, info.driver, info.driver_info);
  if (request.plan_only) {
    fmt::print("a step: {:.1f} MB of device memory, {} dispatches that read and write {:.1f} MB\n", r.planned_mb,
               r.step_dispatches, r.step_mb);
    return;
  }
  fmt::print("{}", bench_text(r));
}

} // namespace

Command add_bench(CLI::App &program) {
  struct Options {
    std::string model, size = "128", layer, recipe = "plain";
    int batch = 1, runs = 5;
    bool json = false, plan = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("bench", "How fast a net runs here: forward, optimization step, kernels");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  add_text(app, "--size", o->size, "Of the image, N or WxH", "N|WxH");
  add_integer(app, "--batch", o->batch, 1, 10000, "Images at once")->default_str("1");
  add_integer(app, "--runs", o->runs, 1, 1000, "Runs of each kind at the least; figures are medians")->default_str("5");
  add_text(app, "--layer", o->layer, "How far into the net [the deepest convolution]", "L");
  add_text(app, "--recipe", o->recipe, "Of the optimization step: a name, or a .json", "R");
  app.add_flag("--plan", o->plan, "Tell the device memory that a step takes, and run nothing");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    const Stopwatch clock;
    BenchRequest request;
    const Size size = parse_size(o->size, "--size");
    request.recipe = recipe_by(o->recipe);
    request.width = size.width;
    request.height = size.height;
    request.batch = o->batch;
    request.runs = o->runs;
    request.plan_only = o->plan;
    context.load(o->model);
    Session &session = context.session;
    if (!o->layer.empty()) {
      request.layer = find_layer(session.graph(), o->layer);
      if (request.layer == 0)
        throw UserError(fmt::format("--layer {}: is the net's input, which takes no time", o->layer));
    }
    session.device();
    const double opened = clock.seconds();
    BenchResult result = bench(session, request);
    context.tell_notes();
    result.first_image_s += opened;
    const Json json = to_json(result, request, session, session.device().info());
    context.report["bench"] = json;
    if (o->json)
      fmt::print("{}\n", json.dump(2));
    else
      print(result, request, session, session.device().info());
    return exit_done;
  };
  return command;
}

} // namespace convscope
