// Which of a file's inputs is the picture, and what the others are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "importer/onnx/model_file.h"
#include "importer/onnx/tensor.h"
#include "importer/onnx_model.h"

namespace convscope::onnx_import {

struct InputPlan { // the picture
  std::string name, layout;
  Shape shape;
  int batch = 1;
  bool any_size = false; // the file does not say how large it is
  ElementType type = ElementType::float32;
};

struct FurtherInput {
  std::string name;
  std::optional<Tensor> value;
  std::string reason; // why there is none
};

struct Inputs {
  InputPlan picture;
  std::vector<FurtherInput> others;
  std::vector<std::string> notes; // what was taken for granted
};

// The picture is the one that the user names, else the first of three channels, else of one, else another of four
// dimensions. `size`: of a picture whose height or width the file leaves open, or of any (`everywhere`). UserError
// where there is none, or where the user names inputs that are not there.
Inputs plan_inputs(const ModelFile &file, const OnnxOptions &options, Size size, bool everywhere);

} // namespace convscope::onnx_import
