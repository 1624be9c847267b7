#include "viewer/inputs.h"

#include <functional>
#include <string>
#include <vector>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <gtest/gtest.h>
#include <imgui.h>
#include <imgui_internal.h>
#include <imgui_stdlib.h>

namespace convscope::viewer {
namespace {

// Frames with a text field and a button, of which all inputs come before the first.
class InputsTest : public testing::Test {
protected:
  void SetUp() override {
    ImGui::CreateContext();
    ImGuiIO &io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(400, 300);
#if IMGUI_VERSION_NUM < 18900 // as the backend does
    io.KeyMap[ImGuiKey_Enter] = GLFW_KEY_ENTER;
    io.KeyMap[ImGuiKey_Backspace] = GLFW_KEY_BACKSPACE;
    io.KeyMap[ImGuiKey_A] = GLFW_KEY_A;
#endif
    begin_inputs();
    unsigned char *pixels = nullptr;
    int width = 0, height = 0;
    io.Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    frames(2); // a window is there, and a mouse that hovers over nothing
  }
  void TearDown() override { ImGui::DestroyContext(); }

  void frames(int count) {
    for (int i = 0; i < count; ++i) {
      ImGuiIO &io = ImGui::GetIO();
      io.DeltaTime = 0.3F;
      tell_mouse(380, 280); // as the backend does
      inputs.show();
      ImGui::NewFrame();
      for (const ImWchar character : io.InputQueueCharacters)
        (ImGui::GetActiveID() != 0 ? typed : shortcuts) += static_cast<char>(character);
      ImGui::SetNextWindowPos(ImVec2(0, 0));
      ImGui::SetNextWindowSize(ImVec2(300, 200));
      ImGui::Begin("window", nullptr, ImGuiWindowFlags_NoDecoration);
      ImGui::SetCursorPos(ImVec2(10, 10));
      if (ImGui::InputText("field", &text, ImGuiInputTextFlags_EnterReturnsTrue))
        entered.push_back(text);
      ImGui::SetCursorPos(ImVec2(10, 100));
      clicks += ImGui::Button("button", ImVec2(100, 30));
      presses += ImGui::IsKeyPressed(key_f1, false);
      ImGui::End();
      ImGui::Render();
    }
  }
  void click(double x, double y) {
    inputs.move(x, y);
    inputs.button(0, GLFW_PRESS);
    inputs.button(0, GLFW_RELEASE);
    inputs.move(380, 280);
  }
  void key(int which) {
    inputs.key(which, 0, GLFW_PRESS);
    inputs.key(which, 0, GLFW_RELEASE);
  }
  void type(const std::string &characters) {
    for (const char each : characters) {
      inputs.key(GLFW_KEY_A + each - 'a', 0, GLFW_PRESS);
      inputs.character(static_cast<unsigned char>(each));
      inputs.key(GLFW_KEY_A + each - 'a', 0, GLFW_RELEASE);
    }
  }

  Inputs inputs;
  std::string text, typed, shortcuts;
  std::vector<std::string> entered;
  int clicks = 0, presses = 0;
};

TEST_F(InputsTest, AClickIsWhereItWasMade) {
  click(50, 115);
  EXPECT_TRUE(inputs.wait());
  frames(4);
  EXPECT_FALSE(inputs.wait());
  EXPECT_EQ(clicks, 1);
  click(50, 115);
  click(50, 115);
  click(250, 115);
  frames(10);
  EXPECT_EQ(clicks, 3);
}

TEST_F(InputsTest, WhatIsTypedAfterAClickIsForTheFieldThere) {
  click(50, 20);
  type("style");
  frames(10);
  EXPECT_EQ(text, "style");
  EXPECT_EQ(shortcuts, "");
}

TEST_F(InputsTest, WhatIsTypedAfterEnterIsNotEntered) {
  click(50, 20);
  type("abc");
  key(GLFW_KEY_BACKSPACE);
  type("d");
  key(GLFW_KEY_ENTER);
  type("s");
  frames(12);
  EXPECT_EQ(entered, std::vector<std::string>{"abd"});
  EXPECT_EQ(shortcuts, "s");
}

TEST_F(InputsTest, ControlIsOfTheKeysThatItIsHeldWith) {
  click(50, 20);
  type("abc");
  frames(5);
  inputs.key(GLFW_KEY_LEFT_CONTROL, 0, GLFW_PRESS);
  key(GLFW_KEY_A); // all
  inputs.key(GLFW_KEY_LEFT_CONTROL, 0, GLFW_RELEASE);
  type("d");
  frames(6);
  EXPECT_EQ(text, "d");
  // Held before the frame, and let go in it.
  inputs.key(GLFW_KEY_LEFT_CONTROL, 0, GLFW_PRESS);
  frames(1);
  inputs.key(GLFW_KEY_A, 0, GLFW_PRESS);
  inputs.key(GLFW_KEY_LEFT_CONTROL, 0, GLFW_RELEASE);
  inputs.key(GLFW_KEY_A, 0, GLFW_RELEASE);
  type("e");
  frames(6);
  EXPECT_EQ(text, "e");
}

TEST_F(InputsTest, LongTextTakesFewFrames) {
  click(50, 20);
  frames(2);
  type("abcdefghij");
  frames(1);
  EXPECT_EQ(text, "abcdefghij");
}

TEST_F(InputsTest, EveryPressCounts) {
  for (int i = 0; i < 3; ++i)
    key(GLFW_KEY_F1);
  frames(8);
  EXPECT_EQ(presses, 3);
}

} // namespace
} // namespace convscope::viewer
