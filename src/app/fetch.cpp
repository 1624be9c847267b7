#include "fetch/download.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/progress.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/manifest.h"
#include "importer/weights_folder.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

struct FetchOptions {
  std::vector<std::string> names;
  std::string mirror, to;
  bool no_top = false;
};

Manifest manifest() {
  const fs::path folder = weights_folder();
  if (folder.empty())
    throw UserError("the manifest of the zoo was not found: set CONVSCOPE_WEIGHTS to the weights/ of Convscope");
  return read_manifest(folder / "manifest.json");
}

const KerasFile &file_of(const Manifest &all, const std::string &name, bool top) {
  std::vector<std::string> names;
  for (const ZooNet &net : all.nets)
    if (net.keras)
      names.push_back(net.name);
  const ZooNet *net = all.find(name);
  if (net && !net->keras)
    throw UserError(fmt::format("fetch: there is nothing to fetch for {}: its weights are embedded", name));
  if (!net) {
    const std::string hint = did_you_mean(name, names);
    throw UserError(fmt::format("fetch: no net '{}'{}", name,
                                hint.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : hint));
  }
  for (const KerasFile &file : net->keras->files)
    if (file.top == top)
      return file;
  throw UserError(fmt::format("fetch: {} has no weights {} classifier", name, top ? "with a" : "without"));
}

std::string address(const KerasFile &file, const std::string &mirror) {
  if (mirror.empty())
    return file.url;
  return mirror + (mirror.ends_with('/') ? "" : "/") + file.file;
}

void check_mirror(const std::string &mirror) {
  const std::string scheme = lower(mirror);
  if (!mirror.empty() && !scheme.starts_with("http://") && !scheme.starts_with("https://"))
    throw UserError(fmt::format("--mirror {}: must begin with http:// or https://", mirror));
}

fs::path target_folder(const std::string &to) {
  fs::path folder = to.empty() ? fetched_folder() : fs::path(to);
  if (folder.empty())
    throw UserError("fetch: no folder for caches is known here: give --to DIR");
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder, error))
    throw UserError(fmt::format("fetch: the folder {} can't be made", path_text(folder)));
  return folder;
}

std::string megabytes(std::uint64_t bytes) { return fmt::format("{:.1f}", static_cast<double>(bytes) * 1e-6); }

Fetched fetch_shown(const Download &download) {
  const InterruptGuard interrupt;
  std::unique_ptr<ProgressBar> bar;
  std::uint64_t bar_total = 0;
  return fetch(download, [&](std::uint64_t here, std::uint64_t total) {
    if (total > 0 && (!bar || total != bar_total)) {
      bar = std::make_unique<ProgressBar>(static_cast<std::int64_t>(total));
      bar_total = total;
    }
    if (bar && here > 0 && bar->due(static_cast<std::int64_t>(here), 0))
      bar->show(fmt::format("{}, {} of {} MB, {} left", path_text(download.target.filename()), megabytes(here),
                            megabytes(total), clock_text(bar->seconds_left())));
    return !interrupt.interrupted();
  });
}

} // namespace

Command add_fetch(CLI::App &program) {
  const auto o = std::make_shared<FetchOptions>();
  Command command;
  command.parser = program.add_subcommand("fetch", "Download Keras's weights of nets of the zoo");
  CLI::App &app = *command.parser;
  command.need(app.add_option("net", o->names, "Nets of the zoo, such as vgg16")->type_name("NET..."));
  app.add_flag("--no-top", o->no_top, "The weights without the classifier: smaller");
  add_text(app, "--mirror", o->mirror, "Where the same files are, instead of Keras's server", "URL");
  add_text(app, "--to", o->to, "The folder for the files [the zoo's in your cache]", "DIR");
  command.run = [o](Context &context) {
    check_mirror(o->mirror);
    const Manifest all = manifest();
    std::vector<const KerasFile *> files;
    for (const std::string &name : o->names)
      files.push_back(&file_of(all, name, !o->no_top));
    const fs::path folder = target_folder(o->to);
    auto report = nlohmann::ordered_json::array();
    for (const KerasFile *file : files) {
      const Download download{address(*file, o->mirror), folder / file->file, file->md5};
      const Fetched how = fetch_shown(download);
      if (how == Fetched::stopped) {
        tell("stopped; the same command goes on from there");
        return exit_interrupted;
      }
      tell(fmt::format("{} {}", how == Fetched::was_there ? "already there, and right:" : "fetched",
                       path_text(download.target)));
      report.push_back({{"file", path_text(download.target)}, {"url", download.url}, {"md5", file->md5}});
    }
    context.report["files"] = report;
    return exit_done;
  };
  return command;
}

} // namespace convscope
