#include "app/slurm.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

#ifdef _WIN32
#define popen _popen
#define pclose _pclose
#endif

namespace convscope {

namespace {

// How often a job is queued again because it failed, and because it was stopped without a fault of its own: its time
// was over, others went before.
constexpr int after_failures = 2, after_stops = 20;

// What becomes of tasks in Slurm's words, where their script could not see to it.
const std::vector<std::pair<std::string, int>> endings{{"FAILED", after_failures},    {"OUT_OF_MEMORY", after_failures},
                                                       {"BOOT_FAIL", after_failures}, {"NODE_FAIL", after_stops},
                                                       {"PREEMPTED", after_stops},    {"TIMEOUT", after_stops}};

std::string command_line(const std::vector<std::string> &command) {
  std::string line;
  for (const std::string &word : command)
    line += fmt::format("{}{}", line.empty() ? "" : " ", shell_text(word));
  return line;
}

struct Answer {
  bool well = false;
  std::string text; // of both outputs, without the last line's end
};

Answer ask(const std::string &shell_command) {
  Answer answer;
  FILE *pipe = popen((shell_command + " 2>&1").c_str(), "r");
  if (!pipe)
    return answer;
  char buffer[4096];
  for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    answer.text.append(buffer, count);
  answer.well = pclose(pipe) == 0;
  while (!answer.text.empty() && (answer.text.back() == '\n' || answer.text.back() == '\r'))
    answer.text.pop_back();
  return answer;
}

std::string file_text(const std::filesystem::path &file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text.substr(text.find_last_of("\n\r") + 1);
}

std::optional<int> status_in(const std::filesystem::path &file) {
  const auto status = parse_integer(last_line(file_text(file)));
  return status ? std::optional(static_cast<int>(*status)) : std::nullopt;
}

int count_lines(const std::string &text, const std::string &line) {
  const std::vector<std::string> lines = split(text, '\n');
  return static_cast<int>(std::count(lines.begin(), lines.end(), line));
}

// A job's script. `name`: of its files, in the shell's words. What it says goes to a file by the shell: Slurm reads '%'
// in names. That file also tells how often it was queued again.
std::string script(const SlurmRequest &request, const std::string &array, const std::string &name,
                   const std::string &command) {
  std::string text = "#!/bin/sh\n#SBATCH --job-name=convscope --requeue --output=/dev/null --signal=B:USR1@60\n";
  if (!request.options.empty())
    text += fmt::format("#SBATCH {}\n", request.options);
  text += array;
  text += fmt::format("name={}\nexec >>\"$name.txt\" 2>&1\n", name);
  text += "# Queues the job again, unless it was so often for this reason. What is finished stays.\n"
          "again() {\n"
          "  [ \"$(grep -c \"^again: $1\" \"$name.txt\")\" -lt \"$2\" ] || return\n"
          "  echo \"again: $1\"\n"
          "  scontrol requeue \"$SLURM_JOB_ID\" && sleep 300 # Slurm ends it before\n"
          "}\n";
  text += fmt::format("trap 'again \"out of time\" {}' USR1\n", after_stops);
  text += command + " &\n";
  text += "while :; do\n"
          "  wait $!\n"
          "  status=$?\n"
          "  kill -0 $! 2>/dev/null || break # else it was the signal that ended the waiting\n"
          "done\n"
          "# 2: only the user can mend it.\n";
  text += fmt::format("if [ $status -ne 0 ] && [ $status -ne 2 ]; then again failed {}; fi\n", after_failures);
  text += "echo $status >\"$name.status\"\nexit $status\n";
  return text;
}

std::string job_number(const std::string &answer) {
  std::string number = answer.substr(0, answer.find(';')); // a cluster's name may follow
  if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
    number.clear();
  return number;
}

std::string sbatch(const std::string &options, const std::filesystem::path &script) {
  const Answer answer =
      ask(fmt::format("sbatch --parsable {} {}", options, shell_text(path_text(std::filesystem::absolute(script)))));
  // Warnings may come before.
  std::string number = job_number(answer.text.substr(answer.text.find_last_of('\n') + 1));
  if (!answer.well || number.empty())
    throw UserError("--slurm: sbatch: " +
                    (answer.text.empty() ? std::string("gives no number of a job") : answer.text));
  return number;
}

} // namespace

void check_slurm_options(const std::string &options) {
  if (options.find_first_of("\n\r") != std::string::npos)
    throw UserError("--slurm: the options must be one line");
  for (const char *of_its_own : {"--array", "--dependency", "--output", "--wrap"})
    if (options.find(of_its_own) != std::string::npos)
      throw UserError(fmt::format("--slurm: {} is set by Convscope itself", of_its_own));
}

std::string slurm_array_script(const SlurmRequest &request, const std::filesystem::path &folder) {
  return script(request, fmt::format("#SBATCH --array=0-{}\n", request.shards - 1),
                shell_text(path_text(folder)) + "/task-\"$SLURM_ARRAY_TASK_ID\"",
                fmt::format("{} --shard {}", command_line(request.command), request.shards));
}

std::string slurm_finish_script(const SlurmRequest &request, const std::filesystem::path &folder) {
  // What tasks have left undone, and the pages.
  return script(request, "", shell_text(path_text(folder)) + "/finish", command_line(request.command));
}

SlurmJobs::SlurmJobs(const SlurmRequest &request) : folder_(request.site) {
  if (!folder_.has_filename())
    folder_ = folder_.parent_path();
  folder_ = std::filesystem::absolute(folder_);
  folder_ += ".slurm";
  if (const Answer answer = ask("squeue --version"); !answer.well)
    throw UserError("--slurm: there is no Slurm here: 'squeue --version' says: " +
                    answer.text.substr(answer.text.find_last_of('\n') + 1));
  if (!find())
    submit(request);
}

bool SlurmJobs::find() {
  const std::vector<std::string> numbers = split(file_text(folder_ / "jobs"), ' ');
  if (numbers.size() != 2 || job_number(numbers[0]).empty() || job_number(numbers[1]).empty())
    return false;
  array_ = numbers[0];
  finish_ = numbers[1];
  return !state().ended;
}

void SlurmJobs::submit(const SlurmRequest &request) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error)
    throw UserError(fmt::format("{}: {}", path_text(folder_), error.message()));
  for (const char *extension : {"txt", "status"}) {
    std::filesystem::remove(folder_ / fmt::format("finish.{}", extension), error);
    for (int i = 0; i < request.shards; ++i)
      std::filesystem::remove(folder_ / fmt::format("task-{}.{}", i, extension), error);
  }
  write_file_atomically(folder_ / "array.sh", slurm_array_script(request, folder_));
  write_file_atomically(folder_ / "finish.sh", slurm_finish_script(request, folder_));
  array_ = sbatch("", folder_ / "array.sh");
  try {
    finish_ = sbatch("--dependency=afterany:" + array_, folder_ / "finish.sh");
  } catch (const UserError &) {
    ask("scancel " + array_); // nothing would ever make the pages
    throw;
  }
  write_file_atomically(folder_ / "jobs", array_ + " " + finish_);
  submitted_ = true;
}

std::string SlurmJobs::numbers() const { return array_ + " " + finish_; }

SlurmJobs::State SlurmJobs::state() const {
  State state;
  bool finishing = false;
  for (const std::string &number : {array_, finish_}) {
    // An error where Slurm has forgotten the job, or does not answer: then it is not over for us.
    const Answer answer = ask(fmt::format("squeue --noheader --array --states=all --jobs={} --format='%K %T'", number));
    if (!answer.well && answer.text.find("nvalid job id") == std::string::npos) {
      finishing = true;
      continue;
    }
    if (!answer.well)
      continue;
    for (const std::string &line : split(answer.text, '\n')) {
      const std::size_t space = line.find(' ');
      const std::string task = line.substr(space + 1);
      const bool waits = task == "PENDING" || task == "REQUEUED" || task == "REQUEUE_HOLD" || task == "SUSPENDED";
      const bool runs = task == "RUNNING" || task == "COMPLETING" || task == "CONFIGURING" || task == "STAGE_OUT";
      if (number == finish_)
        finishing = finishing || waits || runs;
      else
        (waits ? state.waiting : state.running) += waits || runs ? 1 : 0;
      const std::string index = line.substr(0, space), name = number == finish_ ? "finish" : "task-" + index;
      const auto is = [&task](const auto &ending) { return ending.first == task; };
      if (std::any_of(endings.begin(), endings.end(), is) && !status_in(folder_ / (name + ".status")))
        state.lost.push_back({number == finish_ ? number : number + "_" + index, name, task});
    }
  }
  state.ended = !finishing && state.waiting + state.running == 0;
  return state;
}

int SlurmJobs::bring_back(const State &state) const {
  int count = 0;
  for (const Lost &lost : state.lost) {
    const std::filesystem::path file = folder_ / (lost.name + ".txt");
    const std::string line = "again: " + lost.how;
    const auto ending =
        std::find_if(endings.begin(), endings.end(), [&](const auto &e) { return e.first == lost.how; });
    if (ending == endings.end() || count_lines(file_text(file), line) >= ending->second)
      continue;
    if (!ask("scontrol requeue " + lost.job).well)
      continue; // Slurm has forgotten it: the finishing job will make its part
    // Where that job has begun, it is at it already.
    if (lost.job != finish_ &&
        !ask(fmt::format("scontrol update JobId={} Dependency=afterany:{}", finish_, array_)).well) {
      ask("scancel " + lost.job);
      continue;
    }
    std::ofstream(file, std::ios::app) << line << '\n';
    ++count;
  }
  return count;
}

std::optional<int> SlurmJobs::status() const { return status_in(folder_ / "finish.status"); }

std::string SlurmJobs::last_words() const { return last_line(file_text(folder_ / "finish.txt")); }

std::vector<std::string> SlurmJobs::failures(int shards) const {
  std::vector<std::string> all;
  for (int task = 0; task < shards; ++task) {
    const std::filesystem::path file = folder_ / fmt::format("task-{}", task);
    const auto status = status_in(path_text(file) + ".status");
    if (status && *status != 0)
      all.push_back(fmt::format("task {} ended with status {}: {}", task, *status,
                                last_line(file_text(path_text(file) + ".txt"))));
  }
  return all;
}

void SlurmJobs::clear() {
  std::error_code error;
  std::filesystem::remove(folder_ / "jobs", error);
}

} // namespace convscope
