#include "app/photos.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/progress.h"
#include "app/report.h"
#include "base/error.h"
#include "base/printable.h"
#include "base/text.h"
#include "figure/feature_grid.h"

namespace convscope {

namespace {

constexpr std::size_t named_photos = 5; // of those that are skipped

} // namespace

std::vector<std::string> own_output(const std::string &output, const std::string &folder) {
  std::error_code error;
  const std::filesystem::path inside = std::filesystem::weakly_canonical(output, error)
                                           .lexically_relative(std::filesystem::weakly_canonical(folder, error));
  const std::u8string text = inside.generic_u8string();
  return {std::string(text.begin(), text.end())};
}

std::unique_ptr<ExamplesRun> list_photos(Session &session, ExamplesRequest request) {
  ProgressBar listing(1);
  if (listing.on_terminal())
    request.listing = [&listing](std::int64_t found) {
      listing.due(0, 0);
      listing.show(fmt::format("{} photos found", found));
    };
  auto run = std::make_unique<ExamplesRun>(session, std::move(request));
  listing.clear();
  return run;
}

bool look_at_photos(ExamplesRun &run) {
  if (run.done())
    return true;
  const InterruptGuard guard;
  const ExamplesProgress first = run.progress();
  const std::int64_t work = first.left();
  if (first.before > 0)
    tell(fmt::format("{} of {} photos were seen before", first.before, first.photos));
  ProgressBar bar(work);
  const Stopwatch clock;
  while (!run.done() && !guard.interrupted()) {
    run.advance();
    const std::int64_t done = run.progress().done;
    if (bar.due(done, done))
      bar.show(fmt::format("photo {} of {}, {} photos/s, {} left", first.before + done, first.photos,
                           short_number(static_cast<double>(done) / std::max(clock.seconds(), 1e-9)),
                           clock_text(bar.seconds_left())));
  }
  return run.done();
}

std::vector<SkippedPhoto> tell_skipped(ExamplesRun &run, const std::string &folder) {
  std::vector<SkippedPhoto> skipped = run.skipped();
  if (run.seen() == 0 && run.done())
    throw UserError(fmt::format("{}: none of its {} pictures can be read: {}: {}", folder, run.progress().photos,
                                printable(skipped.front().file), skipped.front().reason));
  for (std::size_t i = 0; i < std::min(skipped.size(), named_photos); ++i)
    tell(fmt::format("skipped {}: {}", printable(skipped[i].file), skipped[i].reason));
  if (skipped.size() > named_photos)
    tell(fmt::format("and {} more photos", skipped.size() - named_photos));
  return skipped;
}

void tell_stopped(const ExamplesRun &run, const std::string &database) {
  tell(fmt::format("stopped at photo {} of {}{}", run.progress().before + run.progress().done, run.progress().photos,
                   database.empty() ? "" : "; the same command goes on from there"));
}

} // namespace convscope
