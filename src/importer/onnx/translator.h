// Goes through the nodes of a file and makes a graph of them.
#pragma once

#include "importer/onnx/model_file.h"
#include "importer/onnx_model.h"

namespace convscope::onnx_import {

struct Translated {
  OnnxImport result;
  bool any_size = false; // the file does not say how large the picture is
  int misfits = 0;       // nodes that did not fit at this size
  std::string nothing;   // why no layer of it can be shown, or ""
};

// `size`: of a picture whose height or width the file leaves open. The model's weights are moved out of the file.
Translated translate(ModelFile &file, const OnnxOptions &options, int size);

} // namespace convscope::onnx_import
