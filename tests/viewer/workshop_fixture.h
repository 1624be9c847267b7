// A workshop without a window, on AlexNet and a cat: what it tells last is at hand.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "importers/temporary.h"
#include "viewer/workshop.h"

namespace convscope::viewer {

inline const std::string cat = CONVSCOPE_SOURCE_DIR "/docs/photos/chelsea.png"; // 451x300
inline const std::string cup = CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png";  // 300x200

class WorkshopFixture : public testing::Test {
protected:
  explicit WorkshopFixture(const std::string &layer) {
    wish_.model = {"alexnet", "", ""};
    wish_.layer = layer;
    wish_.wall_images = false;
    wish_.controls.recipe = recipe("plain");
  }
  void SetUp() override {
    session_.load(wish_.model);
    workshop_.emplace(
        session_, [this](Session &, const SavedPicture &picture) { saved_ = picture; },
        Workshop::Telling{[this](Snapshot snapshot, const Textures &textures) {
                            now_ = std::move(snapshot);
                            textures_ = textures;
                          },
                          [this](const Textures &textures) { textures_ = textures; }});
  }

  void obey() { workshop_->obey(wish_, std::nullopt); }
  // Works until the snapshot is as wanted; false where it never is.
  bool works_until(const std::function<bool()> &wanted) {
    for (int slice = 0; slice < 5000; ++slice) {
      if (wanted())
        return true;
      workshop_->work();
    }
    return false;
  }

  Wish wish_;
  Snapshot now_;
  Textures textures_;
  SavedPicture saved_;
  Session session_;
  std::optional<Workshop> workshop_;
};

// With an image of 64 pixels of one unit as its focus.
class FocusedWorkshop : public WorkshopFixture {
protected:
  FocusedWorkshop() : WorkshopFixture("conv5") {
    wish_.controls.size = 64;
    wish_.focus = Unit{"conv2", 5};
  }
  const RunState &first() const { return now_.focus.first; }

  TemporaryFolder folder_;
};

} // namespace convscope::viewer
