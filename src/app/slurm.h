// A microscope's shards on a Slurm cluster: a job array, and a finishing job that begins when the array has ended.
//
// Beside the site lies `SITE.slurm`, with the two scripts, what the tasks said, and the jobs' numbers: the same command
// finds jobs that are not yet over, and follows them. A task goes on where it was stopped: one that was preempted, or
// whose node failed, is begun again by Slurm, one whose program was killed by its script. What is missing in the end,
// the finishing job makes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace convscope {

struct SlurmRequest {
  std::string options; // of sbatch, such as "--gres=gpu:1 --time=8:00:00"
  int shards = 1;
  std::filesystem::path site;
  std::vector<std::string> command; // that makes the whole site
};

// UserError for options that would not be lines of a script.
void check_slurm_options(const std::string &options);

// The array's script and the finishing job's. `folder` is SITE.slurm.
std::string slurm_array_script(const SlurmRequest &request, const std::filesystem::path &folder);
std::string slurm_finish_script(const SlurmRequest &request, const std::filesystem::path &folder);

class SlurmJobs {
public:
  // Those of before, or new ones. UserError where there is no Slurm, or where it refuses: in its words.
  explicit SlurmJobs(const SlurmRequest &request);

  bool submitted() const { return submitted_; } // rather than found
  std::string numbers() const;                  // "12 13": the array's and the finishing job's

  struct State {
    int waiting = 0, running = 0; // tasks of the array
    bool ended = false;           // the finishing job, too
  };
  State state() const; // asks Slurm

  // Once ended: the finishing job's exit status; nothing where it was never begun or was ended by others.
  std::optional<int> status() const;
  std::string last_words() const; // the last line that the finishing job said
  void clear();                   // there is nothing to follow any more

private:
  void submit(const SlurmRequest &request);
  bool find();

  std::filesystem::path folder_;
  std::string array_, finish_; // numbers
  bool submitted_ = false;
};

} // namespace convscope
