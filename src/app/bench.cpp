#include "session/bench.h"

#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/report.h"
#include "base/error.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const BenchResult &r, const BenchRequest &request, const Session &session,
             const vulkan::DeviceInfo &info) {
  const auto rate = [](double gflop, double ms) { return gflop > 0 && ms > 0 ? Json(gflop / ms * 1e3) : Json(); };
  Json kernels = Json::array();
  for (const KernelTime &kernel : r.kernels) {
    kernels.push_back({{"label", kernel.label}, {"ms", kernel.milliseconds}});
    if (kernel.gflop > 0)
      kernels.back()["gflops"] = rate(kernel.gflop, kernel.milliseconds);
  }
  Json shaders = Json::array();
  for (const ShaderTime &time : r.shaders)
    shaders.push_back({{"shader", time.shader}, {"ms", time.milliseconds}, {"dispatches", time.dispatches}});
  return {{"model", session.graph().name},
          {"layer", r.layer},
          {"recipe", request.recipe.name},
          {"size", {request.width, request.height}},
          {"batch", request.batch},
          {"precision", precision_name(session.precision())},
          {"device", info.name},
          {"driver", info.driver + " " + info.driver_info},
          {"forward_ms", r.forward_ms},
          {"forward_gflop", r.forward_gflop},
          {"forward_gflops", rate(r.forward_gflop, r.forward_ms)},
          {"forward_dispatches", r.forward_dispatches},
          {"step_ms", r.step_ms},
          {"step_gflop", r.step_gflop},
          {"step_gflops", rate(r.step_gflop, r.step_ms)},
          {"step_dispatches", r.step_dispatches},
          {"weights_mb", r.weights_mb},
          {"forward_traffic_mb", r.forward_mb},
          {"step_traffic_mb", r.step_mb},
          {"planned_device_memory_mb", r.planned_mb},
          {"peak_device_memory_mb", r.peak_mb},
          {"first_image_s", r.first_image_s},
          {"outside_net", r.kernels.empty() ? Json() : Json(r.outside_net())},
          {"kernels", kernels},
          {"shaders", shaders}};
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
  const auto line = [](const char *what, double ms, double gflop, int dispatches, double mb) {
    fmt::print("{:<13}{:10.3f} ms  {:9.2f} GFLOP/s  {:9.3f} GFLOP  {:5} dispatches  {:9.1f} MB\n", what, ms,
               gflop / ms * 1e3, gflop, dispatches, mb);
  };
  line("forward", r.forward_ms, r.forward_gflop, r.forward_dispatches, r.forward_mb);
  line("step", r.step_ms, r.step_gflop, r.step_dispatches, r.step_mb);
  fmt::print("device memory: {:.1f} MB at the peak, {:.1f} MB of them weights; first image after {:.2f} s\n", r.peak_mb,
             r.weights_mb, r.first_image_s);
  if (r.kernels.empty()) {
    fmt::print("kernels: the device has no timestamps\n");
    return;
  }
  double sum = 0;
  for (const KernelTime &kernel : r.kernels)
    sum += kernel.milliseconds;
  fmt::print("outside the net: {:.1f} % of a step's kernels\n", r.outside_net() * 100);
  fmt::print("\nkernels of a step{:27}ms      %   GFLOP/s\n", "");
  for (const KernelTime &kernel : r.kernels)
    fmt::print("{:<34}{:12.3f}{:7.1f}{}\n", kernel.label, kernel.milliseconds, kernel.milliseconds / sum * 100,
               kernel.gflop > 0 ? fmt::format("{:10.2f}", kernel.gflop / kernel.milliseconds * 1e3) : "");
  fmt::print("\nthe same by shader{:28}ms      %  dispatches\n", "");
  for (const ShaderTime &time : r.shaders)
    fmt::print("{:<34}{:12.3f}{:7.1f}{:12}\n", time.shader, time.milliseconds, time.milliseconds / sum * 100,
               time.dispatches);
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
  add_text(app, "--recipe", o->recipe, "Of the optimization step: plain, article or lucid", "R");
  app.add_flag("--plan", o->plan, "Tell the device memory that a step takes, and run nothing");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    const Stopwatch clock;
    BenchRequest request;
    const Size size = parse_size(o->size, "--size");
    request.recipe = recipe(o->recipe);
    request.width = next_smooth(size.width);
    request.height = next_smooth(size.height);
    if (request.width != size.width || request.height != size.height)
      context.note(fmt::format("--size {}: rounded up to {}x{}", o->size, request.width, request.height));
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
