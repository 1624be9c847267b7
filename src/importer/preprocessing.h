// The usual ways in which a picture becomes a net's input, and how a user writes another.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace convscope {

// in[i] = (low + (high - low) * picture[source[i]] - mean[i]) / std[i]: mean and std in the order and range of the
// input, a number for each channel or one for all.
struct Normalization {
  bool bgr = false;
  double low = 0, high = 1;
  std::vector<double> mean{0}, std{1};
};
// Of as many channels as it has numbers, or 3. UserError that begins with `subject` where it can't be used: std 0, an
// empty range, numbers out of reach or not as many as the others.
Preprocessing to_preprocessing(const Normalization &normalization, const std::string &name, const std::string &subject);

// torch, tf, caffe, raw01, raw255.
const std::vector<std::string> &preprocessing_names();
// One of those, of three channels, or nothing.
std::optional<Preprocessing> named_preprocessing(std::string_view name);
// The picture as it is, 0..1: what an importer leaves that knows nothing.
Preprocessing raw_preprocessing(int channels);
// The same for a net of so many channels: one that treats all channels alike does so with any number. UserError, which
// begins with `subject`, where it is of another number.
Preprocessing of_channels(Preprocessing preprocessing, int channels, const std::string &subject);
// UserError "{subject}: no preprocessing 'x' ..." with the nearest name.
[[noreturn]] void unknown_preprocessing(std::string_view name, const std::string &subject);

// The value of --preprocess: a name, or lists such as "mean=.485,.456,.406,std=.229,.224,.225" with, if need be,
// "range=0,255" and "order=bgr", of as many channels as they have numbers. UserError that names the option.
Preprocessing parse_preprocessing(const std::string &text);

// How keras.applications prepares the input of the net of that name ("resnet50", "mobilenetv2_1.00_224"); "" where it
// has no such net.
std::string keras_preprocessing(std::string_view name);

} // namespace convscope
