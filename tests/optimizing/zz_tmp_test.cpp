#include <fstream>
#include <nlohmann/json.hpp>
#include "importer/zoo.h"
#include "io/npy.h"
#include "graph/shapes.h"
#include "optimizing/optimizing.h"
#include "reference/adam.h"
#include "reference/network.h"
#include "reference/parameterization.h"
#include "visualization/gradient.h"
#include "visualization/parameterization.h"
#include "visualization/optimization.h"
namespace convscope {
TEST(Tmp, Chain) {
  const auto folder = golden_folder() / "optimization";
  std::ifstream file(folder / "meta.json");
  auto runs = nlohmann::json::parse(file);
  for (int which : {1, 0}) { auto run = runs.at(which);
    const std::string model = run.at("model"), objective = run.at("objective");
    std::string name = model + "." + objective;
    std::replace(name.begin(), name.end(), ':', '.');
    Graph graph = load_model({model, "", ""});
    Weights weights(programs().device());
    OptimizationOptions options;
    const int H = options.height = run.at("size").at(0);
    const int W = options.width = run.at("size").at(1);
    options.init = read_npy(folder / (name + ".init.npy"));
    const auto O = parse_objective(objective, graph);
    Optimization o(programs(), weights, graph, {O}, recipe("plain"), options);
    auto e = run.at("objective_by_step").get<std::vector<float>>();
    auto spectrum = reference::from_floats(options.init->data, 1, 3, H, 2 * (W / 2 + 1));
    reference::Adam adam; std::vector<float> last;
    auto &by = graph.preprocessing;
    for (int step = 0; step < (which ? 4 : 1); ++step) {
      const auto image = reference::image_from_spectrum(spectrum, W);
      reference::Tensor input = image;
      const size_t P = H * W;
      for (std::size_t i = 0; i < input.data.size(); ++i)
        input.data[i] = image.data[std::size_t(by.source[i / P]) * P + i % P] * by.scale[i / P] + by.shift[i / P];
      const auto ascent = reference::input_gradient(graph, input, O.terms[0].layer, {{reference::Objective::Kind::ChannelMean, O.terms[0].channel, 0, 0}});
      auto dev = gradient_of(programs(), weights, graph, {{1, 3, H, W}, reference::to_floats(input)}, O);
      reference::Tensor gradient(1, 3, H, W);
      for (std::size_t i = 0; i < input.data.size(); ++i)
        gradient.data[std::size_t(by.source[i / P]) * P + i % P] += ascent.gradient.data[i] * by.scale[i / P];
      auto g = reference::spectrum_gradient(gradient, image);
      size_t tiny = 0;
      double gmax = 0;
      for (double v : g.data) { gmax = std::max(gmax, std::abs(v)); tiny += std::abs(v) < 1e-8; }
      printf("step %d: double %.8g golden %.8g; gradient device vs double %.3g; gmax %.3g tiny %zu\n", step, ascent.values[0], e[step], relative_error(dev.gradient.data, ascent.gradient), gmax, tiny);
      {
        Parameterization pz(programs(), recipe("plain"), 1, H, W);
        Plan plan(programs(), "x");
        auto t = pz.make_tensors(plan);
        TensorId part = plan.persistent("p", pz.gradient_parts() * 4);
        pz.append_gradient(plan, t, part);
        plan.allocate();
        write(plan, t.scale, pz.scale_table());
        reference::Tensor u = gradient;
        for (std::size_t i = 0; i < u.data.size(); ++i) u.data[i] *= 0.25 * image.data[i] * (1 - image.data[i]);
        u = reference::colour_adjoint(u);
        std::vector<float> rows;
        for (size_t i = 0; i < u.data.size(); ++i) { rows.push_back(float(u.data[i])); if (i % W == size_t(W - 1)) { rows.push_back(0); rows.push_back(0);} }
        write(plan, t.work, rows);
        plan.record(Variant::usual).run("x");
        auto dg = last = plan.read_all<float>(t.work);
        double un = 0, ud = 0; auto sc = reference::spectrum_scale(H, W);
        double worstu = 0; size_t wi = 0;
        for (size_t i = 0; i < dg.size(); ++i) { double s = sc[i / 2 % sc.size()]; un += g.data[i] / s * g.data[i] / s; double d = std::abs(dg[i] - g.data[i]) / s; ud += d * d; if (d > worstu) worstu = d, wi = i; }
        printf("  spectrum grad rel %.3g unscaled %.3g worst %.3g at %zu rms %.3g\n", relative_error(dg, g), std::sqrt(ud / un), worstu, wi, std::sqrt(un / dg.size()));
      }
      {
        reference::Tensor gd(1, 3, H, W);
        for (std::size_t i = 0; i < input.data.size(); ++i)
          gd.data[std::size_t(by.source[i / P]) * P + i % P] += dev.gradient.data[i] * by.scale[i / P];
        auto g2 = reference::spectrum_gradient(gd, image);
        auto s1 = spectrum, s2 = spectrum;
        reference::Adam a1 = adam, a2 = adam;
        a1.ascend(s1, g); a2.ascend(s2, g2);
        printf("  net grad noise alone: g rel %.3g image %.3g;", reference::relative_error(g2, g), reference::relative_error(reference::image_from_spectrum(s2, W), reference::image_from_spectrum(s1, W)));
        auto s3 = spectrum; reference::Adam a3 = adam;
        a3.ascend(s3, reference::from_floats(last, 1, 3, H, 2 * (W / 2 + 1)));
        printf(" fft noise alone: image %.3g\n", reference::relative_error(reference::image_from_spectrum(s3, W), reference::image_from_spectrum(s1, W)));
      }
      adam.ascend(spectrum, g);
      o.step();
      auto s = o.parameters();
      size_t n = 0; double worst = 0; size_t at = 0, special = 0;
      for (size_t i = 0; i < s.data.size(); ++i) {
        double d = std::abs(s.data[i] - spectrum.data[i]);
        size_t k = i / 2 % (W / 2 + 1);
        if (k == 0 || k == size_t(W / 2)) { special += d > 1e-3; continue; }
        n += d > 1e-3;
        if (d > worst) worst = d, at = i;
      }
      printf("  device value %.8g: params off by > 1e-3: %zu (special %zu), worst %.3g at %zu (g %.3g) image %.3g\n", o.progress()[0].values.back(), n, special, worst, at, g.data[at],
        relative_error(o.images().data, reference::image_from_spectrum(spectrum, W)));
    }
}
}
}
