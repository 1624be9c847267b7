#include "io/npy.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <span>
#include <string_view>

namespace convscope {

static_assert(std::endian::native == std::endian::little, "npy data are copied as they are");

namespace {

constexpr char magic[] = "\x93NUMPY";
constexpr std::size_t magic_size = 6;
constexpr std::size_t header_limit = 1 << 16;
constexpr std::size_t rank_limit = 32;

std::string shape_text(const std::vector<std::int64_t> &shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

// What people call a NumPy type string such as '<f8'.
std::string type_name(const std::string &descr) {
  static const std::map<std::string, std::string> names = {
      {"f2", "float16"}, {"f4", "float32"}, {"f8", "float64"},   {"f16", "float128"},   {"i1", "int8"},
      {"i2", "int16"},   {"i4", "int32"},   {"i8", "int64"},     {"u1", "uint8"},       {"u2", "uint16"},
      {"u4", "uint32"},  {"u8", "uint64"},  {"c8", "complex64"}, {"c16", "complex128"}, {"b1", "bool"}};
  const bool has_order = !descr.empty() && std::string("<>|=").find(descr[0]) != std::string::npos;
  const auto known = names.find(has_order ? descr.substr(1) : descr);
  if (known == names.end())
    return "type '" + descr.substr(0, 40) + "'";
  return (descr[0] == '>' ? "big-endian " : "") + known->second;
}

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// The header is a Python dictionary of three known keys, in any order.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view header_text) : text(header_text) {}

  // False where the text is anything else.
  bool parse(Header &header) {
    bool seen_descr = false, seen_order = false, seen_shape = false;
    if (!take('{'))
      return false;
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return false;
      if (key == "descr" && !seen_descr)
        seen_descr = descr(header.descr);
      else if (key == "fortran_order" && !seen_order)
        seen_order = boolean(header.fortran_order);
      else if (key == "shape" && !seen_shape)
        seen_shape = tuple(header.shape);
      else
        return false;
      if (bad || (!take(',') && peek() != '}'))
        return false;
    }
    return seen_descr && seen_order && seen_shape && peek() == '\0' && position == text.size();
  }

private:
  char peek() {
    while (position < text.size() && (text[position] == ' ' || text[position] == '\n'))
      ++position;
    return position < text.size() ? text[position] : '\0';
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    ++position;
    return true;
  }
  bool failed() {
    bad = true;
    return false;
  }
  bool string(std::string &value) {
    const char quote = peek();
    if (quote != '\'' && quote != '"')
      return failed();
    const std::size_t end = text.find(quote, position + 1);
    if (end == std::string_view::npos)
      return failed();
    value = text.substr(position + 1, end - position - 1);
    position = end + 1;
    return true;
  }
  // A structured type is a list; it is kept as text, to be refused by name.
  bool descr(std::string &value) {
    if (peek() != '[')
      return string(value);
    const std::size_t end = text.find(']', position);
    if (end == std::string_view::npos)
      return failed();
    value = text.substr(position, end + 1 - position);
    position = end + 1;
    return true;
  }
  bool boolean(bool &value) {
    peek();
    for (const auto &[word, meaning] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (text.substr(position, word.size()) == word) {
        position += word.size();
        value = meaning;
        return true;
      }
    return failed();
  }
  bool tuple(std::vector<std::int64_t> &values) {
    if (!take('('))
      return failed();
    while (!take(')')) {
      peek();
      const std::size_t end = std::min(text.find_first_not_of("0123456789", position), text.size());
      const auto value = parse_integer(text.substr(position, end - position));
      if (!value || values.size() == rank_limit)
        return failed();
      values.push_back(*value);
      position = end;
      if (!take(',') && peek() != ')')
        return failed();
    }
    return true;
  }

  std::string_view text;
  std::size_t position = 0;
  bool bad = false;
};

std::size_t little_endian(std::span<const std::uint8_t> bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | bytes[i];
  return value;
}

} // namespace

Array read_npy(const std::filesystem::path &path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto fail = [&](const std::string &what) { throw UserError(path_text(path) + ": " + what); };

  if (bytes.size() < magic_size || std::memcmp(bytes.data(), magic, magic_size) != 0)
    fail("is not an npy file");
  if (bytes.size() < magic_size + 2)
    fail("is truncated in its header");
  const int version = bytes[magic_size];
  if (version < 1 || version > 3)
    fail("npy version " + std::to_string(version) + " is not known (1 to 3 are)");
  const std::size_t length_size = version == 1 ? 2 : 4;
  const std::size_t header_begin = magic_size + 2 + length_size;
  if (bytes.size() < header_begin)
    fail("is truncated in its header");
  const std::size_t header_size = little_endian(std::span(bytes).subspan(magic_size + 2, length_size));
  if (header_size > header_limit)
    fail("has an npy header of " + std::to_string(header_size) + " bytes; at most " + std::to_string(header_limit));
  if (bytes.size() - header_begin < header_size)
    fail("is truncated in its header");

  Header header;
  const std::string_view text(reinterpret_cast<const char *>(bytes.data()) + header_begin, header_size);
  if (!HeaderParser(text).parse(header))
    fail("has a damaged npy header");
  if (header.descr != "<f4")
    fail(header.descr.starts_with('[') ? "holds records; needs float32"
                                       : "is " + type_name(header.descr) + "; needs little-endian float32 ('<f4')");
  if (header.fortran_order)
    fail("is in Fortran order; needs C order (numpy.ascontiguousarray makes it)");

  const std::size_t available = bytes.size() - header_begin - header_size;
  std::uint64_t elements = 1;
  for (const std::int64_t extent : header.shape) {
    if (extent == 0)
      fail("has no values (its shape is " + shape_text(header.shape) + ")");
    if (elements > (std::uint64_t{1} << 40) / static_cast<std::uint64_t>(extent))
      fail("claims the shape " + shape_text(header.shape) + ", more than any file here may hold");
    elements *= static_cast<std::uint64_t>(extent);
  }
  const std::uint64_t needed = elements * sizeof(float);
  if (available < needed)
    fail("is truncated: its shape " + shape_text(header.shape) + " needs " + std::to_string(needed) +
         " bytes of data, it has " + std::to_string(available));
  if (available > needed)
    fail("has " + std::to_string(available - needed) + " bytes more than its shape " + shape_text(header.shape) +
         " needs");

  Array array;
  array.shape = header.shape;
  array.data.resize(static_cast<std::size_t>(elements));
  std::memcpy(array.data.data(), bytes.data() + header_begin + header_size, static_cast<std::size_t>(needed));
  return array;
}

void write_npy(const std::filesystem::path &path, const Array &array) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape_text(array.shape) + ", }";
  // NumPy aligns the data to 64 bytes; the header ends with a line feed.
  const std::size_t before = magic_size + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';

  std::string file(magic, magic_size);
  file += '\1';
  file += '\0';
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(reinterpret_cast<const char *>(array.data.data()), array.data.size() * sizeof(float));
  write_file_atomically(path, std::string_view(file));
}

void check_finite(const Array &array, const std::string &name) {
  std::size_t first = array.data.size(), count = 0;
  for (std::size_t i = 0; i < array.data.size(); ++i)
    if (!std::isfinite(array.data[i])) {
      first = std::min(first, i);
      ++count;
    }
  if (count == 0)
    return;
  std::string where;
  std::size_t rest = first;
  for (std::size_t axis = array.shape.size(); axis-- > 0;) {
    const auto extent = static_cast<std::size_t>(array.shape[axis]);
    where = std::to_string(rest % extent) + (where.empty() ? "" : ", ") + where;
    rest /= extent;
  }
  throw UserError(name + ": has " + (std::isnan(array.data[first]) ? "NaN" : "an infinite value") + " at [" + where +
                  "] (" + std::to_string(count) + " of " + std::to_string(array.data.size()) +
                  " values are not finite)");
}

} // namespace convscope
