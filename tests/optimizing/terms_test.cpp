// Each member of the family of terms against its definition: value and gradient, of a batch, through a toy net.
#include <gmock/gmock.h>

#include <functional>

#include "graph/names.h"
#include "optimizing/optimizing.h"
#include "optimizing/toy_net.h"
#include "plan/product.h"
#include "reference/network.h"
#include "reference/terms.h"
#include "visualization/gradient.h"
#include "visualization/objective.h"

namespace convscope {
namespace {

using reference::Tensor;
using ::testing::HasSubstr;

constexpr int images = 3, rows = 12, columns = 10;

std::vector<float> vector_of(const std::string &file) { // "6.npy"
  return reference::random_floats(static_cast<std::size_t>(std::stoi(file)), 7);
}

struct TermCase {
  std::string text, layer; // "": of the image
  std::function<double(const Tensor &own, const Tensor &photo, const Tensor &style)> value;
};
std::ostream &operator<<(std::ostream &out, const TermCase &c) { return out << c.text; }

class Terms : public Optimizing, public ::testing::WithParamInterface<TermCase> {};

TEST_P(Terms, AreTheirDefinitions) {
  const TermCase &c = GetParam();
  Graph graph = toy_net();
  graph.preprocessing = {{0, 1, 2}, {1, 1, 1}, {0, 0, 0}};
  const Objective objective = parse_objective(c.text, graph, {}, vector_of);
  const auto picture = [](unsigned seed) {
    return reference::rounded(reference::random_tensor(images, 3, rows, columns, seed));
  };
  const Tensor input = picture(1), photo = picture(2), style = picture(3);
  const auto array = [](const Tensor &t) { return Array{{t.n, t.c, t.h, t.w}, reference::to_floats(t)}; };

  double value = 0;
  Tensor gradient;
  if (c.layer.empty()) { // the input is the picture itself
    value = c.value(input, photo, style);
    const Tensor constant = reference::blur(input); // of the blur's term; others don't look at it
    gradient = reference::difference_gradient([&](const Tensor &x) { return c.value(x, constant, style); }, input);
  } else {
    const NodeId layer = find_layer(graph, c.layer);
    const auto outputs = reference::forward(graph, input, layer);
    const Tensor at = outputs[std::size_t(layer)];
    const Tensor photo_at = reference::forward(graph, photo, layer)[std::size_t(layer)];
    const Tensor style_at = reference::forward(graph, style, layer)[std::size_t(layer)];
    value = c.value(at, photo_at, style_at);
    const Tensor above =
        reference::difference_gradient([&](const Tensor &a) { return c.value(a, photo_at, style_at); }, at);
    gradient = reference::backward(graph, outputs, layer, above)[0];
  }

  Weights weights(programs().device());
  const auto result =
      gradient_of(programs(), weights, graph, array(input), objective, Precision::fp32, {array(photo), array(style)});
  double sum = 0;
  for (const double v : result.values)
    sum += v;
  EXPECT_EQ(result.values.size(), std::size_t(images));
  EXPECT_NEAR(sum, value, 1e-5 * std::abs(value));
  EXPECT_LT(relative_error(result.gradient.data, gradient), 1e-5);
}

const reference::Positions whole{0, 0, 10, 12}, middle{5, 6, 1, 1};

INSTANTIATE_TEST_SUITE_P(
    Family, Terms,
    ::testing::Values(
        TermCase{"conv1:2@1,3,4x5", "conv1",
                 [](const Tensor &a, auto &, auto &) {
                   return rectangle_mean(a, 2, {1, 3, 4, 5});
                 }},
        TermCase{"direction(conv1, 6.npy)", "conv1",
                 [](const Tensor &a, auto &, auto &) { return direction(a, vector_of("6"), 0, whole); }},
        TermCase{"-0.5*direction(conv1@center, 6.npy, 2.5)", "conv1",
                 [](const Tensor &a, auto &, auto &) { return -0.5 * direction(a, vector_of("6"), 2.5, middle); }},
        TermCase{"direction( conv1@7,2 , \"6.npy\" , 4 )", "conv1",
                 [](const Tensor &a, auto &, auto &) {
                   return direction(a, vector_of("6"), 4, {7, 2, 1, 1});
                 }},
        TermCase{"caricature(conv1)", "conv1",
                 [](const Tensor &a, const Tensor &p, auto &) { return caricature(a, p, 0); }},
        TermCase{"caricature(add.3, 0.5)", "add.3",
                 [](const Tensor &a, const Tensor &p, auto &) { return caricature(a, p, 0.5); }},
        TermCase{"caricature(conv1, 2)", "conv1",
                 [](const Tensor &a, const Tensor &p, auto &) { return caricature(a, p, 2); }},
        TermCase{"match(conv1)", "conv1", [](const Tensor &a, const Tensor &p, auto &) { return match(a, p); }},
        TermCase{"2*stay(add.3)", "add.3", [](const Tensor &a, const Tensor &p, auto &) { return 2 * stay(a, p); }},
        TermCase{"style(conv1)", "conv1", [](const Tensor &a, auto &, const Tensor &s) { return style(a, s); }},
        TermCase{"conv1:1 - 3*diversity(conv1)", "conv1",
                 [](const Tensor &a, auto &, auto &) { return rectangle_mean(a, 1, whole) - 3 * diversity(a); }},
        TermCase{"alignment(add.3)", "add.3", [](const Tensor &a, auto &, auto &) { return alignment(a); }},
        TermCase{"-tv", "", [](const Tensor &x, auto &, auto &) { return -total_variation(x); }},
        TermCase{"-0.1*l1(0.25)", "", [](const Tensor &x, auto &, auto &) { return -0.1 * reference::l1(x, 0.25); }},
        TermCase{"tv - l2(0.5)", "",
                 [](const Tensor &x, auto &, auto &) { return total_variation(x) - reference::l2(x, 0.5); }},
        TermCase{"conv1:0@1,1,2x2 + stay(conv1) + 0.1*caricature(conv1)", "conv1",
                 [](const Tensor &a, const Tensor &p, auto &) {
                   return rectangle_mean(a, 0, {1, 1, 2, 2}) + stay(a, p) + 0.1 * caricature(a, p, 0);
                 }}));

// And of what the input was preprocessed from: planes in another order, scaled and shifted.
TEST_F(Optimizing, BlurIsAConstantToItsGradient) {
  const Tensor x = reference::rounded(reference::random_tensor(1, 3, rows, columns, 5));
  Graph graph = toy_net();
  graph.preprocessing = {{2, 0, 1}, {4, 0.5, 2}, {-1, 3, 0.25}};
  const Tensor blurred = reference::blur(x);
  Tensor input = x, expected = x;
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < rows; ++y)
      for (int i = 0; i < columns; ++i) {
        const auto plane = std::size_t(c);
        const int source = graph.preprocessing.source[plane];
        const double v = x.at(0, source, y, i), scale = graph.preprocessing.scale[plane];
        input.at(0, c, y, i) = v * scale + graph.preprocessing.shift[plane];
        expected.at(0, c, y, i) = (blurred.at(0, source, y, i) - v) / scale;
      }
  Weights weights(programs().device());
  const auto result = gradient_of(programs(), weights, graph, {{1, 3, rows, columns}, reference::to_floats(input)},
                                  parse_objective("-blur", graph), Precision::fp32);
  EXPECT_LT(relative_error(result.gradient.data, expected), 1e-5);
  EXPECT_NEAR(result.values[0], -reference::blur_distance(x, blurred), 1e-5 * reference::blur_distance(x, blurred));
}

TEST_F(Optimizing, ProductsAreMatrices) {
  for (const auto &[groups, m, k, n] : {std::array{1, 1, 1, 1}, {2, 5, 7, 3}, {3, 33, 20, 17}, {1, 70, 130, 66}}) {
    Plan plan(programs(), "product");
    const auto tensor = [&, groups = groups](const char *name, int a, int b) {
      return plan.persistent(name, std::size_t(groups * a * b) * sizeof(float));
    };
    const TensorId a = tensor("a", m, k), b = tensor("b", k, n), c = tensor("c", m, n);
    Product product(plan, "product", groups, m, k, n);
    product.append(a, b, c);
    plan.allocate();
    product.write();
    const auto as = reference::random_floats(std::size_t(groups * m * k), 1),
               bs = reference::random_floats(std::size_t(groups * k * n), 2);
    write(plan, a, as);
    write(plan, b, bs);
    plan.record(Variant::usual).run("a product");
    Tensor expected(groups, 1, m, n);
    for (int g = 0; g < groups; ++g)
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j)
          for (int l = 0; l < k; ++l)
            expected.at(g, 0, i, j) +=
                double(as[std::size_t((g * m + i) * k + l)]) * bs[std::size_t((g * k + l) * n + j)];
    EXPECT_LT(relative_error(plan.read_all<float>(c), expected), 1e-6) << groups << " " << m << " " << k << " " << n;
  }
}

TEST(TermTexts, SayWhatIsWrong) {
  const Graph graph = toy_net();
  const auto error = [&](const char *text) {
    return error_of([&] {
      const Objective objective = parse_objective(text, graph, {}, [](const std::string &file) {
        return file == "zero.npy"  ? std::vector<float>(6)
               : file == "nan.npy" ? std::vector<float>(6, NAN)
                                   : vector_of(file);
      });
      std::vector<Shape> shapes(graph.nodes.size(), Shape{6, 12, 10});
      check_objective(objective, graph, shapes);
    });
  };
  EXPECT_EQ(error("direction(conv1, 6.npy, 2)"), "no error");
  EXPECT_THAT(error("directoin(conv1, 6.npy)"), HasSubstr("there is no directoin(...) (did you mean 'direction'?)"));
  EXPECT_THAT(error("direction(conv1)"), HasSubstr("expected ',' in direction(layer[@x,y|@center], v.npy[, k])"));
  EXPECT_THAT(error("direction(conv1, 6.npy, two)"), HasSubstr("expected a number for k at column 25"));
  EXPECT_THAT(error("direction(conv1, 6.npy, -1)"), HasSubstr("k is 0 to 1e6, not -1"));
  EXPECT_THAT(error("direction(conv1, 5.npy)"), HasSubstr("5.npy has 5 numbers, where conv1 has 6 channels"));
  EXPECT_THAT(error("direction(conv1, nan.npy)"), HasSubstr("nan.npy holds a number that is not finite"));
  EXPECT_THAT(error("direction(conv1, zero.npy)"), HasSubstr("zero.npy is zero everywhere"));
  EXPECT_THAT(error("caricature(conv9)"), HasSubstr("no layer 'conv9'"));
  EXPECT_THAT(error("match(conv1"), HasSubstr("expected ')' of match(layer)"));
  EXPECT_THAT(error("l1"), HasSubstr("'l1' is written l1(c)"));
  EXPECT_THAT(error("l1()"), HasSubstr("expected a number for c"));
  EXPECT_THAT(error("conv1:0@8,0,3x1"), HasSubstr("does not hold a rectangle of 3x1 from 8,0"));
  EXPECT_THAT(error("conv1:0@1,1,0x2"), HasSubstr("a rectangle has at least one position"));
  EXPECT_EQ(error("conv1:0@7,0,3x12"), "no error");
}

TEST(TermTexts, AreCanonical) {
  const Graph graph = toy_net();
  const auto canonical = [&](const char *text) { return parse_objective(text, graph).canonical; };
  EXPECT_EQ(canonical("caricature( conv1 , 0)"), "caricature(conv1)");
  EXPECT_EQ(canonical("direction(conv1@center, \"a b.npy\", 2) - tv"), "-1*tv + direction(conv1@center, a b.npy, 2)");
  EXPECT_EQ(canonical("conv1:3@1,2,1x1"), "conv1:3@1,2");
  EXPECT_EQ(canonical("l2(0.5)"), "l2(0.5)");
}

TEST(TermTexts, CompanyIsNeeded) {
  const Graph graph = toy_net();
  const Objective alone = parse_objective("conv1:1", graph),
                  coupled = parse_objective("conv1:1 - diversity(conv1)", graph);
  EXPECT_THAT(error_of([&] { with_variants({coupled}, 1); }), HasSubstr("--variants 4 makes four"));
  const auto all = with_variants({alone, coupled, coupled}, 2);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].canonical, alone.canonical);
  EXPECT_NE(all[1].canonical, alone.canonical);
  EXPECT_EQ(group_into_batches(all), (std::vector<std::vector<std::size_t>>{{0, 1}, {2, 3}, {4, 5}}));
}

} // namespace
} // namespace convscope
