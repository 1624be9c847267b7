#include "importer/safetensors.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/half.h"

namespace convscope {

namespace {

using nlohmann::json;

constexpr std::uint64_t largest_header = 100'000'000; // the format's own limit
constexpr std::size_t longest_name = 200;
constexpr int deepest = 4; // header, tensor, shape, one to spare

std::uint64_t little_endian(const std::uint8_t *bytes, int count) {
  std::uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i)
    value = value << 8 | bytes[i];
  return value;
}

// Exact non-negative integers alone: no floats, no negatives.
std::optional<std::uint64_t> unsigned_number(const json &value) {
  if (!value.is_number_unsigned())
    return std::nullopt;
  return value.get<std::uint64_t>();
}

bool multiply(std::uint64_t a, std::uint64_t b, std::uint64_t &product) {
  product = a * b;
  return a == 0 || product / a == b;
}

// A tensor's name as a message shows it: printable and short.
std::string shown(const std::string &name) {
  std::string text;
  for (const char c : name.substr(0, longest_name))
    text += c >= ' ' && c <= '~' ? c : '?';
  return name.size() > longest_name ? text + "..." : text;
}

} // namespace

Safetensors Safetensors::open(const std::filesystem::path &path) { return {read_file(path), path.string()}; }

Safetensors::Safetensors(std::vector<std::uint8_t> bytes, std::string file)
    : file_(std::move(file)), bytes_(std::move(bytes)) {
  if (bytes_.size() < 8)
    fail("is too short for a safetensors file");
  const std::uint64_t length = little_endian(bytes_.data(), 8);
  if (length > largest_header || bytes_.size() < 8 + 2 || bytes_[8] != '{')
    fail("is not a safetensors file");
  if (length > bytes_.size() - 8)
    fail(fmt::format("is truncated: its header takes {} bytes, the file has {}", length, bytes_.size() - 8));
  data_ = 8 + length;
  parse_header(length);
  check_coverage();
}

void Safetensors::fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", file_, what)); }

void Safetensors::parse_header(std::uint64_t length) {
  // The parser keeps the last of two equal keys, so they are caught while it parses; depth too.
  std::vector<std::set<std::string>> keys(deepest + 1);
  const auto watch = [&](int depth, json::parse_event_t event, json &parsed) {
    const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth >= deepest)
      fail("has a header nested too deeply");
    if (opens)
      keys[depth + 1].clear();
    if (event == json::parse_event_t::key && !keys[depth].insert(parsed.get<std::string>()).second)
      fail(fmt::format("names '{}' twice in its header", shown(parsed.get<std::string>())));
    return true;
  };
  json header;
  try {
    const auto begin = bytes_.begin() + 8;
    header = json::parse(begin, begin + static_cast<std::ptrdiff_t>(length), watch);
  } catch (const json::exception &) {
    fail("has a header that is not valid JSON");
  }
  for (const auto &[name, entry] : header.items()) {
    const auto bad = [&, &tensor = name](const std::string &what) {
      fail(fmt::format("tensor '{}' {}", shown(tensor), what));
    };
    if (!entry.is_object())
      bad("has no description");
    if (shown(name) != name)
      bad("has a name that is too long or not plain ASCII");
    if (name == "__metadata__") {
      for (const auto &[key, value] : entry.items()) {
        if (!value.is_string())
          fail("has metadata that is not text");
        metadata_[key] = value.get<std::string>();
      }
      continue;
    }
    const auto dtype = entry.find("dtype"), shape = entry.find("shape"), offsets = entry.find("data_offsets");
    if (dtype == entry.end() || !dtype->is_string() || shape == entry.end() || !shape->is_array() ||
        offsets == entry.end() || !offsets->is_array() || offsets->size() != 2)
      bad("lacks a dtype, a shape or data_offsets");

    const auto type = dtype->get<std::string>();
    Tensor tensor{Type::f32, {}, 0, 0};
    if (type == "F16")
      tensor.type = Type::f16;
    else if (type == "BF16")
      tensor.type = Type::bf16;
    else if (type != "F32")
      bad(fmt::format("has the dtype {}; F16, BF16 and F32 can be read", shown(type)));

    std::uint64_t size = tensor.type == Type::f32 ? 4 : 2;
    if (shape->size() > 8)
      bad(fmt::format("has {} dimensions", shape->size()));
    for (const json &extent : *shape) {
      const auto value = unsigned_number(extent);
      if (!value || *value > INT64_MAX || !multiply(size, *value, size))
        bad("has a shape that is no valid size");
      tensor.shape.push_back(static_cast<std::int64_t>(*value));
    }
    const auto begin = unsigned_number((*offsets)[0]), end = unsigned_number((*offsets)[1]);
    if (!begin || !end || *begin > *end || *end > bytes_.size() - data_)
      bad(fmt::format("lies outside the file's {} bytes of data", bytes_.size() - data_));
    if (*end - *begin != size)
      bad(fmt::format("takes {} bytes, but its shape needs {}", *end - *begin, size));
    tensor.begin = *begin;
    tensor.end = *end;
    tensors_.emplace(name, std::move(tensor));
  }
}

// The format has neither overlaps nor gaps: both mean a damaged file.
void Safetensors::check_coverage() const {
  std::vector<std::pair<std::uint64_t, std::string>> starts;
  for (const auto &[name, tensor] : tensors_)
    if (tensor.end > tensor.begin)
      starts.emplace_back(tensor.begin, name);
  std::sort(starts.begin(), starts.end());
  std::uint64_t position = 0;
  for (const auto &[begin, name] : starts) {
    if (begin != position)
      fail(fmt::format("tensor '{}' {}", shown(name),
                       begin < position ? "overlaps another one" : "comes after a gap in the data"));
    position = tensors_.at(name).end;
  }
  if (position != bytes_.size() - data_)
    fail(fmt::format("has {} bytes after its last tensor", bytes_.size() - data_ - position));
}

std::string Safetensors::metadata(const std::string &key) const {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? "" : found->second;
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> names;
  for (const auto &entry : tensors_)
    names.push_back(entry.first);
  return names;
}

const Safetensors::Tensor &Safetensors::find(const std::string &tensor) const {
  const auto found = tensors_.find(tensor);
  if (found == tensors_.end())
    fail(fmt::format("has no tensor '{}'", shown(tensor)));
  return found->second;
}

std::vector<float> Safetensors::read(const std::string &name) const {
  const Tensor &tensor = find(name);
  const std::uint8_t *bytes = bytes_.data() + data_ + tensor.begin;
  const int width = tensor.type == Type::f32 ? 4 : 2;
  std::vector<float> values((tensor.end - tensor.begin) / width);
  for (float &value : values) {
    const auto bits = static_cast<std::uint32_t>(little_endian(bytes, width));
    bytes += width;
    if (tensor.type == Type::f16)
      value = half_to_float(static_cast<std::uint16_t>(bits));
    else
      value = std::bit_cast<float>(tensor.type == Type::bf16 ? bits << 16 : bits);
  }
  return values;
}

} // namespace convscope
