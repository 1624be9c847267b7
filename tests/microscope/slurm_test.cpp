// A microscope by Slurm: a real one of one machine, started here, whose tasks are killed in the middle, and fail.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#ifndef _WIN32
#include <signal.h>
#include <unistd.h>
#endif

#include <fmt/format.h>

#include "app/microscope_slurm.h"
#include "app/slurm.h"
#include "program/program.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SlurmScripts, CallTheProgramAsItWasCalled) {
  const SlurmRequest request{"--gres=gpu:1 --time=8:00:00", 16, "it's", {"/a b/convscope", "microscope", "-o", "it's"}};
  const std::string array = slurm_array_script(request, "/x/it's.slurm");
  EXPECT_THAT(array, HasSubstr("#SBATCH --gres=gpu:1 --time=8:00:00\n#SBATCH --array=0-15\n"));
  EXPECT_THAT(array, HasSubstr("--requeue"));
  EXPECT_THAT(array, HasSubstr("\n'/a b/convscope' microscope -o 'it'\\''s' --shard 16 &\n"));
  EXPECT_THAT(array, HasSubstr("\nname='/x/it'\\''s.slurm'/task-\"$SLURM_ARRAY_TASK_ID\"\n"));
  EXPECT_THAT(slurm_finish_script(request, "/x"), HasSubstr("\n'/a b/convscope' microscope -o 'it'\\''s' &\n"));
}

TEST(SlurmScripts, TheJobsCommandSubmitsNothing) {
  EXPECT_THAT(command_of_jobs({"/c", "microscope", "--slurm", "-p a", "-o", "s", "--shards=4", "--report", "r.json"}),
              ElementsAre("/c", "microscope", "-o", "s"));
  EXPECT_THAT(command_of_jobs({"/c", "--report=r.json", "microscope", "--slurm=-p a", "--shards", "4", "--seed", "1"}),
              ElementsAre("/c", "microscope", "--seed", "1"));
  EXPECT_EQ(command_of_jobs({"sh", "microscope"}).front().substr(0, 1), "/"); // where it lies
}

class Slurm : public ProgramTest {
protected:
  Arguments site(const std::string &name, const Arguments &more = {}) const {
    Arguments all{"microscope", "--model", "alexnet", "--layers", "conv1", "--channels", "0-7",
                  "--steps",    "160",     "--size",  "48",       "-o",    name};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Slurm, WhatItCannotDoIsSaid) {
  refused(site("s", {"--slurm", "--time=1"}), {"--slurm", "--shards", "together"});
  refused(site("s", {"--shards", "4"}), {"--slurm", "--shards", "together"});
  refused(site("s", {"--shards", "4", "--slurm", "--array=1-9"}), {"--slurm", "--array is set by Convscope itself"});
  refused(site("s", {"--shards", "4", "--slurm", "-t 1\nrm"}), {"--slurm", "one line"});
  refused(site("s", {"--shards", "4", "--slurm", "", "--finish"}), {"--slurm", "--finish"});
  refused(site("s", {"--shards", "0", "--slurm", ""}), {"--shards"});
  const Result none = run(site("s", {"--shards", "4", "--slurm", ""}), {{"PATH", "/nowhere"}});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("--slurm: there is no Slurm here"));
}

#ifdef __linux__

int shell(const std::string &command) { return std::system(("(" + command + ") >/dev/null 2>&1").c_str()); }

void put_lines(const fs::path &file, const std::string &text) { std::ofstream(file) << text; }

// A cluster of this machine alone, in a folder of its own; ended by their pid files.
class Cluster {
public:
  Cluster() {
    char name[] = "/tmp/convscope-slurm-XXXXXX"; // short: sockets have short names
    folder_ = mkdtemp(name);
    for (const char *part : {"state", "spool"})
      fs::create_directory(folder_ / part);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const std::string node = std::string(host).substr(0, std::string(host).find('.')), at = folder_.string();
    const int port = 20000 + getpid() % 20000;
    put_lines(folder_ / "key", std::string(128, 'k') + std::to_string(getpid()));
    fs::permissions(folder_ / "key", fs::perms::owner_read | fs::perms::owner_write);
    put_lines(
        folder_ / "slurm.conf",
        fmt::format(
            "ClusterName=one\nSlurmctldHost={0}(127.0.0.1)\nSlurmctldPort={2}\nSlurmdPort={3}\n"
            "SlurmUser=root\nSlurmdUser=root\nAuthType=auth/munge\nAuthInfo=socket={1}/munge.socket,cred_expire=5\n"
            "CredType=cred/munge\nStateSaveLocation={1}/state\nSlurmdSpoolDir={1}/spool\n"
            "SlurmctldPidFile={1}/slurmctld.pid\nSlurmdPidFile={1}/slurmd.pid\n"
            "SlurmctldLogFile={1}/slurmctld.log\nSlurmdLogFile={1}/slurmd.log\n"
            "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nReturnToService=2\n"
            "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\n"
            "SchedulerParameters=sched_interval=2,bf_interval=2\nJobAcctGatherType=jobacct_gather/"
            "none\nAccountingStorageType=accounting_storage/none\n"
            "NodeName={0} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN\n"
            "PartitionName=main Nodes={0} Default=YES MaxTime=INFINITE State=UP\n",
            node, at, port, port + 1));
    shell(fmt::format("munged --force --key-file={0}/key --socket={0}/munge.socket --pid-file={0}/munged.pid "
                      "--log-file={0}/munged.log --seed-file={0}/munged.seed",
                      at));
    const std::string with = "SLURM_CONF=" + configuration() + " ";
    shell(with + "slurmctld");
    shell(with + "slurmd");
    for (int i = 0; i < 300 && !up_; ++i) {
      up_ = shell(with + "sinfo --noheader --format=%T | grep -q idle") == 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  ~Cluster() {
    for (const char *daemon : {"slurmd", "slurmctld", "munged"}) {
      std::ifstream file(folder_ / (std::string(daemon) + ".pid"));
      int pid = 0;
      if (file >> pid && pid > 1)
        kill(pid, SIGKILL);
    }
    std::error_code error;
    fs::remove_all(folder_, error);
  }
  Cluster(const Cluster &) = delete;
  Cluster &operator=(const Cluster &) = delete;
  bool up() const { return up_; }
  std::string configuration() const { return (folder_ / "slurm.conf").string(); }

private:
  fs::path folder_;
  bool up_ = false;
};

// Of processes whose command line holds both, the first. 0: none.
int process_with(const std::string &one, const std::string &other) {
  for (const auto &entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    const std::string line = read_bytes(entry.path() / "cmdline");
    if (line.find(one) != std::string::npos && line.find(other) != std::string::npos)
      return std::stoi(name);
  }
  return 0;
}

int parent_of(int process) {
  std::ifstream stat(fmt::format("/proc/{}/stat", process));
  std::string text;
  std::getline(stat, text);
  return std::atoi(text.substr(text.rfind(')') + 4).c_str());
}

class SlurmCluster : public Slurm {
protected:
  static void SetUpTestSuite() {
    if (geteuid() == 0 &&
        shell("command -v sbatch && command -v slurmctld && command -v slurmd && command -v munged") == 0)
      cluster = new Cluster;
  }
  static void TearDownTestSuite() {
    delete cluster;
    cluster = nullptr;
  }
  void SetUp() override {
    if (!cluster)
      GTEST_SKIP() << "slurm-wlm and munge are not here, or this is not root, who may start them";
    if (!cluster->up())
      GTEST_SKIP() << "slurmctld and slurmd don't come up on this machine";
  }
  Result submitted(const std::string &name, int shards, Environment environment = {}) const {
    environment["SLURM_CONF"] = cluster->configuration();
    return run(site(name, {"--slurm", "--cpus-per-task=1", "--shards", std::to_string(shards)}), environment);
  }
  static int count(const std::string &text, const std::string &words) {
    int found = 0;
    for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
      ++found;
    return found;
  }
  static Cluster *cluster;
};
Cluster *SlurmCluster::cluster = nullptr;

TEST_F(SlurmCluster, TasksThatAreKilledComeBackAndFinishTheirOwnPart) {
  const Result whole = run(site("whole"));
  ASSERT_EQ(whole.status, 0) << whole.told;

  // The program of one task, which its script sees, and the script of another.
  std::atomic<bool> over = false;
  int killed = 0;
  const std::string mark = "slurm-" + std::to_string(getpid());
  std::thread killer([&] {
    int first = 0;
    while (!over && killed < 2) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const int program = process_with(mark, std::string("--shard") + '\0' + "4");
      if (program == 0 || program == first)
        continue;
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      const int victim = killed == 0 ? program : parent_of(program);
      if (victim > 1 && kill(victim, SIGKILL) == 0)
        ++killed;
      first = program;
    }
  });
  const Result result = submitted(mark, 4);
  over = true;
  killer.join();
  ASSERT_EQ(result.status, 0) << result.told;
  EXPECT_EQ(killed, 2);
  EXPECT_THAT(result.err, HasSubstr("submitted jobs"));
  EXPECT_THAT(result.err, HasSubstr("index.html"));
  const auto expected = contents_of(path("whole")), made = contents_of(path(mark));
  EXPECT_EQ(made.size(), expected.size());
  for (const auto &[name, bytes] : expected)
    EXPECT_TRUE(made.contains(name) && made.at(name) == bytes) << name;

  std::string told;
  for (int task = 0; task < 4; ++task) {
    const std::string name = fmt::format("{}.slurm/task-{}", mark, task);
    EXPECT_EQ(bytes(name + ".status"), "0\n") << bytes(name + ".txt");
    told += bytes(name + ".txt");
  }
  EXPECT_EQ(count(told, "again: failed\n"), 1) << told; // by its script
  EXPECT_EQ(count(told, "again: FAILED\n"), 1) << told; // by who followed it
  EXPECT_THAT(bytes(mark + ".slurm/finish.txt"), HasSubstr("8 of 8 pictures are there already"));
}

#ifdef CONVSCOPE_FAULTS
TEST_F(SlurmCluster, WhatAlwaysFailsEndsWithOneLine) {
  put("fault", "device");
  const Result result =
      submitted("site", 1, {{"LD_PRELOAD", CONVSCOPE_FAULTS}, {"CONVSCOPE_FAULT", path("fault").string()}});
  EXPECT_EQ(result.status, 2) << result.told;
  EXPECT_THAT(result.err, HasSubstr("--slurm: the finishing job ended with status 3: "));
  EXPECT_EQ(count(result.err, "\n"), 2) << result.told; // "submitted jobs", and why it ended
  for (const char *job : {"task-0", "finish"}) {
    const std::string told = bytes(std::string("site.slurm/") + job + ".txt");
    EXPECT_EQ(count(told, "again: failed\n"), 2) << told;
    EXPECT_EQ(count(told, "was lost while"), 3) << told;
  }
}
#endif

TEST_F(SlurmCluster, WhatTheUserMustMendIsNotTriedAgain) {
  Arguments long_one = site("site");
  long_one.insert(long_one.end(), {"--neuron", "--negative"}); // which holds the folder
  const int process = start(long_one);
  for (int i = 0; i < 600 && !fs::exists(path("site/index.html")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill(process, SIGSTOP);
  const Result result = submitted("site", 1);
  kill(process, SIGKILL);
  ended(process);
  EXPECT_EQ(result.status, 2) << result.told;
  EXPECT_THAT(result.err, HasSubstr("the finishing job ended with status 2: "));
  EXPECT_THAT(result.err, HasSubstr("another convscope is at work"));
  for (const char *job : {"task-0", "finish"}) {
    EXPECT_EQ(count(bytes(std::string("site.slurm/") + job + ".txt"), "again"), 0);
    EXPECT_EQ(bytes(std::string("site.slurm/") + job + ".status"), "2\n");
  }
}

#endif

} // namespace
} // namespace convscope
