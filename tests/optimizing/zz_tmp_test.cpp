#include <fstream>
#include <nlohmann/json.hpp>
#include "importer/zoo.h"
#include "io/npy.h"
#include "graph/shapes.h"
#include "optimizing/optimizing.h"
#include "reference/adam.h"
#include "reference/network.h"
#include "reference/parameterization.h"
#include "visualization/optimization.h"
namespace convscope {
TEST(Tmp, Chain) {
  const auto folder = golden_folder() / "optimization";
  std::ifstream file(folder / "meta.json");
  auto runs = nlohmann::json::parse(file);
  for (int which : {0}) { auto run = runs.at(which);
    const std::string model = run.at("model"), objective = run.at("objective");
    std::string name = model + "." + objective;
    std::replace(name.begin(), name.end(), ':', '.');
    Graph graph = load_model({model, "", ""});
    const int H = run.at("size").at(0), W = run.at("size").at(1);
    auto init = read_npy(folder / (name + ".init.npy"));
    auto golden = read_npy(folder / (name + ".image.npy")).data;
    const auto O = parse_objective(objective, graph);
    auto e = run.at("objective_by_step").get<std::vector<double>>();
    for (int exact : {0, 1}) {
    auto spectrum = reference::from_floats(init.data, 1, 3, H, 2 * (W / 2 + 1));
    reference::Adam adam;
    auto &by = graph.preprocessing;
    double mean[3] = {.485, .456, .406}, sd[3] = {.229, .224, .225};
    for (int step = 0; step < (int)e.size(); ++step) {
      const auto image = reference::image_from_spectrum(spectrum, W);
      reference::Tensor input = image;
      const size_t P = H * W;
      for (std::size_t i = 0; i < input.data.size(); ++i)
        input.data[i] = exact ? (image.data[i] - mean[i / P]) / sd[i / P] : image.data[std::size_t(by.source[i / P]) * P + i % P] * by.scale[i / P] + by.shift[i / P];
      const auto ascent = reference::input_gradient(graph, input, O.terms[0].layer, {{reference::Objective::Kind::ChannelMean, O.terms[0].channel, 0, 0}});
      reference::Tensor gradient(1, 3, H, W);
      for (std::size_t i = 0; i < input.data.size(); ++i)
        gradient.data[i] += ascent.gradient.data[i] / sd[i / P];
      auto g = reference::spectrum_gradient(gradient, image);
      printf("%d step %d: double %.10g golden %.10g rel %.3g\n", exact, step, ascent.values[0], e[step], ascent.values[0]/e[step]-1);
      adam.ascend(spectrum, g);
    }
    printf("image %.3g\n", relative_error(golden, reference::image_from_spectrum(spectrum, W)));
    }
  }
}
}
