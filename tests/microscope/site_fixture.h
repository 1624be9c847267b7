// Sites of a small net, for tests of `microscope`.
#pragma once

#include "program/program.h"

namespace convscope {

class MicroscopeTest : public ProgramTest {
protected:
  MicroscopeTest(); // with net.onnx, whose layers' names are as files may have them

  // Of all of its 26 units, or of those that `more` names.
  Arguments command(const std::string &site, const Arguments &more = {}) const;
  Result made(const Arguments &arguments) const; // expects success and silence
  void make_photos(int count) const;             // photos/

  // That both hold the same files, and at least so many.
  void expect_same(const std::string &a, const std::string &b, std::size_t files = 60) const;
  // That it is what command() makes without a break; that one is made once for all tests.
  void expect_whole(const std::string &site) const;
  // That each of its pages is whole: what they name is there.
  void expect_opens(const std::string &site) const;
  std::size_t pictures(const std::string &site) const; // that are kept
};

} // namespace convscope
