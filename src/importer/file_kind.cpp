#include "importer/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <zip.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t head_bytes = 4096;

constexpr std::string_view to_onnx = "torch.onnx.export makes a .onnx file of the model, which Convscope reads";
constexpr std::string_view to_keras = "model.save('net.keras') in Keras, or tf2onnx, makes a file that Convscope reads";

struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view what, advice;
};
using namespace std::string_view_literals;
constexpr std::string_view unpack = "unpack it first";
constexpr std::string_view picture = "--image takes those";
constexpr Signature signatures[] = {
    {0, "version https://git-lfs.github.com/spec"sv, "a Git LFS pointer, not the file that it stands for",
     "'git lfs pull' in its repository brings that"},
    {0, "/annex/objects/"sv, "a git-annex pointer, not the file that it stands for", "'git annex get' brings that"},
    {0, "\x1f\x8b"sv, "packed by gzip", unpack},
    {0, "BZh"sv, "packed by bzip2", unpack},
    {0, "\xfd\x37zXZ\0"sv, "packed by xz", unpack},
    {0, "\x28\xb5\x2f\xfd"sv, "packed by zstd", unpack},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive", unpack},
    {0, "Rar!"sv, "a RAR archive", unpack},
    {257, "ustar"sv, "a tar archive", unpack},
    {0, "\x89PNG"sv, "a picture (PNG)", picture},
    {0, "\xff\xd8\xff"sv, "a picture (JPEG)", picture},
    {0, "GIF8"sv, "a picture (GIF)", "no net is in it"},
    {4, "TFL3"sv, "a TensorFlow Lite model", to_keras},
    {0, "GGUF"sv, "a GGUF file, a language model's", "Convscope shows convnets"},
    {0, "\x93NUMPY"sv, "an array of NumPy (.npy)", "no net is in it"},
    {0, "MATLAB 5.0"sv, "MATLAB's (.mat)", "exportONNXNetwork makes a .onnx file, which Convscope reads"},
    {0, "\x80\x02"sv, "a Python pickle, as PyTorch's older files are", to_onnx},
    {0, "\x80\x03"sv, "a Python pickle", to_onnx},
    {0, "\x80\x04"sv, "a Python pickle", to_onnx},
    {0, "\x80\x05"sv, "a Python pickle", to_onnx},
    {0, "%PDF"sv, "a PDF document", "no net is in it"},
};

std::string says(std::string_view what, std::string_view advice) { return fmt::format("is {}: {}", what, advice); }

// HDF5's may lie behind a block of the user's own.
bool is_hdf5_content(std::ifstream &stream) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  for (std::streamoff at = 0; at <= 1 << 16; at = at == 0 ? 512 : 2 * at) {
    std::array<char, signature.size()> bytes{};
    stream.clear();
    stream.seekg(at);
    if (!stream.read(bytes.data(), bytes.size()))
      return false;
    if (std::string_view(bytes.data(), bytes.size()) == signature)
      return true;
  }
  return false;
}

std::optional<std::uint64_t> read_varint(std::ifstream &stream) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const int byte = stream.get();
    if (byte == std::ifstream::traits_type::eof())
      return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return value;
  }
  return std::nullopt;
}

struct Fields {
  std::set<std::uint64_t> messages, numbers; // the numbers of the fields that hold bytes, and of all others
  bool all = false;                          // the file ends where the last of them does
};

// The outermost fields of a Protocol Buffers message, as far as they go.
Fields protobuf_fields(std::ifstream &stream, std::uint64_t size) {
  constexpr int most = 100'000;
  Fields fields;
  stream.clear();
  stream.seekg(0);
  for (int i = 0; i < most; ++i) {
    if (stream.peek() == std::ifstream::traits_type::eof()) {
      fields.all = true;
      return fields;
    }
    const std::optional<std::uint64_t> tag = read_varint(stream);
    if (!tag || *tag < 8 || *tag >> 3 > 5000)
      return fields;
    std::uint64_t length = *tag % 8 == 1 ? 8 : *tag % 8 == 5 ? 4 : 0;
    if (*tag % 8 == 0 || *tag % 8 == 2) {
      const std::optional<std::uint64_t> value = read_varint(stream);
      if (!value)
        return fields;
      length = *tag % 8 == 2 ? *value : 0;
    } else if (length == 0) {
      return fields;
    }
    (*tag % 8 == 2 ? fields.messages : fields.numbers).insert(*tag >> 3);
    const auto here = static_cast<std::uint64_t>(stream.tellg());
    if (length > size || here > size - length)
      return fields;
    stream.seekg(static_cast<std::streamoff>(here + length));
  }
  return fields;
}

// By the fields that each format has outermost.
FileContent protobuf_content(std::ifstream &stream, std::uint64_t size) {
  const Fields fields = protobuf_fields(stream, size);
  const auto has = [&](std::uint64_t field) { return fields.messages.contains(field); };
  if (has(7) && fields.numbers.contains(1)) // graph, ir_version
    return {FileKind::onnx};
  if (!fields.all)
    return {};
  if (has(100))
    return {FileKind::other, says("a Caffe model", "convert it to ONNX")};
  if (fields.numbers == std::set<std::uint64_t>{1} &&
      std::any_of(fields.messages.begin(), fields.messages.end(), [](std::uint64_t field) { return field >= 200; }))
    return {FileKind::other, says("a Core ML model", "give the net that it was made from, as .onnx or .keras")};
  if (fields.numbers == std::set<std::uint64_t>{1} && fields.messages == std::set<std::uint64_t>{2})
    return {FileKind::other, says("a TensorFlow SavedModel's graph", to_keras)};
  if (fields.numbers.empty() && has(1) && !has(7))
    return {FileKind::other, says("a frozen graph of TensorFlow", "tf2onnx makes a .onnx file of it: python -m "
                                                                  "tf2onnx.convert --graphdef FILE --output net.onnx")};
  return {};
}

FileContent zip_content(const fs::path &path) {
  const std::unique_ptr<zip_t, void (*)(zip_t *)> zip(zip_open(path_text(path).c_str(), ZIP_RDONLY, nullptr),
                                                      zip_discard);
  if (!zip)
    return {FileKind::keras};
  bool is_pytorch = false, is_numpy = false, is_saved_model = false;
  std::string inside;
  const zip_int64_t entries = std::min<zip_int64_t>(zip_get_num_entries(zip.get(), 0), 10'000);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char *raw = zip_get_name(zip.get(), static_cast<zip_uint64_t>(i), 0);
    const std::string name = raw ? raw : "";
    if (name == "config.json" || name.starts_with("model.weights."))
      return {FileKind::keras};
    is_pytorch = is_pytorch || name.ends_with("/data.pkl") || name.ends_with("/constants.pkl") || name == "data.pkl";
    is_numpy = is_numpy || name.ends_with(".npy");
    is_saved_model = is_saved_model || name.ends_with("saved_model.pb");
    for (const char *ending : {".onnx", ".h5", ".keras", ".hdf5"})
      if (lower(name).ends_with(ending))
        inside = ending;
  }
  if (is_pytorch)
    return {FileKind::other, says("a PyTorch file, which has no net without its Python code", to_onnx)};
  if (is_saved_model)
    return {FileKind::other, says("a packed TensorFlow SavedModel", to_keras)};
  if (!inside.empty())
    return {FileKind::other, fmt::format("is a zip archive with a {} file in it: unpack it first", inside)};
  if (is_numpy)
    return {FileKind::other, says("a file of NumPy's arrays (.npz)", "no net is in it")};
  return {FileKind::other, "is a zip archive, but not a .keras file: it holds no 'config.json'"};
}

FileContent folder_content(const fs::path &path) {
  const auto has = [&](const char *name) {
    std::error_code error;
    return fs::exists(path / name, error);
  };
  if (has("saved_model.pb"))
    return {FileKind::other, says("a TensorFlow SavedModel, a folder", to_keras)};
  if (has("config.json") && has("model.weights.h5"))
    return {FileKind::other, "is a folder, of an unpacked .keras file: pack it again with zip"};
  return {FileKind::other, "is a folder, not a file"};
}

// Texts that are no net, by what they begin with.
FileContent text_content(std::string_view head) {
  while (!head.empty() && std::isspace(static_cast<unsigned char>(head.front())) != 0)
    head.remove_prefix(1);
  if (head.starts_with("\xef\xbb\xbf"))
    head.remove_prefix(3);
  const std::string start = lower(head.substr(0, 512));
  if (start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head") ||
      start.starts_with("<!--"))
    return {FileKind::other, says("a web page (HTML), as a failed download leaves it", "get the file itself")};
  if (start.starts_with("<?xml") && head.find("<net ") != std::string_view::npos)
    return {FileKind::other, says("an OpenVINO model", "give the net that it was made from, as .onnx or .keras")};
  if (start.starts_with("<") && head.find("</") != std::string_view::npos)
    return {FileKind::other, says("XML, such as a server's error message", "get the file itself")};
  const bool text = std::all_of(head.begin(), head.end(),
                                [](unsigned char c) { return c >= ' ' || c == '\n' || c == '\r' || c == '\t'; });
  if (!text || head.empty())
    return {};
  // A list of labels may begin with "[PAD]".
  const std::size_t next = head.substr(1).find_first_not_of(" \t\r\n");
  const char inner = next == std::string_view::npos ? ' ' : head[next + 1];
  if (head.front() == '{' || (head.front() == '[' && (std::isdigit(static_cast<unsigned char>(inner)) != 0 ||
                                                      inner == '"' || inner == '{' || inner == '['))) {
    if (head.find("\"modelTopology\"") != std::string_view::npos)
      return {FileKind::other, says("a TensorFlow.js model", to_keras)};
    if (head.find("\"class_name\"") != std::string_view::npos)
      return {FileKind::other,
              says("a Keras net's layers without weights (JSON)", "model.save('net.keras') writes both")};
    return {FileKind::other, says("JSON, such as a server's error message", "get the file itself")};
  }
  return {FileKind::other, says("a text", "no net is in it"), true};
}

bool is_safetensors_content(std::string_view head, std::uint64_t size) {
  if (head.size() < 10 || head[8] != '{')
    return false;
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<std::uint8_t>(head[static_cast<std::size_t>(i)]);
  return length >= 2 && length <= size;
}

} // namespace

FileContent file_content(const fs::path &path) {
  const auto fail = [&](const char *what) { throw UserError(fmt::format("{}: {}", path_text(path), what)); };
  std::error_code error;
  if (fs::is_directory(path, error))
    return folder_content(path);
  if (!fs::exists(path, error))
    fail("no such file");
  if (!fs::is_regular_file(path, error))
    fail("is not a file");
  const std::uint64_t size = fs::file_size(path, error);
  std::ifstream stream(path, std::ios::binary);
  if (error || !stream)
    fail("can't be read");
  if (size == 0)
    return {FileKind::other, "is empty"};
  std::string head(head_bytes, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) // first: it may hold an HDF5 file as it is
    return zip_content(path);
  if (is_hdf5_content(stream))
    return {FileKind::hdf5};
  for (const Signature &each : signatures)
    if (head.size() >= each.at && std::string_view(head).substr(each.at).starts_with(each.bytes))
      return {FileKind::other, says(each.what, each.advice)};
  if (is_safetensors_content(head, size))
    return {FileKind::safetensors};
  if (FileContent text = text_content(head); !text.text.empty())
    return text;
  return protobuf_content(stream, size);
}

} // namespace convscope
