#include "visualization/objective.h"

#include <gmock/gmock.h>

#include "graph/shapes.h"
#include "optimizing/optimizing.h"
#include "optimizing/toy_net.h"
#include "reference/network.h"
#include "visualization/gradient.h"

namespace convscope {
namespace {

using Kind = TermKind;

Objective parse(std::string_view text) {
  return parse_objective(text, toy_net(), {"cat", "dog", "great dane", "dane"});
}

struct Simple {
  std::string layer;
  Kind kind;
  int channel;
  double weight;
  bool operator==(const Simple &) const = default;
};
std::ostream &operator<<(std::ostream &out, const Simple &s) {
  return out << s.weight << "*" << s.layer << ":" << s.channel << "/" << int(s.kind);
}

// On a canvas of another size: whatever the sides, inside, in order, and the same places at the same size.
TEST(Objectives, PositionsMoveWithTheMap) {
  const Graph graph = toy_net();
  const auto moved = [&](const std::string &text, int from_w, int from_h, int to_w, int to_h) {
    const Objective objective = parse(text);
    std::vector<Shape> from(graph.nodes.size()), to(graph.nodes.size());
    from[std::size_t(objective.terms[0].layer)] = {6, from_h, from_w};
    to[std::size_t(objective.terms[0].layer)] = {6, to_h, to_w};
    return at_size(objective, from, to).terms[0].positions;
  };
  const Positions same = parse("conv1:2@3,4").terms[0].positions;
  EXPECT_EQ(moved("conv1:2@3,4", 9, 7, 9, 7), same);
  EXPECT_EQ(moved("conv1:2", 9, 7, 8, 6), parse("conv1:2").terms[0].positions);
  EXPECT_EQ(moved("conv1:2@center", 9, 7, 8, 6), parse("conv1:2@center").terms[0].positions);
  for (const int to : {1, 5, 8, 9, 10, 23})
    for (int x = 0; x < 9; ++x) {
      const Positions at = moved("conv1:2@" + std::to_string(x) + ",0", 9, 1, to, 1);
      EXPECT_EQ(at.x, int((x + 0.5) / 9 * to));
      EXPECT_EQ(at.width, 1);
      EXPECT_EQ(at.height, 1);
    }
}

std::vector<Simple> terms_of(std::string_view text) {
  const Graph graph = toy_net();
  std::vector<Simple> result;
  for (const Term &term : parse(text).terms)
    result.push_back({graph.nodes[std::size_t(term.layer)].name, term.kind, term.channel, term.weight});
  return result;
}

TEST(Objectives, AreRead) {
  using Terms = std::vector<Simple>;
  EXPECT_EQ(terms_of("conv1:3"), (Terms{{"conv1", Kind::channel, 3, 1}}));
  EXPECT_EQ(terms_of(" conv1 "), (Terms{{"conv1", Kind::mean_square, -1, 1}}));
  EXPECT_EQ(terms_of("block/conv-2:4@center"), (Terms{{"block/conv-2", Kind::channel, 4, 1}}));
  EXPECT_EQ(terms_of("-conv1:3"), (Terms{{"conv1", Kind::channel, 3, -1}}));
  EXPECT_EQ(terms_of("2*add.3:1 - 0.5*conv1 + block/conv-2:0"), (Terms{{"conv1", Kind::mean_square, -1, -0.5},
                                                                       {"block/conv-2", Kind::channel, 0, 1},
                                                                       {"add.3", Kind::channel, 1, 2}}));
  EXPECT_EQ(terms_of("conv1:1-conv1:2+1e-1*conv1:3@1,2"),
            (Terms{{"conv1", Kind::channel, 1, 1}, {"conv1", Kind::channel, 2, -1}, {"conv1", Kind::channel, 3, 0.1}}));
  EXPECT_EQ(terms_of("logit:2"), (Terms{{"dense", Kind::channel, 2, 1}}));
  EXPECT_EQ(terms_of("logit:great dane - logit:cat"),
            (Terms{{"dense", Kind::channel, 2, 1}, {"dense", Kind::channel, 0, -1}}));
  EXPECT_EQ(parse("conv1:0@7,3").terms[0].positions.x, 7);
  EXPECT_EQ(parse("conv1:0@7,3").terms[0].positions.y, 3);
}

// What a text field underlines: the part of the text as it was given.
TEST(Objectives, TellWhatOfTheTextIsWrong) {
  const auto wrong = [](const std::string &text) {
    try {
      const Graph graph = toy_net();
      check_objective(parse(text), graph, infer_shapes(graph, {3, 12, 10}));
    } catch (const ObjectiveError &error) {
      EXPECT_LE(error.at + error.length, text.size() + 1) << text;
      return text.substr(std::min(error.at, text.size()), error.length);
    }
    ADD_FAILURE() << text << " is right";
    return std::string();
  };
  EXPECT_EQ(wrong("conv1:3 + conb1:2"), "conb1");
  EXPECT_EQ(wrong("  conv1:3 + conb1:2 "), "conb1") << "spaces before it count";
  EXPECT_EQ(wrong("conv1:x - conv1"), "x");
  EXPECT_EQ(wrong("conv1:3 conv1"), "conv1");
  EXPECT_EQ(wrong("conv1:3 +"), "");
  EXPECT_EQ(wrong("caricture(conv1)"), "caricture");
  EXPECT_EQ(wrong("conv1:1 - caricature(conv7)"), "conv7");
  EXPECT_EQ(wrong("logit:cat + logit:cow"), "cow");
  EXPECT_EQ(wrong("conv1:1 - 2*conv1:999 + conv1"), "2*conv1:999") << "a channel that it has not";
  EXPECT_EQ(wrong("conv1:1@99,99 - conv1"), "conv1:1@99,99");
  EXPECT_EQ(wrong("   "), "   ");
}

TEST(Objectives, TermsKnowWhereTheyStand) {
  const std::string text = " -conv1:1 + 0.5*block/conv-2:0 - tv";
  std::vector<std::string> parts;
  for (const Term &term : parse(text).terms)
    parts.push_back(text.substr(term.at, term.length));
  EXPECT_THAT(parts, testing::UnorderedElementsAre("conv1:1", "0.5*block/conv-2:0", "tv"));
}

TEST(Objectives, ReadNamesWithAnySigns) {
  Graph graph = toy_net();
  const auto named = [&](NodeId id, const char *name) { graph.nodes[static_cast<std::size_t>(id)].name = name; };
  const NodeId conv1 = find_layer(graph, "conv1"), conv2 = find_layer(graph, "block/conv-2"),
               add = find_layer(graph, "add.3"), pool = find_layer(graph, "pool1");
  named(conv1, "model/conv1/Relu");
  graph.nodes[static_cast<std::size_t>(conv1)].aliases = {"model/conv1/Relu:0"};
  named(conv2, "-2*a b+c@1,2:7");
  named(add, "2*x");
  named(pool, "x");
  const auto read = [&](std::string_view text) {
    std::vector<std::pair<NodeId, int>> layers;
    for (const Term &term : parse_objective(text, graph).terms)
      layers.emplace_back(term.layer, term.channel);
    return layers;
  };
  using Layers = std::vector<std::pair<NodeId, int>>;
  EXPECT_EQ(read("model/conv1/Relu:0"), (Layers{{conv1, 0}}));
  EXPECT_EQ(read("model/conv1/Relu:0:5"), (Layers{{conv1, 5}}));
  EXPECT_EQ(read("conv1:3"), (Layers{{conv1, 3}}));
  EXPECT_EQ(read("-2*a b+c@1,2:7"), (Layers{{conv2, -1}}));
  EXPECT_EQ(read("0.5*-2*a b+c@1,2:7:4@center + conv1"), (Layers{{conv1, -1}, {conv2, 4}}));
  EXPECT_EQ(read("2*x:1"), (Layers{{add, 1}}));
  EXPECT_EQ(read("2 * x:1"), (Layers{{pool, 1}}));
  EXPECT_EQ(parse_objective("2 * x:1", graph).terms[0].weight, 2);
}

TEST(Objectives, ReadClassesByPartsOfTheirNames) {
  const Graph graph = toy_net();
  const std::vector<std::string> labels{"tabby, tabby cat", "tiger cat", "black-and-tan Coonhound", "7up bottle"};
  const auto channel = [&](std::string_view text) { return parse_objective(text, graph, labels).terms[0].channel; };
  EXPECT_EQ(channel("logit:tabby"), 0);
  EXPECT_EQ(channel("logit:Tabby Cat"), 0);
  EXPECT_EQ(channel("logit:TIGER"), 1);
  EXPECT_EQ(channel("logit:ger ca"), 1);
  EXPECT_EQ(channel("logit:coonhound"), 2);
  EXPECT_EQ(parse_objective("logit:coonhound - 2*conv1:1", graph, labels).canonical, "-2*conv1:1 + dense:2");
  EXPECT_EQ(channel("logit:black-and-tan"), 2);
  EXPECT_EQ(channel("logit:7up"), 3);
  EXPECT_EQ(channel("logit:3"), 3);
  EXPECT_EQ(error_of([&] { channel("logit:cat"); }),
            "objective 'logit:cat': class 'cat' could be 0 (tabby, tabby cat), 1 (tiger cat)");
  EXPECT_EQ(error_of([&] { channel("logit:dog"); }), "objective 'logit:dog': no class 'dog' in toy");
  EXPECT_NE(error_of([&] { channel("logit:"); }).find("no class ''"), std::string::npos);
}

TEST(Objectives, SameMeaningSameNumbers) {
  EXPECT_EQ(parse("conv1:3").canonical, "conv1:3");
  EXPECT_EQ(parse("  1*conv1:3").canonical, "conv1:3");
  EXPECT_EQ(parse("logit:dog").canonical, parse("logit:1").canonical);
  EXPECT_EQ(parse("conv1:3 - 0.5*conv1").canonical, parse("conv1:3-0.5*conv1").canonical);
  EXPECT_NE(parse("conv1:3@center").canonical, parse("conv1:3").canonical);
  EXPECT_EQ(parse(" conv1:3 -conv1 ").text, "conv1:3 -conv1");
}

TEST(Objectives, ErrorsPointAtThePlace) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"conv1:b", "objective 'conv1:b': expected a channel number at column 7"},
      {"conv1:", "objective 'conv1:': expected a channel number at column 7"},
      {"conv1:99999999999", "expected a channel number at column 7"},
      {"conv1:1@3", "expected ',' between x and y at column 10"},
      {"conv1:1@3,", "expected a number for y at column 11"},
      {"conv1:1@middle", "expected a position, such as @3,5 or @center, at column 9"},
      {"conv1:1 conv1:2", "expected '+' or '-' at column 9"},
      {"conv1:1 +", "expected a layer at column 10"},
      {"", "objective '': expected a layer"},
      {"conv7:1", "no layer 'conv7' in toy"},
      {"conv1:0 + pol1:3", "did you mean 'pool1'?"},
      {"conv1:0 + pol1:3", "column 11"},
      {"conv1/pr:0", "no layer 'conv1/pr' in toy"},
      {"input:0", "'input' is the net's input"},
      {"conv1:0 - diversity", "'diversity' is written diversity(layer)"},
      {"L1", "'L1' is written l1(c)"},
      {"1e*conv1:3", "expected a number before '*' at column 1"},
      {"1e999*conv1:3", "expected a number before '*'"},
      {"logit:dawg", "no class 'dawg' in toy (did you mean 'dog'?)"},
  };
  for (const auto &[text, part] : cases) {
    const std::string error = error_of([&text = text] { parse(text); });
    EXPECT_NE(error.find(part), std::string::npos) << text << " -> " << error;
  }
  Graph headless = toy_net();
  headless.logits = -1;
  EXPECT_EQ(error_of([&] { parse_objective("logit:1", headless); }),
            "objective 'logit:1': toy has no classifier, so no logits; LAYER:CHANNEL is one of any layer's channels");
}

TEST(Objectives, MapsHaveLimits) {
  const Graph graph = toy_net();
  const auto shapes = infer_shapes(graph, {3, 12, 10});
  const auto check = [&](const char *text) { check_objective(parse(text), graph, shapes); };
  EXPECT_EQ(error_of([&] { check("conv1:6"); }), "objective 'conv1:6': conv1 has channels 0 to 5");
  EXPECT_EQ(error_of([&] { check("add.3:1@5,0"); }),
            "objective 'add.3:1@5,0': at this image size the map of add.3 is 5x6, so x is 0 to 4 and y 0 to 5");
  EXPECT_EQ(error_of([&] { check("logit:4"); }), "objective 'logit:4': dense has channels 0 to 3");
  EXPECT_EQ(error_of([&] { check("add.3:5@4,5"); }), "no error");
}

TEST(Objectives, BatchesReadTheSameLayers) {
  const auto groups = group_into_batches({parse("conv1:1"), parse("add.3:2"), parse("conv1:5@center"), parse("conv1"),
                                          parse("conv1:1 + add.3"), parse("add.3:1 - conv1")});
  EXPECT_EQ(groups, (std::vector<std::vector<std::size_t>>{{0, 2, 3}, {1}, {4, 5}}));
}

reference::Objective reference_term(const Term &term, const Shape &shape) {
  using ReferenceKind = reference::Objective::Kind;
  if (term.kind == Kind::mean_square)
    return {ReferenceKind::MeanSquare, 0, 0, 0};
  const Positions &at = term.positions;
  if (at.kind == Positions::Kind::all)
    return {ReferenceKind::ChannelMean, term.channel, 0, 0};
  const bool centre = at.kind == Positions::Kind::centre;
  return {ReferenceKind::Unit, term.channel, centre ? shape.w / 2 : at.x, centre ? shape.h / 2 : at.y};
}

class ObjectiveGradients : public Optimizing, public ::testing::WithParamInterface<const char *> {};

TEST_P(ObjectiveGradients, AreTheReferences) {
  const Graph graph = toy_net();
  const Objective objective = parse(GetParam());
  const auto floats = reference::to_floats(reference::random_tensor(3, 3, 12, 10, 1));
  const auto input = reference::from_floats(floats, 3, 3, 12, 10);
  vulkan::Programs &cache = programs();
  Weights weights(cache.device());
  const auto result = gradient_of(cache, weights, graph, {{3, 3, 12, 10}, floats}, objective, Precision::fp32);

  const auto shapes = infer_shapes(graph, {3, 12, 10});
  reference::Tensor gradient(3, 3, 12, 10);
  std::vector<double> values(3);
  for (const Term &term : objective.terms) {
    const auto term_at_layer = reference_term(term, shapes[std::size_t(term.layer)]);
    const auto ascent = reference::input_gradient(graph, input, term.layer, {3, term_at_layer});
    for (std::size_t i = 0; i < gradient.data.size(); ++i)
      gradient.data[i] += term.weight * ascent.gradient.data[i];
    for (std::size_t n = 0; n < 3; ++n)
      values[n] += term.weight * ascent.values[n];
  }
  EXPECT_LT(relative_error(result.gradient.data, gradient), 1e-5);
  for (std::size_t n = 0; n < 3; ++n)
    EXPECT_NEAR(result.values[n], values[n], 1e-5 * (std::abs(values[n]) + 0.1));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ObjectiveGradients,
                         ::testing::Values("conv1:2", "conv1:2@3,7", "conv1", "block/conv-2:1@center", "add.3",
                                           "pool1:4", "logit:3", "2*conv1:1 - 0.5*conv1 + conv1:3@9,11",
                                           "add.3:0 + conv1:1 - 0.25*logit:2 + block/conv-2"));

using Activations = Optimizing;

TEST_F(Activations, AreTheReferences) {
  const Graph graph = toy_net();
  const auto floats = reference::to_floats(reference::random_tensor(2, 3, 12, 10, 2));
  const auto expected = reference::forward(graph, reference::from_floats(floats, 2, 3, 12, 10));
  Weights weights(programs().device());
  const std::vector<NodeId> layers{find_layer(graph, "dense"), find_layer(graph, "conv1"), find_layer(graph, "add.3")};
  const auto arrays = activations_of(programs(), weights, graph, {{2, 3, 12, 10}, floats}, layers, Precision::fp32);
  ASSERT_EQ(arrays.size(), 3U);
  EXPECT_EQ(arrays[1].shape, (std::vector<std::int64_t>{2, 6, 12, 10}));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_LT(relative_error(arrays[i].data, expected[std::size_t(layers[i])]), 1e-6);
}

TEST_F(Activations, InputsAreChecked) {
  const Graph graph = toy_net();
  Weights weights(programs().device());
  const auto error = [&](const Array &input) {
    return error_of([&] { activations_of(programs(), weights, graph, input, 2, Precision::fp32); });
  };
  EXPECT_NE(error({{3, 12, 10}, std::vector<float>(360)}).find("(N, C, H, W)"), std::string::npos);
  EXPECT_NE(error({{1, 4, 12, 10}, std::vector<float>(480)}), "no error");
  EXPECT_NE(error({{1, 3, 2, 2}, std::vector<float>(12, NAN)}).find("not finite"), std::string::npos);
}

} // namespace
} // namespace convscope
