// What is known of keras.applications' nets by the model's name.
#pragma once

#include <string>

#include "importer/keras/config.h"

namespace convscope::keras {

// The model's name, or that of a net of keras.applications in it: a base with another head.
std::string telling_name(const ModelConfig &model);

// The side of the pictures that a net of that name was trained on; 224 for others.
int application_size(const std::string &name);

} // namespace convscope::keras
