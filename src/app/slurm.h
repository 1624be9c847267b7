// A microscope's shards on a Slurm cluster: a job array, and a finishing job that begins when the array has ended.
//
// Beside the site lies `SITE.slurm`, with the two scripts, what the tasks said, and the jobs' numbers: the same command
// finds jobs that are not yet over, and follows them. A job that was stopped is queued again, and goes on where it was:
// by Slurm where it was preempted or its node failed, by its script where the program failed or its time was nearly
// over, by who follows it where the script was killed, too. How often is bounded, and what only the user can mend (exit
// status 2) is not tried again. What is missing in the end, the finishing job makes.
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

  struct Lost {
    std::string job, name; // "12_3", "task-3"; the finishing job is "finish"
    std::string how;       // in Slurm's words, such as "NODE_FAIL"
  };
  struct State {
    int waiting = 0, running = 0; // tasks of the array
    bool ended = false;           // the finishing job, too
    std::vector<Lost> lost;       // jobs that did not end by themselves, nor were cancelled
  };
  State state() const; // asks Slurm
  // Queues them again, not for ever, and tasks only while the finishing job waits for the array. Gives how many.
  int bring_back(const State &state) const;

  // Once ended: the finishing job's exit status; nothing where it was never begun or was ended by others.
  std::optional<int> status() const;
  std::string last_words() const; // the last line that the finishing job said
  // Of tasks that ended by themselves, but not well: "task 3 ended with status 3: its last line".
  std::vector<std::string> failures(int shards) const;
  void clear(); // there is nothing to follow any more

private:
  void submit(const SlurmRequest &request);
  bool find();

  std::filesystem::path folder_;
  std::string array_, finish_; // numbers
  bool submitted_ = false;
};

} // namespace convscope
