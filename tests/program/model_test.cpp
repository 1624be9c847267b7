// Models, how their input is prepared, and what their classes are called.
#include "program/program.h"

#include <cmath>

#include "io/npy.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

class Models : public ProgramTest {
protected:
  Arguments features(const std::string &model, const std::string &layer, const Arguments &more,
                     const std::string &name) const {
    Arguments all = {"features", "--offscreen", "--model", model, "--image",     cat_photo, "--layer",
                     layer,      "--channels",  "0-3",     "-o",  name + ".png", "--npy",   name + ".npy"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Models, InputsArePreparedAsAsked) {
  const auto make = [&](const std::string &name, const Arguments &more) {
    done(features("alexnet", "conv1", more, name), {name + ".png", name + ".npy"});
    return npy(name + ".npy");
  };
  const Array usual = make("usual", {});
  const Array torch = make("torch", {"--preprocess", "mean=.485,.456,.406,std=.229,.224,.225"});
  EXPECT_EQ(usual.data, torch.data);
  EXPECT_EQ(make("raw", {"--input-range", "raw"}).data, make("raw01", {"--preprocess", "raw01"}).data);
  const Array tf = make("tf", {"--preprocess", "tf"});
  EXPECT_GT(relative_l2(tf, usual), 0.01);
  // The picture carries it.
  done({"replay", "tf.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("tf.png"));
}

TEST_F(Models, WhatCanNotBeUsedIsRefused) {
  const auto with = [&](const Arguments &more) {
    Arguments all = features("alexnet", "conv1", {}, "a");
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  refused(with({"--preprocess", "torhc"}), {"--preprocess", "'torch'"});
  refused(with({"--preprocess", "mean=1,2"}), {"--preprocess", "2 channels", "has 3"});
  refused(with({"--preprocess", "tf", "--input-range", "raw"}), {"--preprocess", "--input-range"});
  refused(with({"--labels", cat_photo}), {"chelsea.png", "alexnet"});
  refused({"layers", "--model", "vgg.onnx"}, {"vgg.onnx", "no such file"});
  refused({"layers", "--model", "vgg.h5", "--weights", "x.h5"}, {"--weights", "vgg.h5"});
  put("net.pt", "PK");
  refused({"layers", "--model", "net.pt"}, {"net.pt", "no net"});
}

} // namespace
} // namespace convscope
