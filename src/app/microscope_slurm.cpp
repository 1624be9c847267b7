#include "app/microscope_slurm.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "app/interrupt.h"
#include "app/progress.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace convscope {

namespace {

constexpr std::chrono::milliseconds every{2000}, look{100};

// Where the program lies: jobs may find another one on their way, or none.
std::string program_file(const std::string &called) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (called.find('/') != std::string::npos)
    return path_text(fs::absolute(called, error));
  const char *path = std::getenv("PATH");
  for (const std::string &folder : split(path ? path : "", ':'))
    if (const fs::path file = fs::path(folder) / called; fs::is_regular_file(file, error))
      return path_text(fs::absolute(file, error));
  return called;
}

std::string where(const PictureCount &count, const SlurmJobs::State &state) {
  const std::string tasks = state.running + state.waiting > 0
                                ? fmt::format("{} tasks run, {} wait", state.running, state.waiting)
                                : "the finishing job";
  return fmt::format("picture {} of {}, {}", count.there, count.all, tasks);
}

// False where Ctrl-C ended it.
bool follow(const SlurmJobs &jobs, const SiteStore &store, const Survey &survey, const RenderRequest &render) {
  const InterruptGuard interrupt;
  PictureCount count = count_pictures(survey, store, render);
  const std::int64_t before = count.there;
  ProgressBar bar(count.all - before);
  for (;;) {
    const SlurmJobs::State state = jobs.state();
    const int again = jobs.bring_back(state);
    count = count_pictures(survey, store, render);
    const std::int64_t done = count.there - before;
    if (bar.due(done, done))
      bar.show(where(count, state) + (done > 0 ? fmt::format(", {} left", clock_text(bar.seconds_left())) : ""));
    if (state.ended && again == 0)
      return true;
    for (auto waited = look; waited < every; waited += look) {
      if (interrupt.interrupted())
        return false;
      std::this_thread::sleep_for(look);
    }
  }
}

} // namespace

std::vector<std::string> command_of_jobs(const std::vector<std::string> &arguments) {
  std::vector<std::string> command;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string &word = arguments[i];
    bool theirs = true;
    for (const std::string name : {"--slurm", "--shards", "--report"}) {
      if (word == name)
        ++i; // its value
      if (word == name || word.starts_with(name + "="))
        theirs = false;
    }
    if (theirs)
      command.push_back(command.empty() ? program_file(word) : word);
  }
  return command;
}

int run_on_slurm(Context &context, const MicroscopeOptions &options, const Survey &survey, const RenderRequest &render,
                 const std::string &net) {
  const SiteStore store(options.folder, net, context.session.graph().name, SiteLock::Part::none, 0);
  SlurmJobs jobs({*options.slurm, options.shards, options.folder, command_of_jobs(context.arguments)});
  context.tell_notes();
  tell(fmt::format("{} jobs {}", jobs.submitted() ? "submitted" : "following", jobs.numbers()));
  context.report["jobs"] = jobs.numbers();
  if (!follow(jobs, store, survey, render)) {
    tell(fmt::format("the jobs go on: the same command follows them again, 'scancel {}' ends them", jobs.numbers()));
    return exit_interrupted;
  }
  const std::optional<int> status = jobs.status();
  const std::string words = jobs.last_words();
  const std::vector<std::string> failures = jobs.failures(options.shards);
  jobs.clear();
  if (!status)
    throw UserError("--slurm: the finishing job was ended by Slurm or by somebody; the same command goes on from here");
  if (*status != 0)
    throw UserError(
        fmt::format("--slurm: the finishing job ended with status {}{}", *status, words.empty() ? "" : ": " + words));
  if (!failures.empty())
    tell(fmt::format("{}{}: the finishing job made what was missing", failures.front(),
                     failures.size() > 1 ? fmt::format(" (and {} more)", failures.size() - 1) : ""));
  tell("wrote " + path_text(std::filesystem::path(options.folder) / "index.html"));
  return exit_done;
}

} // namespace convscope
