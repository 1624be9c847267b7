// Whole files in and out: reads that explain their failures, writes that appear whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace convscope {

// The path as UTF-8, for messages and labels.
std::string path_text(const std::filesystem::path &path);
// And back.
std::filesystem::path text_path(std::string_view text);

// The file's name from any working folder. "" for "".
std::string absolute_path(const std::string &path);

// ".h5" of "a/Net.H5".
std::string lower_extension(const std::filesystem::path &path);

// The file's bytes. UserError where it is missing, a folder, unreadable, empty or larger than `limit` bytes.
std::vector<std::uint8_t> read_file(const std::filesystem::path &path, std::uint64_t limit = std::uint64_t{1} << 34);

// Writes to a temporary name in the same folder, then renames it. On any failure: UserError, and neither a
// temporary file nor a changed target is left.
void write_file_atomically(const std::filesystem::path &path, std::span<const std::uint8_t> bytes);
void write_file_atomically(const std::filesystem::path &path, std::string_view text);

// UserError where write_file_atomically could not work (folder missing or not writable, target a folder).
// For front ends, before long work. Leaves nothing behind.
void check_writable(const std::filesystem::path &path);

// Where this user's caches live (pipeline caches, downloaded weights): a folder named "convscope", not
// created here. Empty where the environment names none.
std::filesystem::path user_cache_folder();
// The folder of what is made again where it is gone: env CONVSCOPE_CACHE or, without, the user's.
std::filesystem::path cache_folder();
// The same for settings, which are worth keeping.
std::filesystem::path user_config_folder();

} // namespace convscope
