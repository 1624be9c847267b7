// Expects a UserError of one line that contains a text.
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace convscope {

inline void expect_error(const std::function<void()> &action, const std::string &part) {
  try {
    action();
    ADD_FAILURE() << "no error, expected '" << part << "'";
  } catch (const UserError &error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

} // namespace convscope
