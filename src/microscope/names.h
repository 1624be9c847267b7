// Layers' names, which come from files, as names of folders that every file system takes.
#pragma once

#include <string>
#include <vector>

namespace convscope {

// A name for each: of letters, digits, '.', '_' and '-', 64 at most, none that Windows keeps for itself, no two the
// same up to case. What need not change does not; what does ends in a hash of the name. Names depend on all of them.
std::vector<std::string> folder_names(const std::vector<std::string> &names);

} // namespace convscope
