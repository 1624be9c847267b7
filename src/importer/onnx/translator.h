// Goes through the nodes of a file and makes a graph of them.
#pragma once

#include "importer/onnx/model_file.h"
#include "importer/onnx/step.h"
#include "importer/onnx_model.h"

namespace convscope::onnx_import {

struct Translated {
  OnnxImport result;
  bool any_size = false; // the file does not say how large the picture is
  bool measures = false; // something in it follows from the picture's size
  int misfits = 0;       // nodes that did not fit at this size
  std::string nothing;   // why no layer of it can be shown, or ""
  OfFixedSize decided;
};

// At the size that the file fixes; `open`: of what it leaves open.
Translated translate(ModelFile &file, const OnnxOptions &options, Size open);
// Again, at that size. `before`: as it was decided at the size that the file fixes.
Translated translate_at(ModelFile &file, const OnnxOptions &options, Size size, const OfFixedSize &before);

} // namespace convscope::onnx_import
