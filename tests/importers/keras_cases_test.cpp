// Small nets that Keras wrote (tools/cases/keras.py): what is known of them. Their values: tests/cases.
#include <filesystem>

#include <gtest/gtest.h>

#include "graph/names.h"
#include "importer/keras_model.h"
#include "importers/expect_error.h"
#include "importers/layer_of.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

const fs::path cases = fs::path(CONVSCOPE_SOURCE_DIR) / "tests" / "cases" / "keras";

std::string reason(const Graph &graph, const std::string &name) {
  const auto *op = std::get_if<Unsupported>(&layer_of(graph, name).op);
  return op ? op->reason : "";
}

TEST(KerasCases, SigmoidsAreClassifiers) {
  const Graph labels = load_keras_model(cases / "multilabel" / "model.keras");
  EXPECT_EQ(layer_of(labels, "out").name, labels.nodes[static_cast<std::size_t>(labels.probabilities)].name);
  EXPECT_TRUE(std::holds_alternative<Dense>(labels.nodes[static_cast<std::size_t>(labels.logits)].op));
  const Graph unit = load_keras_model(cases / "one_unit" / "model.keras");
  EXPECT_EQ(unit.nodes[static_cast<std::size_t>(unit.logits)].name, "score");
  EXPECT_EQ(unit.nodes[static_cast<std::size_t>(unit.probabilities)].name, "probability");
}

TEST(KerasCases, ThePictureIsTheColouredInput) {
  for (const char *model : {"mask_first/model.keras", "mask_first_h5/model.h5"}) {
    const Graph graph = load_keras_model(cases / model);
    EXPECT_EQ(graph.nodes[0].name, "rgb");
    EXPECT_TRUE(std::holds_alternative<Constant>(layer_of(graph, "mask").op));
    EXPECT_EQ(graph.notes, (std::vector<std::string>{"its input 'mask' is 1; --set changes that"}));
    EXPECT_EQ(reason(graph, "masked"), "");
    EXPECT_EQ(reason(graph, "out"), "");
    const Graph half = load_keras_model(cases / model, {"", {{"mask", {{}, {0.5F}}}}});
    EXPECT_EQ(std::get<Constant>(layer_of(half, "mask").op).values[3], 0.5F);
    EXPECT_TRUE(half.notes.empty());
    expect_error([&] { load_keras_model(cases / model, {"", {{"musk", {{}, {0.5F}}}}}); }, "it has no input 'musk'");
  }
}

TEST(KerasCases, ClassesOfOnesOwnAreNamed) {
  for (const char *ending : {"/model.keras", "_h5/model.h5"}) {
    EXPECT_EQ(reason(load_keras_model(cases.string() + "/nameless" + ending), "my"),
              "its class 'My' is none of Keras's, and the file does not hold its code");
    EXPECT_EQ(reason(load_keras_model(cases.string() + "/foreign" + ending), "relu"),
              "its class 'ReLU' is none of Keras's, and the file does not hold its code");
  }
}

} // namespace
} // namespace convscope
