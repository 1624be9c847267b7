// libhdf5 crashes on some damage. What its crash leads to is tested by a crash of our own.
#include "importer/hdf5_guard.h"

#include <csignal>
#include <cstdlib>

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

} // namespace
} // namespace convscope
