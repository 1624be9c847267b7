// `microscope --slurm`: submits the jobs that make a site, and follows them.
#pragma once

#include <string>

#include "app/command.h"
#include "app/microscope.h"
#include "app/slurm.h"
#include "microscope/render.h"

namespace convscope {

// Gives the exit status. UserError where Slurm refuses, or where the finishing job ended without a site.
int run_on_slurm(Context &context, const MicroscopeOptions &options, const Survey &survey, const RenderRequest &render,
                 const std::string &net);

// The command that was given, for the jobs: without --slurm, --shards and --report.
std::vector<std::string> command_of_jobs(const std::vector<std::string> &arguments);

} // namespace convscope
