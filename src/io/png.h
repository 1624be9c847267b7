// PNG in and out; our own carry the settings that made them in a `convscope` tEXt chunk.
#pragma once

#include "io/image.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace convscope {

bool is_png(std::span<const std::uint8_t> bytes);
// `name` is for errors.
ImageRgb8 decode_png(std::span<const std::uint8_t> bytes, const std::string &name);
// The same image and settings give the same bytes. Settings are JSON with ASCII escapes; "" writes no chunk.
// With `opacity`, a byte a pixel, the PNG is RGBA.
std::vector<std::uint8_t> encode_png(const ImageRgb8 &image, const std::string &settings_json = "",
                                     std::span<const std::uint8_t> opacity = {});

void write_png(const std::filesystem::path &path, const ImageRgb8 &image, const std::string &settings_json = "",
               std::span<const std::uint8_t> opacity = {});
// UserError where the PNG carries none.
std::string read_png_settings(const std::filesystem::path &path);

} // namespace convscope
