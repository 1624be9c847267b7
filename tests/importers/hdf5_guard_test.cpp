// libhdf5 crashes or hangs on some damage. What that leads to is tested by crashes and waits of our own.
#include "importer/hdf5_guard.h"
#include "importer/hdf5_watch.h"

#include <csignal>
#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace convscope {
namespace {

TEST(Hdf5Guard, ACrashOfTheLibraryIsOneLineAboutTheFile) {
  EXPECT_EXIT(
      {
        const Hdf5Guard guard("odd\nname.h5");
        std::raise(SIGSEGV);
      },
      ::testing::ExitedWithCode(2), "^convscope: odd.name.h5: is a damaged HDF5 file\n$");
}

TEST(Hdf5Guard, OthersCrashAsTheyDid) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, [](int) { std::_Exit(7); });
        { const Hdf5Guard guard("file.h5"); }
        std::raise(SIGSEGV);
      },
      ::testing::ExitedWithCode(7), "^$");
}

TEST(Hdf5Watch, EndsWhatDoesNotEnd) {
  EXPECT_EXIT(
      {
        const Hdf5Watch watch(std::chrono::milliseconds(50), [] { std::_Exit(7); });
        while (std::clock() >= 0)
          continue;
      },
      ::testing::ExitedWithCode(7), "^$");
}

TEST(Hdf5Watch, WhatGoesOnOrWaitsMayTakeItsTime) {
  const Hdf5Watch watch(std::chrono::milliseconds(300), [] { std::_Exit(7); });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::clock_t start = std::clock();
  while (std::clock() - start < CLOCKS_PER_SEC / 2)
    Hdf5Watch::expect();
  Hdf5Watch::expect(std::uint64_t{100} << 20);
  while (std::clock() - start < CLOCKS_PER_SEC)
    continue;
}

} // namespace
} // namespace convscope
