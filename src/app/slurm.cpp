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

constexpr int attempts = 3; // of a task whose program is killed

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

// The head of a script. What a task says goes to a file by the shell: Slurm reads '%' in names.
std::string head(const SlurmRequest &request) {
  std::string text = "#!/bin/sh\n#SBATCH --job-name=convscope --requeue --output=/dev/null\n";
  if (!request.options.empty())
    text += fmt::format("#SBATCH {}\n", request.options);
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
  std::string text = head(request);
  text += fmt::format("#SBATCH --array=0-{}\n", request.shards - 1);
  text += fmt::format("exec >>{}/task-\"$SLURM_ARRAY_TASK_ID\".txt 2>&1\n", shell_text(path_text(folder)));
  text += fmt::format("for attempt in $(seq {}); do\n", attempts);
  text += fmt::format("  {} --shard {}\n", command_line(request.command), request.shards);
  text += "  status=$?\n"
          "  # 2: only the user can mend it. Else once more: what is finished stays.\n"
          "  if [ $status -eq 0 ] || [ $status -eq 2 ]; then exit $status; fi\n"
          "done\n"
          "exit $status\n";
  return text;
}

std::string slurm_finish_script(const SlurmRequest &request, const std::filesystem::path &folder) {
  const std::string in = shell_text(path_text(folder));
  std::string text = head(request);
  text += fmt::format("exec >>{}/finish.txt 2>&1\n", in);
  text += "# What tasks have left undone, and the pages.\n";
  text += fmt::format("{}\n", command_line(request.command));
  text += fmt::format("status=$?\necho $status >{}/status\nexit $status\n", in);
  return text;
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
  std::filesystem::remove(folder_ / "status", error);
  std::filesystem::remove(folder_ / "finish.txt", error);
  for (int i = 0; i < request.shards; ++i)
    std::filesystem::remove(folder_ / fmt::format("task-{}.txt", i), error);
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
    const Answer answer = ask(fmt::format("squeue --noheader --array --states=all --jobs={} --format=%T", number));
    if (!answer.well && answer.text.find("nvalid job id") == std::string::npos) {
      finishing = true;
      continue;
    }
    if (!answer.well)
      continue;
    for (const std::string &task : split(answer.text, '\n')) {
      const bool waits = task == "PENDING" || task == "REQUEUED" || task == "REQUEUE_HOLD" || task == "SUSPENDED";
      const bool runs = task == "RUNNING" || task == "COMPLETING" || task == "CONFIGURING" || task == "STAGE_OUT";
      if (number == finish_)
        finishing = finishing || waits || runs;
      else
        (waits ? state.waiting : state.running) += waits || runs ? 1 : 0;
    }
  }
  state.ended = !finishing && state.waiting + state.running == 0;
  return state;
}

std::optional<int> SlurmJobs::status() const {
  const std::string text = file_text(folder_ / "status");
  if (text.empty() || text[0] < '0' || text[0] > '9')
    return std::nullopt;
  return std::atoi(text.c_str());
}

std::string SlurmJobs::last_words() const {
  std::string text = file_text(folder_ / "finish.txt");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text.substr(text.find_last_of("\n\r") + 1);
}

void SlurmJobs::clear() {
  std::error_code error;
  std::filesystem::remove(folder_ / "jobs", error);
}

} // namespace convscope
