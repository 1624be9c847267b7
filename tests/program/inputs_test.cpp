// Nets whose input is not one RGB picture, through the program.
#include "program/program.h"

#include "importers/onnx_builder.h"
#include "io/npy.h"

namespace convscope {
namespace {

class Inputs : public ProgramTest {
protected:
  Arguments features(const Arguments &more = {}) const {
    Arguments all = {"features", "--offscreen", "--model", "net.onnx", "--image",
                     cat_photo,  "--layer",     "conv",    "-o",       "maps.png"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Inputs, ANetForFourChannelsNeedsToKnowWhichAreRgb) {
  net_of_planes(4, 16).save(path("net.onnx"));
  refused(features(), {"net.onnx", "4 channels", "--rgb 0,1,2"});
  const Result told = done(features({"--rgb", "2,1,0"}), {"maps.png"});
  EXPECT_NE(told.err.find("channels 2, 1, 0"), std::string::npos) << told.told;
  done({"replay", "maps.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("maps.png"));
  refused(features({"--rgb", "0,1,4"}), {"--rgb", "no channel 4"});
  for (const char *wrong : {"0,1", "0,1,1", "0,1,-2", "r,g,b", "0,1,2,3"})
    refused(features({"--rgb", wrong}), {"--rgb", "three different channels"});
}

TEST_F(Inputs, AGreyNetGetsTheLumaAndExactTensorsItsOwnChannels) {
  net_of_planes(1, 16).save(path("net.onnx"));
  const Result told = done(features(), {"maps.png"});
  EXPECT_NE(told.err.find("luma 0..1"), std::string::npos) << told.told;
  write_npy(path("x.npy"), {{1, 1, 16, 16}, std::vector<float>(256, 0.5F)});
  done({"activations", "--model", "net.onnx", "--input", "x.npy", "--layer", "conv", "-o", "y.npy"}, {"y.npy"});
  done({"gradient", "--model", "net.onnx", "--input", "x.npy", "--objective", "conv:1", "-o", "g.npy"}, {"g.npy"});
  EXPECT_EQ(npy("g.npy").shape, (std::vector<std::int64_t>{1, 1, 16, 16}));
  write_npy(path("x3.npy"), {{1, 3, 16, 16}, std::vector<float>(768, 0.5F)});
  refused({"activations", "--model", "net.onnx", "--input", "x3.npy", "--layer", "conv", "-o", "z.npy"},
          {"x3.npy", "(1, 3, 16, 16)", "(N, 1, H, W)"});
  refused(features({"--preprocess", "torch"}), {"'torch'", "3 channels", "1"});
}

TEST_F(Inputs, FurtherOnesAreSetAndReplayed) {
  OnnxBuilder model = net_of_planes(3, 16);
  for (const char *name : {"gain", "extra"}) {
    auto *input = model.model.mutable_graph()->add_input();
    input->set_name(name);
    input->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    auto *shape = input->mutable_type()->mutable_tensor_type()->mutable_shape();
    for (const int side : {1, 4, 1, 1})
      if (name == std::string("extra"))
        shape->add_dim()->set_dim_value(side);
  }
  model.node("Mul", {"conv", "gain"}, "scaled");
  model.node("Add", {"scaled", "extra"}, "shifted");
  model.output("shifted");
  model.save(path("net.onnx"));
  const auto maps = [&](const std::string &picture, const Arguments &more) {
    Arguments all = {"features", "--offscreen", "--model", "net.onnx", "--image", cat_photo,
                     "--layer",  "shifted",     "-o",      picture,    "--npy",   "maps.npy"};
    all.insert(all.end(), more.begin(), more.end());
    done(all, {picture, "maps.npy"});
    const Array values = npy("maps.npy");
    std::filesystem::remove(path("maps.npy"));
    return values;
  };
  refused({"features", "--offscreen", "--model", "net.onnx", "--image", cat_photo, "--layer", "shifted", "-o", "a.png"},
          {"extra", "--set"});
  write_npy(path("extra.npy"), {{1, 4, 1, 1}, {1, 2, 3, 4}});
  const Array one = maps("one.png", {"--set", "extra=extra.npy"});
  const Array half = maps("half.png", {"--set", "extra=extra.npy", "--set", "gain=0.5"});
  for (std::size_t i = 0; i < one.data.size(); i += 37) {
    const float shift = static_cast<float>(1 + i * 4 / one.data.size());
    EXPECT_NEAR(half.data[i] - shift, (one.data[i] - shift) / 2, 1e-4);
  }
  done({"replay", "half.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("half.png"));
  write_npy(path("extra.npy"), {{1, 4, 1, 1}, {1, 2, 3, 5}});
  refused({"replay", "half.png", "-o", "b.png"}, {"half.png", "another", "extra.npy"});
  const Arguments layers{"layers", "--model", "net.onnx"};
  const auto refuse = [&](const Arguments &more, const std::vector<std::string> &words) {
    Arguments all = layers;
    all.insert(all.end(), more.begin(), more.end());
    refused(all, words);
  };
  refuse({"--set", "gain"}, {"--set gain"});
  refuse({"--set", "gain=1", "--set", "gain=2"}, {"'gain' is given twice"});
  refuse({"--set", "lost=1"}, {"no input 'lost'", "'gain'"});
  refuse({"--set", "gain=none.npy"}, {"none.npy"});
  refuse({"--input-name", "y"}, {"--input-name", "no input 'y'", "'x' (1x3x16x16)"});
}

} // namespace
} // namespace convscope
