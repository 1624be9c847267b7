// What is asked of the focused image, as an objective's text and back.
#pragma once

#include <string>

#include "session/session.h"
#include "viewer/state.h"

namespace convscope::viewer {

// What a text would be as the focus's objective with these controls. A photo's size is not given where there is none.
Reading reading_of(const Session &session, const std::string &text, const Controls &controls, Size photo,
                   bool has_style);

} // namespace convscope::viewer
