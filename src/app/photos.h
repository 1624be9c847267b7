// What commands that look at a folder of photos have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataset/examples.h"

namespace convscope {

// An output as the folder's photos are named, where it lies among them.
std::vector<std::string> own_output(const std::string &output, const std::string &folder);

// The run, its list of photos read; on a terminal the user sees it grow.
std::unique_ptr<ExamplesRun> list_photos(Session &session, ExamplesRequest request);
// Whether all photos were seen; not where the user has stopped it.
bool look_at_photos(ExamplesRun &run);
// Says which photos can't be read. UserError where that is all of them.
std::vector<SkippedPhoto> tell_skipped(ExamplesRun &run, const std::string &folder);
// Where it was stopped.
void tell_stopped(const ExamplesRun &run, const std::string &database);

} // namespace convscope
