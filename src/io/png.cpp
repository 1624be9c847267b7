#include "io/png.h"

#include "base/error.h"
#include "base/files.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

namespace convscope {

namespace {

constexpr char settings_key[] = "convscope";

// libpng leaves a failed call by longjmp, over which no destructor runs: the functions that call setjmp
// hold plain values only, and what owns memory lives in their callers.
struct Message {
  char text[160] = "";
};

void on_error(png_structp png, png_const_charp text) {
  auto *message = static_cast<Message *>(png_get_error_ptr(png));
  std::strncpy(message->text, text, sizeof message->text - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

struct Source {
  const std::uint8_t *bytes;
  std::size_t left;
};

void read_source(png_structp png, png_bytep out, std::size_t count) {
  auto *source = static_cast<Source *>(png_get_io_ptr(png));
  if (count > source->left)
    png_error(png, "it is truncated");
  std::memcpy(out, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

void append_to_sink(png_structp png, png_bytep bytes, std::size_t count) {
  auto *sink = static_cast<std::vector<std::uint8_t> *>(png_get_io_ptr(png));
  bool appended = true;
  try {
    sink->insert(sink->end(), bytes, bytes + count);
  } catch (...) {
    appended = false;
  }
  if (!appended)
    png_error(png, "out of memory");
}

void flush_sink(png_structp) {}

struct Reader {
  Source source;
  Message message;
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit Reader(std::span<const std::uint8_t> bytes) : source{bytes.data(), bytes.size()} {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &message, on_error, on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_read_fn(png, &source, read_source);
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;
};

struct Writer {
  Message message;
  png_structp png = nullptr;
  png_infop info = nullptr;

  Writer() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &message, on_error, on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) {
      png_destroy_write_struct(&png, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer &) = delete;
  Writer &operator=(const Writer &) = delete;
};

bool read_size(Reader &reader) {
  if (setjmp(png_jmpbuf(reader.png)))
    return false;
  // The limits are ours to tell, with the file's name.
  png_set_user_limits(reader.png, 0x7fffffff, 0x7fffffff);
  png_read_info(reader.png, reader.info);
  return true;
}

// Asks libpng for 8 bits of RGB, or of RGBA where anything is transparent; gives the bytes a pixel.
bool choose_format(Reader &reader, int &channels) {
  if (setjmp(png_jmpbuf(reader.png)))
    return false;
  png_set_expand(reader.png);
  png_set_scale_16(reader.png);
  png_set_gray_to_rgb(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  channels = png_get_channels(reader.png, reader.info);
  return true;
}

bool read_rows(Reader &reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)))
    return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, reader.info);
  return true;
}

bool write_rows(Writer &writer, std::vector<std::uint8_t> *sink, const ImageRgb8 &image, int colour_type,
                png_bytepp rows, png_textp text) {
  if (setjmp(png_jmpbuf(writer.png)))
    return false;
  png_set_write_fn(writer.png, sink, append_to_sink, flush_sink);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
               8, colour_type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (text->text_length > 0)
    png_set_text(writer.png, writer.info, text, 1);
  png_write_info(writer.png, writer.info);
  png_write_image(writer.png, rows);
  png_write_end(writer.png, nullptr);
  return true;
}

std::vector<png_bytep> row_pointers(std::uint8_t *pixels, int height, std::size_t stride) {
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < rows.size(); ++y)
    rows[y] = pixels + y * stride;
  return rows;
}

// `settings`, where given, receives the text of our chunk; false where there is none.
bool decode(std::span<const std::uint8_t> bytes, const std::string &name, ImageRgb8 &image, std::string *settings) {
  Reader reader(bytes);
  const auto fail = [&] { throw UserError(name + ": is a damaged PNG: " + reader.message.text); };
  if (!read_size(reader))
    fail();
  const png_uint_32 width = png_get_image_width(reader.png, reader.info);
  const png_uint_32 height = png_get_image_height(reader.png, reader.info);
  check_image_size(width, height, name);
  int channels = 0;
  if (!choose_format(reader, channels))
    fail();
  if (channels != 3 && channels != 4)
    throw UserError(name + ": is a PNG of an unknown kind");

  image = ImageRgb8(static_cast<int>(width), static_cast<int>(height));
  std::vector<std::uint8_t> rgba(channels == 4 ? std::size_t{4} * width * height : 0);
  std::uint8_t *pixels = channels == 4 ? rgba.data() : image.pixels.data();
  std::vector<png_bytep> rows = row_pointers(pixels, image.height, static_cast<std::size_t>(width) * channels);
  if (!read_rows(reader, rows.data()))
    fail();
  if (channels == 4)
    lay_over_white(rgba, image);

  if (!settings)
    return true;
  png_textp texts = nullptr;
  const int count = png_get_text(reader.png, reader.info, &texts, nullptr);
  for (int i = 0; i < count; ++i)
    if (std::strcmp(texts[i].key, settings_key) == 0) {
      settings->assign(texts[i].text, texts[i].text_length);
      return true;
    }
  return false;
}

} // namespace

bool is_png(std::span<const std::uint8_t> bytes) { return bytes.size() >= 8 && png_sig_cmp(bytes.data(), 0, 8) == 0; }

ImageRgb8 decode_png(std::span<const std::uint8_t> bytes, const std::string &name) {
  ImageRgb8 image;
  decode(bytes, name, image, nullptr);
  return image;
}

std::vector<std::uint8_t> encode_png(const ImageRgb8 &image, const std::string &settings_json,
                                     std::span<const std::uint8_t> opacity) {
  check_image_size(image.width, image.height, "the image to write");
  std::vector<std::uint8_t> bytes, rgba;
  for (std::size_t i = 0; i < opacity.size(); ++i) {
    rgba.insert(rgba.end(), image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i),
                image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
    rgba.push_back(opacity[i]);
  }
  // libpng's rows and texts are not const, though it does not change them.
  std::vector<png_bytep> rows =
      row_pointers(rgba.empty() ? const_cast<std::uint8_t *>(image.pixels.data()) : rgba.data(), image.height,
                   static_cast<std::size_t>(image.width) * (rgba.empty() ? 3 : 4));
  png_text text{};
  text.compression = PNG_TEXT_COMPRESSION_NONE;
  text.key = const_cast<char *>(settings_key);
  text.text = const_cast<char *>(settings_json.c_str());
  text.text_length = settings_json.size();
  Writer writer;
  if (!write_rows(writer, &bytes, image, rgba.empty() ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA, rows.data(), &text))
    throw UserError(std::string("the PNG could not be made: ") + writer.message.text);
  return bytes;
}

void write_png(const std::filesystem::path &path, const ImageRgb8 &image, const std::string &settings_json,
               std::span<const std::uint8_t> opacity) {
  write_file_atomically(path, encode_png(image, settings_json, opacity));
}

std::string read_png_settings(const std::filesystem::path &path) {
  const std::vector<std::uint8_t> bytes = read_file(path, std::uint64_t{1} << 30);
  const std::string name = path_text(path);
  const std::string none = "no convscope settings in " + name + ": it was not made by convscope optimize";
  if (!is_png(bytes))
    throw UserError(none + " (it is not a PNG)");
  ImageRgb8 image;
  std::string settings;
  if (!decode(bytes, name, image, &settings))
    throw UserError(none);
  return settings;
}

} // namespace convscope
