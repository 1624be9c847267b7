#include "importer/onnx/inputs.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/printable.h"
#include "importer/onnx/input_layout.h"

namespace convscope::onnx_import {

namespace {

constexpr std::int64_t longest_side = 1 << 16;
constexpr std::int64_t most_elements = 1 << 24; // of all further inputs together

struct Candidate {
  const onnx::ValueInfoProto *input = nullptr;
  Dims dims; // 0: open
  bool shaped = false;
  InputLayout told;
  std::string layout; // "": it is no picture
  int channels = 0;

  const std::string &name() const { return input->name(); }
  std::string text() const {
    if (!shaped)
      return fmt::format("'{}'", name());
    std::string sides;
    for (const std::int64_t side : dims)
      sides += fmt::format("{}{}", sides.empty() ? "" : "x", side == 0 ? "?" : std::to_string(side));
    return fmt::format("'{}' ({})", name(), dims.empty() ? "a number" : sides);
  }
};

Dims declared_dims(const onnx::ValueInfoProto &input) {
  Dims dims;
  for (const auto &dim : input.type().tensor_type().shape().dim())
    dims.push_back(dim.has_dim_value() ? std::max<std::int64_t>(dim.dim_value(), 0) : 0);
  return dims;
}

// By the lengths alone: colour pictures are recognized by their three channels, others by having few.
std::string guessed_layout(const Dims &dims, bool asked) {
  const auto three = [&](std::size_t i) { return dims[i] == 3; };
  const auto few = [&](std::size_t i) { return dims[i] >= 1 && dims[i] <= 4; };
  if (dims.size() == 4) {
    const bool last = three(1) || three(3) ? !three(1) : few(3) && !few(1) && dims[1] > 0;
    return last ? "nhwc" : "nchw";
  }
  if (dims.size() == 3 && (three(0) || three(2) || (asked && (few(0) || few(2)))))
    return three(0) || (!three(2) && few(0)) ? "chw" : "hwc";
  return "";
}

// Whether what its readers say can be of these lengths.
bool fits(const Candidate &candidate) {
  const std::size_t c = candidate.told.layout.find('c');
  const std::int64_t channels = c == std::string::npos ? 1 : candidate.dims[c];
  return candidate.told.channels == 0 || channels == 0 || channels == candidate.told.channels;
}

Candidate candidate_of(const InputReaders &readers, const onnx::ValueInfoProto &input, bool asked) {
  Candidate result{&input, declared_dims(input), input.type().tensor_type().has_shape(), {}, "", 0};
  const auto type = input.type().tensor_type().elem_type();
  if (!input.type().has_tensor_type() || (type != onnx::TensorProto::UNDEFINED && !element_type(type)))
    return result;
  if (result.shaped) {
    if (result.dims.size() >= 2 && result.dims.size() <= 4)
      result.told = readers.layout(input.name(), static_cast<int>(result.dims.size()));
  } else {
    for (const int rank : {4, 3, 2})
      if (result.told.layout.empty())
        result.told = readers.layout(input.name(), rank);
    if (result.told.layout.empty())
      result.told.layout = "nchw";
    result.dims.resize(result.told.layout.size());
  }
  result.layout = !result.told.layout.empty() && fits(result) ? result.told.layout : guessed_layout(result.dims, asked);
  if (result.layout.empty())
    return result;
  const std::size_t c = result.layout.find('c');
  result.channels = c == std::string::npos ? 1 : static_cast<int>(std::min(result.dims[c], longest_side + 1));
  if (result.channels == 0)
    result.channels = result.told.channels > 0 ? result.told.channels : 3;
  return result;
}

// The smaller, the likelier it is the picture.
int place_of(const Candidate &candidate) {
  const auto side = [&](char label) {
    const std::size_t at = candidate.layout.find(label);
    return at == std::string::npos ? 1 : candidate.dims[at];
  };
  if (side('h') == 1 && side('w') == 1)
    return 30; // a vector
  const int place = candidate.channels == 3 ? 0 : candidate.channels == 1 ? 2 : candidate.channels == 4 ? 3 : 4;
  return place + (candidate.layout.size() == 4 ? 0 : 1) +
         (is_mask(candidate.name()) || candidate.input->type().tensor_type().elem_type() == onnx::TensorProto::BOOL
              ? 10
              : 0);
}

// Why a value of these dimensions can't be a picture.
std::string no_picture(const Dims &dims) {
  if (dims.size() == 3 || dims.size() == 5)
    return fmt::format("{}, which is {}; Convscope shows nets of pictures, (N,C,H,W)", dims_text(dims),
                       dims.size() == 3 ? "a sequence, such as sound or text" : "a volume or a video");
  return dims_text(dims);
}

std::string list_of(const std::vector<Candidate> &candidates) {
  std::vector<std::string> texts;
  for (const Candidate &each : candidates)
    texts.push_back(each.text());
  return fmt::format("{}", fmt::join(texts, ", "));
}

const Candidate &find_picture(const ModelFile &file, const std::vector<Candidate> &candidates,
                              const std::string &asked) {
  if (candidates.empty())
    file.fail("takes no input");
  if (!asked.empty()) {
    const auto found = std::find_if(candidates.begin(), candidates.end(),
                                    [&](const Candidate &candidate) { return candidate.name() == asked; });
    if (found == candidates.end())
      file.fail(fmt::format("--input-name: it has no input '{}'; there are {}", asked, list_of(candidates)));
    if (found->layout.empty())
      file.fail(fmt::format("its input '{}' is no picture: its shape is {}", found->name(), no_picture(found->dims)));
    return *found;
  }
  const Candidate *best = nullptr;
  for (const Candidate &candidate : candidates)
    if (!candidate.layout.empty() && (best == nullptr || place_of(candidate) < place_of(*best)))
      best = &candidate;
  if (best == nullptr && candidates.size() > 1)
    file.fail(fmt::format("none of its inputs is a picture: {}", list_of(candidates)));
  if (best == nullptr)
    file.fail(fmt::format("its input '{}' is no picture: its shape is {}", candidates.front().name(),
                          no_picture(candidates.front().dims)));
  return *best;
}

InputPlan plan_picture(const ModelFile &file, const Candidate &candidate, const std::string &layout, Size size,
                       bool everywhere) {
  const auto type = candidate.input->type().tensor_type().elem_type();
  InputPlan plan{candidate.name(),
                 layout.empty() ? candidate.layout : layout,
                 {1, 1, 1},
                 1,
                 false,
                 element_type(type).value_or(ElementType::float32)};
  if (plan.layout.size() != candidate.dims.size())
    file.fail(fmt::format("its input '{}' is no picture: its shape is {}", plan.name, no_picture(candidate.dims)));
  for (std::size_t i = 0; i < candidate.dims.size(); ++i) {
    const char label = plan.layout[i];
    std::int64_t length = candidate.dims[i];
    if (length > longest_side)
      file.fail(fmt::format("its input '{}' has a shape of {}", plan.name, dims_text(candidate.dims)));
    const bool side = label == 'h' || label == 'w';
    plan.any_size = plan.any_size || (side && length == 0);
    if (length == 0 || (side && everywhere)) {
      length = label == 'n'   ? 1
               : label == 'c' ? std::max(candidate.channels, 1)
               : label == 'h' ? size.height
                              : size.width;
    }
    (label == 'n'   ? plan.batch
     : label == 'c' ? plan.shape.c
     : label == 'h' ? plan.shape.h
                    : plan.shape.w) = static_cast<int>(length);
  }
  return plan;
}

// ---- Further inputs ----

// Its dimensions where they are known: of the open ones a batch is 1, and those that the picture's shape calls by the
// same name are as long as those.
struct KnownDims {
  Dims dims;
  bool known = true, measured = false;
};
KnownDims known_dims(const Candidate &candidate, const Candidate &picture, const InputPlan &plan, std::int64_t left) {
  std::map<std::string, std::int64_t> named;
  for (std::size_t i = 0; i < picture.dims.size() && picture.shaped; ++i) {
    const char label = plan.layout[i];
    const std::string &name = picture.input->type().tensor_type().shape().dim(static_cast<int>(i)).dim_param();
    if (!name.empty())
      named[name] = label == 'n'   ? plan.batch
                    : label == 'c' ? plan.shape.c
                    : label == 'h' ? plan.shape.h
                                   : plan.shape.w;
  }
  KnownDims result{candidate.dims, candidate.shaped, false};
  for (std::size_t i = 0; i < result.dims.size() && candidate.shaped; ++i) {
    if (result.dims[i] > 0)
      continue;
    const auto found = named.find(candidate.input->type().tensor_type().shape().dim(static_cast<int>(i)).dim_param());
    if (found != named.end()) {
      result.dims[i] = found->second;
      result.measured = result.measured || i > 0;
    } else if (i == 0) {
      result.dims[i] = 1;
    } else {
      result.known = false;
    }
  }
  if (result.known) {
    const auto count = element_count(result.dims);
    result.known = count && *count > 0 && *count <= left;
  }
  return result;
}

Tensor tensor_of(ElementType type, Dims dims, const std::vector<float> &values) {
  if (is_real(type)) {
    std::vector<float> reals;
    for (const float value : values)
      reals.push_back(rounded(type, value));
    Tensor tensor = real_tensor(std::move(dims), std::move(reals));
    tensor.type = type;
    return tensor;
  }
  std::vector<std::int64_t> integers;
  for (const float value : values)
    integers.push_back(type == ElementType::boolean ? (value != 0 ? 1 : 0)
                                                    : wrapped(type, std::round(static_cast<double>(value))));
  Tensor tensor = integer_tensor(std::move(dims), std::move(integers));
  tensor.type = type;
  return tensor;
}

Tensor given_value(const ModelFile &file, const Candidate &candidate, const KnownDims &at, ElementType type,
                   const Array &value) {
  const auto fail = [&](const std::string &what) { file.fail(fmt::format("--set {}: {}", candidate.name(), what)); };
  if (!is_real(type) && type != ElementType::boolean) {
    const auto [low, high] = integer_range(type);
    for (const float each : value.data)
      if (each != std::round(each) || each < static_cast<double>(low) || each > static_cast<double>(high))
        fail(fmt::format("{} is none of its whole numbers from {} to {}", each, low, high));
  }
  if (value.shape.empty()) {
    if (!at.known)
      fail(fmt::format("its shape is open ({}), so that it needs a .npy file", candidate.text()));
    Tensor tensor = tensor_of(type, at.dims,
                              std::vector<float>(static_cast<std::size_t>(*element_count(at.dims)), value.data.at(0)));
    tensor.measured = at.measured;
    return tensor;
  }
  bool fits = !candidate.shaped || value.shape.size() == candidate.dims.size();
  for (std::size_t i = 0; fits && i < candidate.dims.size() && candidate.shaped; ++i)
    fits = candidate.dims[i] == 0 || candidate.dims[i] == value.shape[i];
  if (!fits)
    fail(fmt::format("the file's shape is {}, and that of {} another", dims_text(value.shape), candidate.text()));
  return tensor_of(type, value.shape, value.data);
}

FurtherInput further_input(const ModelFile &file, const OnnxOptions &options, const Candidate &candidate,
                           const Candidate &picture, const InputPlan &plan, std::int64_t &left,
                           std::vector<std::string> &assumed) {
  FurtherInput result{candidate.name(), {}, ""};
  const auto type = element_type(candidate.input->type().tensor_type().elem_type());
  const KnownDims at = known_dims(candidate, picture, plan, left);
  const auto given = options.inputs.values.find(candidate.name());
  if (!type || !candidate.input->type().has_tensor_type()) {
    if (given != options.inputs.values.end())
      file.fail(fmt::format("--set {}: it takes no numbers", candidate.name()));
    result.reason = "it is an input besides the picture, of no numbers";
  } else if (given != options.inputs.values.end()) {
    result.value = given_value(file, candidate, at, *type, given->second);
  } else if (const std::optional<float> usual =
                 at.known ? usual_value(candidate.name(), *element_count(at.dims), *type == ElementType::boolean)
                          : std::nullopt) {
    Tensor tensor =
        tensor_of(*type, at.dims, std::vector<float>(static_cast<std::size_t>(*element_count(at.dims)), *usual));
    tensor.measured = at.measured;
    result.value = std::move(tensor);
    assumed.push_back(fmt::format("'{}' is {}", candidate.name(), *usual));
  } else {
    result.reason = fmt::format("it is an input besides the picture; --set {}=0.5, or =FILE.npy, gives it a value",
                                candidate.name());
  }
  left -= result.value ? result.value->elements() : 0;
  return result;
}

} // namespace

Inputs plan_inputs(const ModelFile &file, const OnnxOptions &options, Size size, bool everywhere) {
  const onnx::GraphProto &graph = file.model().graph();
  std::unordered_set<std::string> initialized;
  for (const onnx::TensorProto &initializer : graph.initializer())
    initialized.insert(initializer.name());
  const InputReaders readers(graph);
  std::vector<Candidate> candidates;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!initialized.contains(input.name()))
      candidates.push_back(candidate_of(readers, input, input.name() == options.inputs.picture));
  Candidate forced; // a test's own
  if (!options.input_layout.empty() && !candidates.empty()) {
    forced = candidates.front();
    for (Candidate &each : candidates)
      if (each.dims.size() == 4 && forced.dims.size() != 4)
        forced = each;
  }
  const Candidate &picture = forced.input != nullptr ? forced : find_picture(file, candidates, options.inputs.picture);
  Inputs result{plan_picture(file, picture, options.input_layout, size, everywhere), {}, {}};
  for (const auto &[name, value] : options.inputs.values) {
    if (name == picture.name())
      file.fail(fmt::format("--set {}: this is the picture", name));
    if (std::none_of(candidates.begin(), candidates.end(),
                     [&asked = name](const Candidate &c) { return c.name() == asked; }))
      file.fail(fmt::format("--set: it has no input '{}'; there are {}", name, list_of(candidates)));
  }
  std::vector<std::string> assumed, others;
  std::int64_t left = most_elements;
  for (const Candidate &candidate : candidates) {
    if (candidate.name() == picture.name() || options.constants.contains(candidate.name()))
      continue;
    if (!candidate.layout.empty() && place_of(candidate) < 10)
      others.push_back(candidate.text());
    result.others.push_back(further_input(file, options, candidate, picture, result.picture, left, assumed));
  }
  if (!others.empty() && options.inputs.picture.empty())
    result.notes.push_back(printable(fmt::format("takes {} for the picture, not {}; --input-name changes that",
                                                 picture.text(), fmt::join(others, ", "))));
  if (!assumed.empty())
    result.notes.push_back(printable(fmt::format("its input {}; --set changes that", fmt::join(assumed, ", "))));
  return result;
}

} // namespace convscope::onnx_import
