// A net's kernels, alone: the graphs of kernel_cases.h on the device, convolutions by every back end.
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "doctor/checks.h"
#include "doctor/kernel_cases.h"
#include "doctor/noise.h"
#include "plan/layout.h"

namespace convscope::doctor {

namespace {

// The design's, of each.
double tolerance_of(ConvBackend backend) {
  switch (backend) {
  case ConvBackend::winograd2:
  case ConvBackend::winograd4:
  case ConvBackend::winograd_fused:
    return 1e-4;
  case ConvBackend::matrix:
  case ConvBackend::half:
    return 2e-3;
  case ConvBackend::automatic: // at fp32
  case ConvBackend::broadcast:
  case ConvBackend::gemm:
  case ConvBackend::depthwise:
  case ConvBackend::shared:
  case ConvBackend::shared16: // the cases' weights are halves
  case ConvBackend::direct:
  case ConvBackend::columns:
    break;
  }
  return 1e-5;
}

std::optional<Precision> precision_of(ConvBackend backend) {
  switch (backend) {
  case ConvBackend::winograd2:
  case ConvBackend::winograd4:
  case ConvBackend::winograd_fused:
    return Precision::fast;
  case ConvBackend::shared16:
  case ConvBackend::matrix:
  case ConvBackend::half:
    return Precision::fp16;
  default:
    return std::nullopt;
  }
}

class CaseOnDevice {
public:
  CaseOnDevice(const KernelCase &given, NetworkOptions options, vulkan::Programs &programs)
      : case_(given), options_(std::move(options)), weights_(programs.device()), plan_(programs, case_.graph.name),
        network_(plan_, weights_, case_.graph, options_), input_(plan_.persistent("input", bytes(options_.input))) {
    network_.forward(input_);
    std::vector<Network::Seed> seeds;
    for (const NodeId target : options_.targets) {
      outputs_.push_back(plan_.persistent("output", bytes(network_.shape(target))));
      plan_.copy(network_.output(target), outputs_.back());
      seeds_.push_back(plan_.persistent("seed", bytes(network_.shape(target))));
      seeds.emplace_back(target, [this, target, seed = seeds_.back()](const GradientTarget &to) {
        append_seed(network_.shape(target), seed, to);
      });
    }
    const TensorId gradient = network_.backward(seeds);
    plan_.set_variant(Variant::both);
    gradient_ = plan_.persistent("gradient", bytes(options_.input));
    plan_.copy(gradient, gradient_);
  }

  std::vector<std::string> kernels() const { return plan_.kernels(case_.variant); }

  std::vector<Output> run() {
    plan_.allocate();
    plan_.write(input_, std::as_bytes(std::span(case_.input)));
    for (std::size_t i = 0; i < seeds_.size(); ++i) {
      const NodeId target = options_.targets[i];
      const std::vector<float> seed = case_.seed(target, network_.shape(target));
      plan_.write(seeds_[i], std::as_bytes(std::span(seed)));
    }
    plan_.record(case_.variant).run(case_.title());
    std::vector<Output> outputs;
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      outputs.push_back({case_.output_key(options_.targets[i]), plan_.read_all<float>(outputs_[i])});
    outputs.push_back({case_.gradient_key(), plan_.read_all<float>(gradient_)});
    return outputs;
  }

private:
  std::size_t bytes(const Shape &shape) const { return floats(shape, options_.batch) * sizeof(float); }
  void append_seed(const Shape &shape, TensorId seed, const GradientTarget &to) {
    const gpu::MapParams params{options_.batch, shape.c, shape.h * shape.w};
    const auto groups =
        spread_groups(std::int64_t{params.batch} * mask_blocks(params.channels) * divide_up(params.pixels, 4));
    plan_.dispatch("seed", plan_.programs().get("scale_grad", {to.epilogue(), 0U, 0U}), groups, params,
                   {reads(seed), reads(seed), to.use(), reads(to.mask_or(seed))});
  }

  const KernelCase &case_;
  NetworkOptions options_;
  Weights weights_;
  Plan plan_;
  Network network_;
  TensorId input_, gradient_ = TensorId::none;
  std::vector<TensorId> outputs_, seeds_;
};

using Seen = std::set<std::vector<std::string>>; // what was run of a case

Check check_of(const std::shared_ptr<const KernelCase> &of) {
  Check check{of->group, of->name, of->tolerance, {}, {}, {}, {}};
  check.compute = [of](vulkan::Programs &programs) {
    CaseOnDevice on_device(*of, of->options, programs);
    return Computed{on_device.run(), on_device.kernels()};
  };
  return check;
}

// Where the device or the shape leaves a back end no choice, it is one that was run before.
Check convolution_check(const std::shared_ptr<const KernelCase> &of, ConvBackend backend,
                        const std::shared_ptr<Seen> &seen) {
  Check check{of->group, of->name, tolerance_of(backend), precision_of(backend), {}, {}, {}};
  check.backend = backend == ConvBackend::automatic ? "built-in choice" : backend_name(backend);
  check.compute = [of, backend, seen](vulkan::Programs &programs) {
    NetworkOptions options = of->options;
    options.backend = backend;
    CaseOnDevice on_device(*of, options, programs);
    std::vector<std::string> kernels = on_device.kernels();
    if (!seen->insert(kernels).second)
      return Computed{{}, {}, true};
    return Computed{on_device.run(), std::move(kernels)};
  };
  return check;
}

} // namespace

std::vector<Check> kernel_checks(const vulkan::DeviceInfo &device) {
  std::vector<Check> checks;
  for (const KernelCase &given : convolution_cases()) {
    const auto of = std::make_shared<const KernelCase>(given);
    const auto seen = std::make_shared<Seen>();
    for (std::size_t i = 0; i < backend_names.size(); ++i)
      checks.push_back(convolution_check(of, static_cast<ConvBackend>(i), seen));
  }
  std::vector<KernelCase> others = op_cases();
  others.push_back(revive_case());
  for (const KernelCase &given : others)
    checks.push_back(check_of(std::make_shared<const KernelCase>(given)));
  for (const KernelCase &given : exact_cases()) {
    checks.push_back(check_of(std::make_shared<const KernelCase>(given)));
    if (!device.shader_float64)
      checks.back().cannot = "the device has no doubles: gradients decide in float32";
  }
  return checks;
}

} // namespace convscope::doctor
