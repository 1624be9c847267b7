// A run of `microscope` that is killed, stopped, without room or without its device, and another at the same site: what
// is finished stays, the site opens, and the same command goes on to the same bytes.
#ifndef _WIN32

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif

#include "microscope/site_fixture.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

class MicroscopeFaults : public MicroscopeTest {
protected:
  // Until the first pictures are there, and more are in work.
  void wait_for_pictures(const std::string &site) const {
    for (int i = 0; i < 6000 && pictures(site) < 3; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_LT(pictures(site), 26U) << "it was too fast to be stopped";
  }
  void expect_one_line(const Result &result, int status, const std::string &words) const {
    EXPECT_EQ(result.status, status) << result.told;
    // The last one, but for what the loader's layers say when the program ends.
    const std::size_t at = result.err.find(words);
    ASSERT_NE(at, std::string::npos) << result.told;
    EXPECT_EQ(result.err.find("convscope: ", result.err.find('\n', at)), std::string::npos) << result.told;
    EXPECT_EQ(result.err.find("convscope: "), status == 130 ? std::string::npos : result.err.rfind("convscope: ", at))
        << result.told;
  }
  void expect_goes_on(const std::string &site) const {
    expect_opens(site);
    made(command(site));
    expect_whole(site);
  }
};

TEST_F(MicroscopeFaults, AKilledRunGoesOnToTheSameSite) {
  make_photos(12);
  const Arguments more{"--images", "photos", "--db", "seen.sqlite"};
  made(command("whole", more));
  fs::remove(path("seen.sqlite"));
  const char *wish = std::getenv("CONVSCOPE_KILLS");
  const int most = wish ? std::atoi(wish) : 5;
  std::mt19937 random(7);
  int killed = 0;
  for (int round = 0; round < most; ++round) {
    const pid_t child = start(command("site", more));
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 900));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_GE(killed, 1);
  made(command("site", more));
  expect_same("whole", "site");
}

TEST_F(MicroscopeFaults, TwoProcessesDoNotShareASite) {
  const pid_t child = start({"microscope", "--model", "net.onnx", "-o", "site", "--steps", "100000"});
  for (int i = 0; i < 600 && !fs::exists(path("site/index.html")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const Result second = run(command("site"));
  EXPECT_EQ(second.status, 2) << second.told;
  EXPECT_NE(second.err.find("another convscope is at work"), std::string::npos) << second.told;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  made(command("site", {"--layers", "mixed"})); // the lock went with it
}

TEST_F(MicroscopeFaults, CtrlC) {
  const int process = start(command("site"));
  wait_for_pictures("site");
  kill(process, SIGINT);
  expect_one_line(ended(process), 130, "interrupted: the same command goes on from here");
  expect_goes_on("site");
}

#ifdef CONVSCOPE_FAULTS
TEST_F(MicroscopeFaults, ADeviceIsLost) {
  const int process =
      start(command("site"), {{"LD_PRELOAD", CONVSCOPE_FAULTS}, {"CONVSCOPE_FAULT", path("fault").string()}});
  wait_for_pictures("site");
  put("fault", "device");
  expect_one_line(ended(process), 3, "the Vulkan device was lost while ");
  expect_goes_on("site");
}
#endif

// A disk of its own, of so many kilobytes; only root may have one.
class SmallDisk {
public:
  SmallDisk(const fs::path &at, int kilobytes) : at_(at) {
    fs::create_directories(at);
#ifdef __linux__
    // Seen by this process and its children alone, and gone with them.
    mounted_ = unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               mount("tmpfs", at.c_str(), "tmpfs", 0, size(kilobytes).c_str()) == 0;
#endif
    (void)kilobytes;
  }
  ~SmallDisk() {
#ifdef __linux__
    if (mounted_)
      umount2(at_.c_str(), MNT_DETACH);
#endif
  }
  SmallDisk(const SmallDisk &) = delete;
  SmallDisk &operator=(const SmallDisk &) = delete;
  bool mounted() const { return mounted_; }
  void grow(int kilobytes) const {
#ifdef __linux__
    EXPECT_EQ(mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, size(kilobytes).c_str()), 0);
#endif
    (void)kilobytes;
  }

private:
  static std::string size(int kilobytes) { return "size=" + std::to_string(kilobytes) + "k"; }
  fs::path at_;
  bool mounted_ = false;
};

TEST_F(MicroscopeFaults, ADiskIsFull) {
  const SmallDisk disk(path("disk"), 220);
  if (!disk.mounted())
    GTEST_SKIP() << "only root may mount a small disk";
  expect_one_line(run(command("disk/site")), 2, "No space left on device");
  EXPECT_GT(pictures("disk/site"), 0U);
  EXPECT_LT(pictures("disk/site"), 26U);
  disk.grow(1 << 16);
  expect_goes_on("disk/site");
}

// A file that may not grow: the same for all users.
TEST_F(MicroscopeFaults, FilesMayNotGrow) {
  made(command("site", {"--channels", "0-1"}));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1024, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Result result = run(command("site"));
  setrlimit(RLIMIT_FSIZE, &before);
  expect_one_line(result, 2, "File too large");
  expect_goes_on("site");
}

} // namespace
} // namespace convscope

#endif
