#include "program/program.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <thread>

#ifndef _WIN32
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "io/image.h"
#include "io/npy.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

#ifdef _WIN32
constexpr const char *binary = CONVSCOPE_BINARY_DIR "/convscope.exe";
constexpr const char *nothing = "NUL";

std::string quoted(const std::string &text) { return '"' + text + '"'; }
void set_variable(const std::string &name, const std::string &value) { _putenv_s(name.c_str(), value.c_str()); }
void clear_variable(const std::string &name) { _putenv_s(name.c_str(), ""); }
int exit_status(int status) { return status; }
#else
constexpr const char *binary = CONVSCOPE_BINARY_DIR "/convscope";
constexpr const char *nothing = "/dev/null";

std::string quoted(const std::string &text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}
void set_variable(const std::string &name, const std::string &value) { setenv(name.c_str(), value.c_str(), 1); }
void clear_variable(const std::string &name) { unsetenv(name.c_str()); }
int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }
#endif

// Sets variables, and gives them back their values at its end.
class ScopedEnvironment {
public:
  explicit ScopedEnvironment(const Environment &wanted) {
    for (const auto &[name, value] : wanted) {
      const char *old = std::getenv(name.c_str());
      if (old)
        before_[name] = old;
      else
        unset_.insert(name);
      set_variable(name, value);
    }
  }
  ~ScopedEnvironment() {
    for (const auto &[name, value] : before_)
      set_variable(name, value);
    for (const auto &name : unset_)
      clear_variable(name);
  }
  ScopedEnvironment(const ScopedEnvironment &) = delete;
  ScopedEnvironment &operator=(const ScopedEnvironment &) = delete;

private:
  Environment before_;
  std::set<std::string> unset_;
};

std::set<std::string> with(std::set<std::string> files, const std::set<std::string> &more) {
  files.insert(more.begin(), more.end());
  return files;
}

} // namespace

ProgramTest::ProgramTest() {
  const std::string number = std::to_string(std::random_device{}());
  folder = fs::temp_directory_path() / ("convscope-program-" + number);
  results = fs::temp_directory_path() / ("convscope-results-" + number);
  fs::create_directories(folder);
  fs::create_directories(results);
}

ProgramTest::~ProgramTest() {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  fs::remove_all(results, ignored);
}

Result ProgramTest::run(const Arguments &arguments, const Environment &environment) const {
  std::string command;
  for (const std::string &word : launcher)
    command += quoted(word) + ' ';
  command += quoted(binary);
  for (const std::string &argument : arguments)
    command += ' ' + quoted(argument);
  const std::string out = (results / "out").string(), err = (results / "err").string();

  const ScopedEnvironment scope(environment);
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  const int status = std::system((command + " >" + quoted(out) + " 2>" + quoted(err) + " <" + nothing).c_str());
  fs::current_path(before);

  Result result{exit_status(status), read_bytes(out), read_bytes(err), ""};
  result.told = command + "\nexit status " + std::to_string(result.status) + "\nstdout: " + result.out.substr(0, 2000) +
                "\nstderr: " + result.err.substr(0, 4000);
  return result;
}

#ifndef _WIN32
int ProgramTest::start(const Arguments &arguments, const Environment &environment) const {
  std::vector<std::string> words{binary};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char *> pointers;
  for (std::string &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    for (const auto &[name, value] : environment)
      set_variable(name, value);
    std::signal(SIGINT, SIG_DFL); // a shell's background jobs ignore it
    const auto opened = [](const fs::path &file) { return open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600); };
    if (chdir(folder.c_str()) == 0 && dup2(opened(results / "started.out"), 1) >= 0 &&
        dup2(opened(results / "started.err"), 2) >= 0)
      execv(pointers[0], pointers.data());
    _exit(127);
  }
  return child;
}

Result ProgramTest::ended(int process) const {
  int status = 0;
  waitpid(process, &status, 0);
  Result result{exit_status(status), read_bytes(results / "started.out"), read_bytes(results / "started.err"), ""};
  result.told = "exit status " + std::to_string(result.status) + "\nstdout: " + result.out.substr(0, 2000) +
                "\nstderr: " + result.err.substr(0, 4000);
  return result;
}

Result ProgramTest::interrupted(const Arguments &arguments) const {
  const pid_t process = start(arguments);
  const auto runs = [process] { // left for ended() to wait for
    siginfo_t state{};
    return waitid(P_PID, static_cast<id_t>(process), &state, WEXITED | WNOHANG | WNOWAIT) == 0 && state.si_pid == 0;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(3);
  while (runs() && read_bytes(results / "started.err").find("step ") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(process, SIGINT);
  return ended(process);
}
#endif

Result ProgramTest::done(const Arguments &arguments, const std::set<std::string> &made) const {
  const auto before = files();
  Result result = run(arguments);
  EXPECT_EQ(result.status, 0) << result.told;
  expect_silent_validation(result);
  EXPECT_EQ(files(), with(before, made)) << result.told;
  return result;
}

Result ProgramTest::refused(const Arguments &arguments, const std::vector<std::string> &words) const {
  const auto before = files();
  Result result = run(arguments);
  EXPECT_EQ(result.status, 2) << result.told;
  EXPECT_EQ(result.out, "") << result.told;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.told;
  EXPECT_TRUE(result.err.ends_with('\n')) << result.told;
  for (const std::string &word : words)
    EXPECT_NE(result.err.find(word), std::string::npos) << "without '" << word << "': " << result.told;
  EXPECT_EQ(files(), before) << result.told;
  return result;
}

void ProgramTest::put(const std::string &name, std::string_view bytes) const {
  std::ofstream(path(name), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void ProgramTest::put_npy(const std::string &name, const std::string &descr, const std::string &shape,
                          std::string_view data) const {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  put(name, bytes + header + std::string(data));
}

std::string ProgramTest::bytes(const std::string &name) const { return read_bytes(path(name)); }

Array ProgramTest::npy(const std::string &name) const { return read_npy(path(name)); }

std::set<std::string> ProgramTest::files() const {
  std::set<std::string> found;
  for (const auto &entry : fs::recursive_directory_iterator(folder))
    found.insert(entry.path().lexically_relative(folder).generic_string());
  return found;
}

PictureSize expect_picture(const fs::path &file) {
  const ImageRgb8 image = read_image(file);
  const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  EXPECT_GE(*high - *low, 32) << file << " is of one colour";
  return {image.width, image.height};
}

void expect_silent_validation(const Result &result) {
  for (const char *word : {"VUID", "SYNC-HAZARD", "alidation"})
    EXPECT_EQ(result.err.find(word), std::string::npos) << result.told;
}

nlohmann::json parse_json(const std::string &text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << "no JSON: " << text.substr(0, 2000);
  return json;
}

double value_of(const Result &result) {
  const auto json = parse_json(result.out);
  if (!json.is_object() || !json.contains("values") || json["values"].size() != 1) {
    ADD_FAILURE() << result.told;
    return std::numeric_limits<double>::quiet_NaN();
  }
  return json["values"][0].get<double>();
}

std::string read_bytes(const fs::path &file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream)
    text << stream.rdbuf();
  return text.str();
}

double relative_l2(const Array &actual, const Array &expected) {
  EXPECT_EQ(actual.shape, expected.shape);
  if (actual.shape != expected.shape)
    return std::numeric_limits<double>::infinity();
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    difference += std::pow(double{actual.data[i]} - double{expected.data[i]}, 2);
    norm += std::pow(double{expected.data[i]}, 2);
  }
  return std::sqrt(difference / norm);
}

std::string repository(const std::string &file) { return CONVSCOPE_SOURCE_DIR "/" + file; }

fs::path shared_data(const std::string &file) { return fs::path(CONVSCOPE_SOURCE_DIR) / ".." / "shared" / file; }

std::map<std::string, std::string> contents_of(const std::filesystem::path &folder) {
  std::map<std::string, std::string> all;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      all[entry.path().lexically_relative(folder).generic_string()] = read_bytes(entry.path());
  return all;
}

} // namespace convscope
