#include "doctor/doctor.h"

#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/bench_text.h"
#include "app/command.h"
#include "app/interrupt.h"
#include "app/outputs.h"
#include "app/progress.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json check_json(const doctor::CheckResult &check) {
  return {{"group", check.group},
          {"name", check.name},
          {"backend", check.backend.empty() ? Json() : Json(check.backend)},
          {"precision", check.precision ? Json(precision_name(*check.precision)) : Json()},
          {"outcome", doctor::outcome_name(check.outcome)},
          {"error", check.outcome == doctor::Outcome::right || check.outcome == doctor::Outcome::wrong
                        ? number_or_null(check.error)
                        : Json()},
          {"tolerance", check.tolerance},
          {"where", check.where},
          {"note", check.note},
          {"kernels", check.kernels}};
}

Json to_json(const doctor::Diagnosis &diagnosis, const std::string &text) {
  Json checks = Json::array(), speed = Json::array(), counts;
  for (const doctor::CheckResult &check : diagnosis.checks)
    checks.push_back(check_json(check));
  for (const doctor::NetSpeed &net : diagnosis.speed) {
    Json json = {{"model", net.model}, {"size", net.size}, {"batch", 1}, {"precision", precision_name(net.precision)}};
    json.update(bench_json(net.times));
    speed.push_back(std::move(json));
  }
  for (const auto outcome :
       {doctor::Outcome::right, doctor::Outcome::wrong, doctor::Outcome::failed, doctor::Outcome::not_run})
    counts[doctor::outcome_name(outcome)] = diagnosis.count(outcome);
  Json ceilings;
  if (diagnosis.ceilings)
    ceilings = {{"gflops", diagnosis.ceilings->gflops}, {"gb_s", diagnosis.ceilings->gb_s}};
  return {{"convscope", CONVSCOPE_VERSION},
          {"device", device_json(diagnosis.device)},
          {"quirks", diagnosis.quirks},
          {"all_right", diagnosis.all_right()},
          {"verdict", doctor::verdict(diagnosis)},
          {"counts", counts},
          {"device_lost", diagnosis.lost},
          {"stopped", diagnosis.stopped},
          {"checks", checks},
          {"ceilings", ceilings},
          {"speed", speed},
          {"notes", diagnosis.notes},
          {"seconds", diagnosis.seconds},
          {"text", text}};
}

doctor::Diagnosis examine(Context &context, bool speed) {
  doctor::Examination examination(context.session, speed);
  const InterruptGuard guard;
  ProgressBar bar(static_cast<std::int64_t>(examination.parts()));
  bool more = true;
  while (more && !guard.interrupted()) {
    const auto done = static_cast<std::int64_t>(examination.done());
    // On a terminal each: it tells where a driver hangs.
    if (bar.due(done, done) || bar.on_terminal() || done == 0)
      bar.show(fmt::format("{} of {}: {}", done + 1, examination.parts(), examination.next()));
    more = examination.advance();
  }
  bar.clear();
  return examination.finish(more);
}

} // namespace

Command add_doctor(CLI::App &program) {
  struct Options {
    std::string output;
    bool json = false, quick = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand(
      "doctor",
      "Checks that this device computes everything right, measures it, and tells what to do where it does not");
  CLI::App &app = *command.parser;
  app.add_flag("--quick", o->quick, "Without its speed");
  add_output(app, o->output, "The same text, or JSON by a name that ends in .json, in a file");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    check_outputs({{"-o", o->output, ""}});
    const doctor::Diagnosis diagnosis = examine(context, !o->quick);
    const std::string text = doctor::diagnosis_text(diagnosis);
    const Json json = to_json(diagnosis, text);
    const std::string written = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    context.report["doctor"] = json;
    if (!o->output.empty())
      write_file_atomically(o->output, std::filesystem::path(o->output).extension() == ".json" ? written : text);
    fmt::print("{}", o->json ? written : text);
    if (diagnosis.stopped)
      return exit_interrupted;
    return diagnosis.all_right() ? exit_done : exit_device_error;
  };
  return command;
}

} // namespace convscope
