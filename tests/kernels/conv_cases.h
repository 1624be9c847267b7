// One list of convolutions for the tests (odd shapes) and for convscope-kernels (those, and the layers of real nets).
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/graphs.h"
#include "plan/network.h"

namespace convscope {

struct ConvCase {
  std::string name;
  int in_c, out_c, groups;
  Window window;
  int h, w, batch;
};
inline void PrintTo(const ConvCase &shape, std::ostream *out) { *out << shape.name; }

// Sizes that are no multiple of any tile, every kind of window.
inline std::vector<ConvCase> odd_convolutions() {
  return {
      {"OnePixel", 1, 1, 1, square_window(1), 1, 1, 3},
      {"Pointwise", 5, 17, 1, square_window(1), 13, 11, 3},
      {"PointwiseAligned", 20, 36, 1, square_window(1), 6, 10, 2},
      {"PointwiseWholeWords", 9, 64, 1, square_window(1), 5, 7, 2},
      {"PointwiseStride2", 16, 33, 1, square_window(1, 2), 10, 9, 1},
      {"Stem3x3", 3, 16, 1, square_window(3, 1, 1), 13, 11, 3},
      {"Wide3x3", 16, 64, 1, square_window(3, 1, 1), 17, 16, 1},
      {"Large3x3", 3, 130, 1, square_window(3, 1, 1), 65, 64, 1},
      {"Deep3x3", 133, 70, 1, {3, 3, 1, 1, 1, 1, {2, 0, 1, 2}}, 5, 6, 3},
      {"Row3x3", 9, 40, 1, square_window(3, 1, 1), 1, 33, 2},
      {"AsymmetricStride2", 17, 5, 1, {3, 3, 2, 2, 1, 1, {0, 1, 1, 0}}, 12, 15, 3},
      {"Cropping", 3, 5, 1, {3, 3, 1, 1, 1, 1, {-1, -2, 1, 0}}, 9, 12, 3},
      {"Dilated", 16, 33, 1, square_window(3, 1, 2, 2), 9, 8, 1},
      {"DilatedStride2", 5, 3, 1, square_window(3, 2, 1, 2), 12, 11, 3},
      {"DilatedStride4", 3, 3, 1, square_window(3, 4, 1, 2), 15, 18, 1},
      {"FlatKernel", 5, 17, 1, {1, 3, 1, 2, 2, 1, {0, 1, 0, 1}}, 7, 14, 1},
      {"Square5x5", 1, 5, 1, square_window(5, 1, 2), 19, 9, 1},
      {"Wide5x5", 17, 33, 1, square_window(5, 1, 2), 14, 13, 3},
      {"RowsOfColumns5x5", 17, 9, 1, square_window(5, 1, 2), 40, 39, 2},
      {"ImagesOfColumns5x5Stride2", 17, 9, 1, square_window(5, 2, 2), 31, 29, 5},
      {"Cropping5x5", 3, 5, 1, {5, 5, 1, 1, 1, 1, {-1, 4, 1, 0}}, 12, 8, 2},
      {"Grouped5x5Stride2", 6, 10, 2, square_window(5, 2, 2), 11, 14, 3},
      {"Grouped33", 66, 6, 2, square_window(3, 1, 1), 6, 7, 1},
      {"Depthwise", 33, 33, 33, square_window(3, 1, 1), 7, 9, 3},
      {"DepthwiseStride2Twice", 5, 10, 5, square_window(3, 2, 1), 9, 10, 1},
      {"DepthwiseAligned", 70, 70, 70, square_window(3, 1, 1), 9, 16, 2},
      {"DepthwiseStride2", 40, 40, 40, square_window(3, 2, 1), 14, 12, 2},
      {"DepthwiseAsymmetricStride2", 34, 34, 34, {3, 3, 2, 2, 1, 1, {0, 0, 1, 1}}, 10, 8, 1},
      {"Depthwise5x5Stride2", 35, 35, 35, square_window(5, 2, 2), 14, 24, 2},
      {"DepthwiseStride3", 8, 8, 8, square_window(3, 3, 1), 13, 29, 1},
      {"DepthwiseStride4Dilated", 5, 5, 5, square_window(3, 4, 3, 3), 18, 16, 2},
      {"DepthwiseRowStride", 6, 6, 6, {3, 5, 2, 1, 2, 1, {1, 2, 0, 3}}, 9, 18, 1},
      {"DepthwiseCroppingStride2", 4, 4, 4, {3, 3, 2, 2, 1, 1, {-1, -3, 4, 1}}, 12, 20, 1},
      {"DepthwiseGaps", 7, 7, 7, square_window(1, 2), 9, 12, 2},
      {"Depthwise5x5Dilated", 6, 6, 6, square_window(5, 1, 4, 2), 11, 13, 1},
      {"Depthwise7x7", 9, 9, 9, square_window(7, 1, 3), 10, 8, 3},
      {"DepthwiseFlat", 4, 4, 4, {1, 5, 3, 1, 1, 3, {0, 7, 0, 4}}, 8, 19, 1},
      {"DepthwiseManySmall", 300, 300, 300, square_window(3, 1, 1), 2, 3, 1},
      {"Stem7x7Stride2", 3, 16, 1, square_window(7, 2, 3), 23, 21, 3},
      {"Stem11x11Stride4", 3, 17, 1, square_window(11, 4, 2), 39, 43, 1},
      {"WholeMap", 17, 33, 1, square_window(7), 7, 7, 3},
  };
}

// For every tile of the kernel for GPUs: channels that are multiples of 16, 8 and 4, and none; pixels in fours; several
// parts of a sum; groups, strides, dilations, phases of a gradient.
inline std::vector<ConvCase> tiled_convolutions() {
  return {
      {"Pointwise", 5, 17, 1, square_window(1), 13, 11, 3},
      {"PointwiseAligned", 20, 36, 1, square_window(1), 6, 10, 2},
      {"Channels16", 16, 65, 1, square_window(3, 1, 1), 7, 6, 2},
      {"Channels8Stride2", 24, 40, 1, square_window(3, 2, 1), 9, 11, 2},
      {"Stem5x5Dilated", 3, 20, 1, square_window(5, 1, 4, 2), 9, 12, 1},
      {"Grouped33", 66, 6, 2, square_window(3, 1, 1), 6, 7, 1},
  };
}

// Layers of VGG16, AlexNet, ResNet50, InceptionV1, SqueezeNet and MobileNetV2 at 224.
inline std::vector<ConvCase> convolutions_of_nets() {
  return {
      {"Vgg1_1", 3, 64, 1, square_window(3, 1, 1), 224, 224, 1},
      {"Vgg1_2", 64, 64, 1, square_window(3, 1, 1), 224, 224, 1},
      {"Vgg2_2", 128, 128, 1, square_window(3, 1, 1), 112, 112, 1},
      {"Vgg3_2", 256, 256, 1, square_window(3, 1, 1), 56, 56, 1},
      {"Vgg4_2", 512, 512, 1, square_window(3, 1, 1), 28, 28, 1},
      {"Vgg5_2", 512, 512, 1, square_window(3, 1, 1), 14, 14, 1},
      {"Vgg5_2At128", 512, 512, 1, square_window(3, 1, 1), 8, 8, 1},
      {"AlexNet1", 3, 64, 1, square_window(11, 4, 2), 224, 224, 1},
      {"AlexNet2", 64, 192, 1, square_window(5, 1, 2), 27, 27, 1},
      {"AlexNet3", 192, 384, 1, square_window(3, 1, 1), 13, 13, 1},
      {"ResNetStem", 3, 64, 1, square_window(7, 2, 3), 224, 224, 1},
      {"ResNet2Reduce", 256, 64, 1, square_window(1), 56, 56, 1},
      {"ResNet2Expand", 64, 256, 1, square_window(1), 56, 56, 1},
      {"ResNet2Middle", 64, 64, 1, square_window(3, 1, 1), 56, 56, 1},
      {"ResNet3Middle", 128, 128, 1, square_window(3, 1, 1), 28, 28, 1},
      {"ResNet3Stride2", 128, 128, 1, square_window(3, 2, 1), 56, 56, 1},
      {"ResNet3Shortcut", 256, 512, 1, square_window(1, 2), 56, 56, 1},
      {"ResNet5Shortcut", 1024, 2048, 1, square_window(1, 2), 14, 14, 1},
      {"ResNet4Middle", 256, 256, 1, square_window(3, 1, 1), 14, 14, 1},
      {"ResNet5Middle", 512, 512, 1, square_window(3, 1, 1), 7, 7, 1},
      {"ResNet5Expand", 512, 2048, 1, square_window(1), 7, 7, 1},
      {"ResNet5Reduce", 2048, 512, 1, square_window(1), 7, 7, 1},
      {"Inception3a5x5", 16, 32, 1, square_window(5, 1, 2), 28, 28, 1},
      {"Inception4a5x5", 16, 48, 1, square_window(5, 1, 2), 14, 14, 1},
      {"Inception5b5x5", 48, 128, 1, square_window(5, 1, 2), 7, 7, 1},
      {"Inception3a3x3", 96, 128, 1, square_window(3, 1, 1), 28, 28, 1},
      {"InceptionV3Row", 128, 192, 1, {1, 7, 1, 1, 1, 1, {0, 3, 0, 3}}, 17, 17, 1},
      {"InceptionV3Column", 128, 192, 1, {7, 1, 1, 1, 1, 1, {3, 0, 3, 0}}, 17, 17, 1},
      {"Dilated3x3", 64, 64, 1, square_window(3, 1, 2, 2), 56, 56, 1},
      {"SqueezeStem", 3, 64, 1, square_window(3, 2), 224, 224, 1},
      {"SqueezeExpand3x3", 16, 64, 1, square_window(3, 1, 1), 55, 55, 1},
      {"SqueezeExpand1x1", 32, 128, 1, square_window(1), 27, 27, 1},
      {"MobileDepthwise112", 32, 32, 32, square_window(3, 1, 1), 112, 112, 1},
      {"MobileDepthwise112Stride2", 96, 96, 96, square_window(3, 2, 1), 112, 112, 1},
      {"MobileDepthwise56", 144, 144, 144, square_window(3, 1, 1), 56, 56, 1},
      {"MobileDepthwise56Stride2", 144, 144, 144, square_window(3, 2, 1), 56, 56, 1},
      {"MobileDepthwise14", 384, 384, 384, square_window(3, 1, 1), 14, 14, 1},
      {"MobileDepthwise7", 960, 960, 960, square_window(3, 1, 1), 7, 7, 1},
      {"MobileExpand", 64, 384, 1, square_window(1), 14, 14, 1},
  };
}

inline const std::vector<ConvBackend> &all_backends() {
  static const std::vector<ConvBackend> backends = {
      ConvBackend::broadcast, ConvBackend::gemm,           ConvBackend::depthwise, ConvBackend::shared,
      ConvBackend::shared16,  ConvBackend::direct,         ConvBackend::winograd2, ConvBackend::winograd4,
      ConvBackend::columns,   ConvBackend::winograd_fused, ConvBackend::matrix,    ConvBackend::half};
  return backends;
}

} // namespace convscope
