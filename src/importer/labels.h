// Names of a classifier's classes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace convscope {

// A file with one class a line, UTF-8; of a net of one unit also the two classes that it tells apart, of which the
// second is the unit's. UserError that names it where it can't be read, is no text, or has not as many
// lines as the net `model` has classes.
std::vector<std::string> read_labels(const std::filesystem::path &file, std::int64_t classes, const std::string &model);

// The 1000 ImageNet classes in the order of Keras's and torchvision's heads; empty where the file is not found.
std::vector<std::string> imagenet_labels();
// Of a head of that size: ImageNet's 1000, TensorFlow's 1001 with "background" first, else none.
std::vector<std::string> usual_labels(std::int64_t classes);

} // namespace convscope
