// Models that are files, made by the test: what lies beside them, what they can't do, and pictures made again from
// them.
#include "program/program.h"

#include <fstream>

#include "importers/onnx_builder.h"
#include "io/npy.h"

namespace convscope {
namespace {

// conv -> relu -> mean -> flat -> logits of 5 classes -> prob
OnnxBuilder classifier() {
  OnnxBuilder model({1, 3, 32, 32});
  model.weights("w", {8, 3, 3, 3});
  model.weights("b", {8});
  set(model.node("Conv", {"x", "w", "b"}, "conv"), "pads", std::vector<std::int64_t>{1, 1, 1, 1});
  model.node("Relu", {"conv"}, "relu");
  model.node("GlobalAveragePool", {"relu"}, "mean");
  model.node("Flatten", {"mean"}, "flat");
  model.weights("head", {8, 5});
  model.node("Gemm", {"flat", "head"}, "logits");
  model.node("Softmax", {"logits"}, "prob");
  model.output("prob");
  return model;
}

class ModelFiles : public ProgramTest {
protected:
  ModelFiles() { classifier().save(path("net.onnx")); }

  Array maps(const Arguments &more = {}) const {
    Arguments all = {"features", "--offscreen", "--model", "net.onnx", "--image", cat_photo,
                     "--layer",  "conv",        "-o",      "maps.png", "--npy",   "maps.npy"};
    all.insert(all.end(), more.begin(), more.end());
    done(all, {"maps.png", "maps.npy"});
    return npy("maps.npy");
  }
  std::set<std::string> classes(const Arguments &more = {}) const {
    Arguments all = {"classify", "--model", "net.onnx", "--image", cat_photo, "--json"};
    all.insert(all.end(), more.begin(), more.end());
    std::set<std::string> labels;
    for (const auto &row : parse_json(done(all).out))
      labels.insert(row.at("label").get<std::string>());
    return labels;
  }
  Arguments optimize(const std::string &objective, const std::string &picture) const {
    return {"optimize", "--offscreen", "--model", "net.onnx", "--objective", objective, "--steps",
            "3",        "--size",      "32",      "--recipe", "plain",       "-o",      picture};
  }
};

TEST_F(ModelFiles, ASidecarTellsHowInputsArePrepared) {
  const Array torch = maps(), tf = maps({"--preprocess", "tf"});
  EXPECT_GT(relative_l2(tf, torch), 0.01);
  put("net.onnx.convscope.json", R"({"preprocess": "tf"})");
  EXPECT_EQ(maps().data, tf.data);
  EXPECT_EQ(maps({"--preprocess", "torch"}).data, torch.data) << "the option beats it";
  put("net.onnx.convscope.json", R"({"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]})");
  EXPECT_LT(relative_l2(maps(), tf), 1e-5);
  put("net.onnx.convscope.json", R"({"maen": [0.5, 0.5, 0.5]})");
  refused({"layers", "--model", "net.onnx"}, {"net.onnx.convscope.json", "maen", "'mean'"});
}

TEST_F(ModelFiles, ClassesHaveTheNamesOfAFile) {
  const std::set<std::string> names{"ant", "bee", "cat", "dog", "elk"};
  put("names.txt", "ant\nbee\ncat\ndog\nelk\n");
  EXPECT_EQ(classes({"--labels", "names.txt"}), names);
  put("net.onnx.convscope.json", R"({"labels": "names.txt"})");
  EXPECT_EQ(classes(), names);
  done(optimize("logit:cat", "cat.png"), {"cat.png"});
  refused(optimize("logit:cow", "cow.png"), {"cow"});
  put("few.txt", "ant\nbee\n");
  refused({"classify", "--model", "net.onnx", "--image", cat_photo, "--labels", "few.txt"}, {"few.txt", "5"});
}

TEST_F(ModelFiles, APictureIsMadeAgainFromTheSameFileAlone) {
  done(optimize("relu:3", "a.png"), {"a.png"});
  done({"replay", "a.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("a.png"));
  std::filesystem::rename(path("net.onnx"), path("moved.onnx"));
  refused({"replay", "a.png", "-o", "b.png"}, {"net.onnx"});
  done({"replay", "a.png", "--weights", "moved.onnx", "-o", "moved.png"}, {"moved.png"});
  EXPECT_EQ(bytes("moved.png"), bytes("a.png"));
  OnnxBuilder other = classifier();
  other.model.set_producer_name("other");
  other.save(path("net.onnx"));
  refused({"replay", "a.png", "-o", "b.png"}, {"a.png", "another net.onnx"});
}

TEST_F(ModelFiles, WeightsBesideTheModelBelongToIt) {
  OnnxBuilder model = classifier();
  onnx::TensorProto &weights = *model.model.mutable_graph()->mutable_initializer(0);
  std::string data = weights.raw_data();
  put("net.onnx.data", data);
  set_external(weights, "net.onnx.data", "0", std::to_string(data.size()));
  model.save(path("net.onnx"));
  done(optimize("relu:3", "a.png"), {"a.png"});
  done({"replay", "a.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("a.png"));
  data[data.size() / 2] ^= 1;
  put("net.onnx.data", data);
  refused({"replay", "a.png", "-o", "b.png"}, {"a.png", "another net.onnx"});
}

// Its maps are (N,C,H,W), its vectors (N,C), whatever the file makes of them on the way.
TEST_F(ModelFiles, AVectorIsWrittenAsRowsOfTheBatch) {
  write_npy(path("x.npy"), {{2, 3, 32, 32}, std::vector<float>(2 * 3 * 32 * 32, 0.5F)});
  const auto shape = [&](const std::string &layer) {
    done({"activations", "--model", "net.onnx", "--input", "x.npy", "--layer", layer, "-o", "out.npy"}, {"out.npy"});
    const auto values = npy("out.npy").shape;
    std::filesystem::remove(path("out.npy"));
    return values;
  };
  EXPECT_EQ(shape("relu"), (std::vector<std::int64_t>{2, 8, 32, 32}));
  EXPECT_EQ(shape("flat"), (std::vector<std::int64_t>{2, 8}));
  EXPECT_EQ(shape("logits"), (std::vector<std::int64_t>{2, 5}));
  EXPECT_EQ(shape("prob"), (std::vector<std::int64_t>{2, 5}));
}

TEST_F(ModelFiles, ANetWorksBelowWhatCanNotBeRun) {
  OnnxBuilder model({1, 3, 32, 32});
  model.weights("w", {8, 3, 3, 3});
  model.node("Conv", {"x", "w"}, "conv");
  model.node("Relu", {"conv"}, "relu");
  model.node("Attention", {"relu"}, "attention");
  model.node("Sigmoid", {"attention"}, "gate");
  model.output("gate");
  model.save(path("net.onnx"));
  for (const char *objective : {"gate:3", "attention:3"})
    refused(optimize(objective, "a.png"), {"attention", "net.onnx", "'Attention'", "'relu'"});
  done(optimize("relu:3", "a.png"), {"a.png"});
  const auto layers = parse_json(done({"layers", "--model", "net.onnx", "--json"}).out);
  EXPECT_NE(layers.dump().find("attention"), std::string::npos);
}

// Grey, or of planes that are seen one by one, or as a picture where the user says how.
TEST_F(ModelFiles, ImagesForAnyNumberOfPlanes) {
  for (const int planes : {1, 2, 4, 6}) {
    SCOPED_TRACE(planes);
    net_of_planes(planes).save(path("net.onnx"));
    const auto optimize = [&](const std::vector<std::string> &objectives, const Arguments &more) {
      Arguments arguments{"optimize", "--offscreen", "--model", "net.onnx", "--size", "34x30",
                          "--steps",  "3",           "--lr",    "0.2",      "-o",     "vis.png"};
      for (const std::string &objective : objectives)
        arguments.insert(arguments.end(), {"--objective", objective});
      arguments.insert(arguments.end(), more.begin(), more.end());
      return arguments;
    };
    done(optimize({"conv:1"}, {"--npy", "vis.npy"}), {"vis.png", "vis.npy"});
    EXPECT_EQ(npy("vis.npy").shape, (std::vector<std::int64_t>{1, planes, 30, 34}));
    const PictureSize size = expect_picture(path("vis.png"));
    EXPECT_EQ(size == (PictureSize{34, 30}), planes == 1) << size.width << "x" << size.height;
    done({"replay", "vis.png", "-o", "again.png"}, {"again.png"});
    EXPECT_EQ(bytes("vis.png"), bytes("again.png"));
    std::filesystem::remove(path("again.png"));
    done(optimize({"conv:1", "conv:2"}, {"--frames", "frames"}),
         {"frames", "frames/frame-00000.png", "frames/frame-00001.png", "frames/frame-00002.png",
          "frames/frame-00003.png"});
    std::filesystem::remove_all(path("frames"));
    if (planes < 4)
      continue;
    done(optimize({"conv:1"}, {"--rgb", "3,1,0"}));
    EXPECT_EQ(expect_picture(path("vis.png")), (PictureSize{34, 30}));
    done({"replay", "vis.png", "-o", "again.png"}, {"again.png"});
    EXPECT_EQ(bytes("vis.png"), bytes("again.png"));
    std::filesystem::remove(path("again.png"));
  }
}

// The image has the proportions of what the net takes.
TEST_F(ModelFiles, AnImageForANetThatIsNotSquare) {
  net_with_head(16, 48).save(path("wide.onnx"));
  const auto optimize = [](const std::string &objective) {
    return Arguments{"optimize", "--offscreen", "--model", "wide.onnx", "--objective", objective,
                     "--recipe", "plain",       "--steps", "2",         "-o",          "vis.png"};
  };
  done(optimize("dense:1"), {"vis.png"});
  EXPECT_EQ(expect_picture(path("vis.png")), (PictureSize{222, 74}));
  done(optimize("conv:1"));
  EXPECT_EQ(expect_picture(path("vis.png")), (PictureSize{128, 128}));
}

// A net of 8x12 pixels is listed, with what a square does not reach.
// Its file's size is what it gets; at others rows are marked.
TEST_F(ModelFiles, ANetThatIsNotSquare) {
  net_with_head(8, 12).save(path("wide.onnx"));
  for (const char *size : {"", "20", "12x20", "12x8"}) {
    SCOPED_TRACE(size);
    Arguments arguments{"layers", "--model", "wide.onnx", "--json"};
    if (*size != 0)
      arguments.insert(arguments.end(), {"--input-size", size});
    const bool fits = *size == 0 || std::string(size) == "12x8";
    const auto layers = parse_json(done(arguments).out);
    for (const auto &layer : layers) {
      const std::string name = layer.at("name");
      EXPECT_EQ(layer.contains("problem"), name == "dense" && !fits) << layer.dump();
      EXPECT_EQ(layer.at("objective").get<bool>(), name == "conv" || name == "flat" || (name == "dense" && fits));
    }
  }
  const std::vector<Arguments> ways = {{}, {"--size", "24x16"}, {"--recipe", "plain"}, {"--input-size", "12x8"}};
  for (const Arguments &way : ways) {
    Arguments arguments{"optimize", "--offscreen", "--model", "wide.onnx", "--objective",
                        "dense:1",  "--steps",     "2",       "-o",        "vis.png"};
    arguments.insert(arguments.end(), way.begin(), way.end());
    done(arguments, {"vis.png"});
    std::filesystem::remove(path("vis.png"));
  }
  refused({"optimize", "--offscreen", "--model", "wide.onnx", "--objective", "dense:1", "--input-size", "20", "-o",
           "vis.png"},
          {"dense"});
}

} // namespace
} // namespace convscope
