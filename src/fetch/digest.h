// Checksums of files.
#pragma once

#include <filesystem>
#include <string>

namespace convscope {

// MD5 as 32 hexadecimal digits: what Keras publishes. UserError where the file can't be read.
std::string md5_of_file(const std::filesystem::path &path);

} // namespace convscope
