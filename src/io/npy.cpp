#include "io/npy.h"

#include "base/error.h"
#include "base/files.h"
#include "base/half.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
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

template <typename T> float value_of(const std::uint8_t *bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<float>(value);
}

float half_of(const std::uint8_t *bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return half_to_float(bits);
}

float boolean_of(const std::uint8_t *bytes) { return bytes[0] != 0 ? 1 : 0; }

// NumPy's types by their codes, and what makes a float of one that lies little-endian; null where nothing can.
struct Type {
  const char *name;
  std::size_t bytes = 0;
  float (*convert)(const std::uint8_t *) = nullptr;
};
const std::map<std::string, Type, std::less<>> &types() {
  static const std::map<std::string, Type, std::less<>> all = {
      {"f2", {"float16", 2, half_of}},
      {"f4", {"float32", 4, value_of<float>}},
      {"f8", {"float64", 8, value_of<double>}},
      {"f16", {"float128"}},
      {"i1", {"int8", 1, value_of<std::int8_t>}},
      {"i2", {"int16", 2, value_of<std::int16_t>}},
      {"i4", {"int32", 4, value_of<std::int32_t>}},
      {"i8", {"int64", 8, value_of<std::int64_t>}},
      {"u1", {"uint8", 1, value_of<std::uint8_t>}},
      {"u2", {"uint16", 2, value_of<std::uint16_t>}},
      {"u4", {"uint32", 4, value_of<std::uint32_t>}},
      {"u8", {"uint64", 8, value_of<std::uint64_t>}},
      {"b1", {"bool", 1, boolean_of}},
      {"c8", {"complex64"}},
      {"c16", {"complex128"}},
      {"O", {"Python objects"}},
  };
  return all;
}

std::string_view without_order(std::string_view descr) {
  return !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos ? descr.substr(1) : descr;
}

// What an array of that type is said to hold: "<U7" are texts, "[(...)]" records.
std::string type_name(std::string_view descr) {
  if (descr.starts_with('['))
    return "records (a structured array)";
  const std::string_view code = without_order(descr);
  if (const auto known = types().find(code); known != types().end())
    return known->second.name;
  if (code.starts_with('U') || code.starts_with('S'))
    return "texts ('" + std::string(descr.substr(0, 40)) + "')";
  if (code.starts_with('M') || code.starts_with('m'))
    return "dates or times ('" + std::string(descr.substr(0, 40)) + "')";
  return "values of the type '" + std::string(descr.substr(0, 40)) + "'";
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

// False where a finite value has no finite float.
bool convert(std::span<const std::uint8_t> bytes, const Type &type, bool big_endian, std::vector<float> &values) {
  values.resize(bytes.size() / type.bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::array<std::uint8_t, 8> value{};
    std::memcpy(value.data(), bytes.data() + i * type.bytes, type.bytes);
    if (big_endian)
      std::reverse(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(type.bytes));
    values[i] = type.convert(value.data());
    if (std::isinf(values[i]) && type.convert == value_of<double> && std::isfinite(std::bit_cast<double>(value)))
      return false;
  }
  return true;
}

// Fortran's order has the first index run fastest, C's the last.
std::vector<float> in_c_order(const std::vector<float> &values, const std::vector<std::int64_t> &shape) {
  std::vector<float> out(values.size());
  std::vector<std::size_t> index(shape.size()), steps(shape.size());
  std::size_t step = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    steps[axis] = step;
    step *= static_cast<std::size_t>(shape[axis]);
  }
  std::size_t from = 0;
  for (float &value : out) {
    value = values[from];
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      from += steps[axis];
      if (++index[axis] < static_cast<std::size_t>(shape[axis]))
        break;
      from -= steps[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return out;
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
  const auto found = types().find(without_order(header.descr));
  const Type type = found == types().end() ? Type{""} : found->second;
  if (!type.convert)
    fail("holds " + type_name(header.descr) + "; needs real numbers (float, integer or bool)");

  const std::size_t available = bytes.size() - header_begin - header_size;
  std::uint64_t elements = 1;
  for (const std::int64_t extent : header.shape) {
    if (extent == 0)
      fail("has no values (its shape is " + shape_text(header.shape) + ")");
    if (elements > (std::uint64_t{1} << 40) / static_cast<std::uint64_t>(extent))
      fail("claims the shape " + shape_text(header.shape) + ", more than any file here may hold");
    elements *= static_cast<std::uint64_t>(extent);
  }
  const std::uint64_t needed = elements * type.bytes;
  if (available < needed)
    fail("is truncated: its shape " + shape_text(header.shape) + " needs " + std::to_string(needed) +
         " bytes of data, it has " + std::to_string(available));
  if (available > needed)
    fail("has " + std::to_string(available - needed) + " bytes more than its shape " + shape_text(header.shape) +
         " needs");

  Array array;
  array.shape = header.shape;
  const auto data = std::span(bytes).subspan(header_begin + header_size);
  if (!convert(data, type, header.descr[0] == '>', array.data))
    fail("is " + std::string(type.name) + ", with values that are too large for float32");
  if (header.fortran_order)
    array.data = in_c_order(array.data, array.shape);
  return array;
}

std::string npy_bytes(const Array &array) {
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
  return file;
}

void write_npy(const std::filesystem::path &path, const Array &array) {
  write_file_atomically(path, std::string_view(npy_bytes(array)));
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
