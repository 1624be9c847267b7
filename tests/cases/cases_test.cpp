// Small models against the values of other implementations: tests/cases/README.md.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "graph/names.h"
#include "io/npy.h"
#include "session/session.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path cases_folder() { return fs::path(CONVSCOPE_SOURCE_DIR) / "tests" / "cases"; }

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const fs::directory_entry &entry : fs::recursive_directory_iterator(cases_folder()))
    if (entry.path().filename() == "case.json")
      found.push_back(entry.path().parent_path());
  std::sort(found.begin(), found.end());
  return found;
}

double relative_l2(const std::vector<float> &actual, const std::vector<float> &expected) {
  double difference = 0, all = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    difference += std::pow(double(actual[i]) - expected[i], 2);
    all += std::pow(double(expected[i]), 2);
  }
  return std::sqrt(difference / std::max(all, 1e-300));
}

std::vector<std::int64_t> long_sides(const Array &array) {
  std::vector<std::int64_t> sides;
  for (const std::int64_t side : array.shape)
    if (side != 1)
      sides.push_back(side);
  return sides;
}

void expect_close(const Array &actual, const Array &expected, double tolerance) {
  ASSERT_EQ(long_sides(actual), long_sides(expected));
  EXPECT_LE(relative_l2(actual.data, expected.data), tolerance);
}

// tools/cases/common.py: pattern.
Array pattern(const std::vector<std::int64_t> &shape) {
  Array array{shape, {}};
  for (std::uint32_t i = 1; i <= static_cast<std::uint32_t>(array.elements()); ++i)
    array.data.push_back(static_cast<float>(i * 2654435761U >> 8) / 8388608.0F - 1);
  return array;
}

// Each `step`th row and column of (N,C,H,W).
Array every(const Array &array, std::int64_t step) {
  const auto &s = array.shape;
  Array part{{s[0], s[1], (s[2] + step - 1) / step, (s[3] + step - 1) / step}, {}};
  for (std::int64_t plane = 0; plane < s[0] * s[1]; ++plane)
    for (std::int64_t y = 0; y < s[2]; y += step)
      for (std::int64_t x = 0; x < s[3]; x += step)
        part.data.push_back(array.data[static_cast<std::size_t>((plane * s[2] + y) * s[3] + x)]);
  return part;
}

template <typename Run> std::string complaint(Run run) {
  try {
    run();
  } catch (const UserError &error) {
    return error.what();
  }
  return "nothing was refused";
}

class Cases : public testing::TestWithParam<fs::path> {
protected:
  // One device for all: what it has compiled stays.
  static Session &session() {
    static Session session;
    return session;
  }
  void check(const json &check) const {
    const fs::path folder = GetParam();
    const auto file = [&](const char *key) { return read_npy(path_text(folder / check.at(key).get<std::string>())); };
    const Graph &graph = session().graph();
    if (check.contains("unsupported")) {
      const Node &node =
          graph.nodes[static_cast<std::size_t>(find_layer(graph, check["unsupported"].get<std::string>()))];
      ASSERT_TRUE(std::holds_alternative<Unsupported>(node.op)) << node.name;
      EXPECT_NE(std::get<Unsupported>(node.op).reason.find(check.at("reason").get<std::string>()), std::string::npos)
          << std::get<Unsupported>(node.op).reason;
      return;
    }
    if (check.contains("prepared") || check.contains("note")) {
      EXPECT_EQ(graph.preprocessing.name, check.value("prepared", graph.preprocessing.name));
      EXPECT_NE(session().model().note.find(check.value("note", "")), std::string::npos) << session().model().note;
      return;
    }
    const Array input =
        check.at("input").is_array() ? pattern(check["input"].get<std::vector<std::int64_t>>()) : file("input");
    if (check.contains("objective")) {
      const Objective objective = session().objective(check["objective"].get<std::string>());
      const Array gradient = session().gradient(input, objective).gradient;
      return expect_close(check.contains("every") ? every(gradient, check["every"]) : gradient, file("gradient"),
                          check.at("tolerance"));
    }
    const NodeId layer = find_layer(graph, check.at("layer").get<std::string>());
    if (check.contains("refused")) {
      const std::string told = complaint([&] { session().activations(input, layer); });
      EXPECT_NE(told.find(check["refused"].get<std::string>()), std::string::npos) << told;
      return;
    }
    expect_close(session().activations(input, layer), file("output"), check.at("tolerance"));
  }
};

TEST_P(Cases, AreAsOthersComputeThem) {
  const int messages = vulkan::total_validation_messages();
  std::ifstream stream(GetParam() / "case.json");
  const json test = json::parse(stream);
  ModelRequest request;
  request.model = path_text(GetParam() / test.at("model").get<std::string>());
  const json options = test.value("options", json::object());
  request.rgb = options.value("rgb", std::vector<int>{});
  request.input_name = options.value("input_name", "");
  for (const json &pair : options.value("set", json::array())) {
    const auto value = pair[1].get<std::string>();
    request.set.emplace_back(pair[0].get<std::string>(), names_array(value) ? path_text(GetParam() / value) : value);
  }
  const std::string told = complaint([&] { session().load(request); });
  for (const json &each : test.at("checks")) {
    SCOPED_TRACE(each.dump());
    if (each.contains("refused") && !each.contains("layer")) {
      EXPECT_NE(told.find(each["refused"].get<std::string>()), std::string::npos) << told;
      continue;
    }
    ASSERT_EQ(told, "nothing was refused");
    EXPECT_EQ(complaint([&] { check(each); }), "nothing was refused");
  }
  EXPECT_EQ(vulkan::total_validation_messages(), messages);
}

std::string name_of(const testing::TestParamInfo<fs::path> &info) {
  std::string name = path_text(info.param.lexically_relative(cases_folder()));
  for (char &c : name)
    c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, Cases, testing::ValuesIn(cases()), name_of);

} // namespace
} // namespace convscope
