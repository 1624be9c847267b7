// Small nets that Keras wrote (tools/cases/keras.py): what Keras computes with them, at each size.
#include <filesystem>

#include <gtest/gtest.h>

#include "graph/names.h"
#include "importer/keras_model.h"
#include "io/npy.h"
#include "reference/network.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

const fs::path cases = fs::path(CONVSCOPE_SOURCE_DIR) / "tests" / "cases" / "keras";

// picture() of tools/cases/keras.py. A net of grey pictures gets three alike channels.
reference::Tensor picture(int h, int w) {
  reference::Tensor image(1, 3, h, w);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x)
        image.at(0, c, y, x) = static_cast<float>((7 * c + 3 * y * y + 5 * x + 11 * x * y) % 251) / 125.0 - 1;
  return image;
}

// "out.113x97.npy": the layer, and the size of the picture.
struct Check {
  std::string layer;
  int w = 0, h = 0;
};
Check check_of(const fs::path &file) {
  const std::string stem = file.stem().string();
  const std::size_t dot = stem.find('.'), cross = stem.find('x', dot);
  return {stem.substr(0, dot), std::stoi(stem.substr(dot + 1)), std::stoi(stem.substr(cross + 1))};
}

void expect_keras_values(const fs::path &model, const fs::path &values) {
  SCOPED_TRACE(model.string() + " " + values.filename().string());
  const auto [layer, w, h] = check_of(values);
  const Graph graph = load_keras_model(model);
  const Array wanted = read_npy(values);
  const NodeId node = find_layer(graph, layer);
  const reference::Tensor found = reference::forward(graph, picture(h, w), node)[static_cast<std::size_t>(node)];
  const auto side = [&](std::size_t i) { return i < wanted.shape.size() ? static_cast<int>(wanted.shape[i]) : 1; };
  EXPECT_LT(reference::relative_error(found, reference::from_floats(wanted.data, side(0), side(1), side(2), side(3))),
            2e-5);
}

TEST(KerasCases, GiveKerasValues) {
  int checks = 0;
  for (const fs::directory_entry &folder : fs::directory_iterator(cases))
    for (const fs::directory_entry &file : fs::directory_iterator(folder))
      for (const char *model : {"model.keras", "model.h5"})
        if (file.path().extension() == ".npy" && fs::exists(folder.path() / model)) {
          expect_keras_values(folder.path() / model, file.path());
          ++checks;
        }
  EXPECT_GT(checks, 40);
}

const Node &node(const Graph &graph, const std::string &name) {
  return graph.nodes[static_cast<std::size_t>(find_layer(graph, name))];
}
std::string reason(const Graph &graph, const std::string &name) {
  const auto *op = std::get_if<Unsupported>(&node(graph, name).op);
  return op ? op->reason : "";
}

TEST(KerasCases, SigmoidsAreClassifiers) {
  const Graph labels = load_keras_model(cases / "multilabel" / "model.keras");
  EXPECT_EQ(node(labels, "out").name, labels.nodes[static_cast<std::size_t>(labels.probabilities)].name);
  EXPECT_TRUE(std::holds_alternative<Dense>(labels.nodes[static_cast<std::size_t>(labels.logits)].op));
  const Graph unit = load_keras_model(cases / "one_unit" / "model.keras");
  EXPECT_EQ(unit.nodes[static_cast<std::size_t>(unit.logits)].name, "score");
  EXPECT_EQ(unit.nodes[static_cast<std::size_t>(unit.probabilities)].name, "probability");
}

TEST(KerasCases, ThePictureIsTheColouredInput) {
  for (const char *model : {"model.keras", "model.h5"}) {
    const Graph graph = load_keras_model(cases / "mask_first" / model);
    EXPECT_EQ(graph.nodes[0].name, "rgb");
    EXPECT_EQ(reason(graph, "mask"), "it is an input besides the picture");
    EXPECT_EQ(reason(graph, "masked"), "it comes after mask, which is not supported");
    EXPECT_EQ(reason(graph, "out"), "");
  }
}

TEST(KerasCases, ClassesOfOnesOwnAreNamed) {
  for (const char *model : {"model.keras", "model.h5"}) {
    EXPECT_EQ(reason(load_keras_model(cases / "nameless" / model), "my"),
              "its class 'My' is none of Keras's, and the file does not hold its code");
    EXPECT_EQ(reason(load_keras_model(cases / "foreign" / model), "relu"),
              "its class 'ReLU' is none of Keras's, and the file does not hold its code");
  }
}

} // namespace
} // namespace convscope
