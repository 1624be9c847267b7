#include "io/picture_kinds.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace convscope {

namespace {

// What makes a PNG of it. F stands for the file's name, G for its name without the ending.
constexpr std::string_view magick = "magick F G.png", first_magick = "magick F[0] G.png";

struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view kind; // with its article
  std::string_view command;
};

using namespace std::string_view_literals;

// The longer before the shorter that it begins with.
constexpr std::array signatures = {
    Signature{0, "GIF8"sv, "a GIF", first_magick},
    Signature{0, "II*\0"sv, "a TIFF", first_magick},
    Signature{0, "MM\0*"sv, "a TIFF", first_magick},
    Signature{0, "II+\0"sv, "a BigTIFF", first_magick},
    Signature{0, "MM\0+"sv, "a BigTIFF", first_magick},
    Signature{0, "%PDF"sv, "a PDF", "pdftoppm -png -singlefile F G"},
    Signature{0, "%!PS"sv, "PostScript", magick},
    Signature{0, "8BPS"sv, "a Photoshop file (PSD)", first_magick},
    Signature{0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "a JPEG 2000", magick},
    Signature{0, "\xff\x4f\xff\x51"sv, "a JPEG 2000", magick},
    Signature{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "a JPEG XL", "djxl F G.png"},
    Signature{0, "\xff\x0a"sv, "a JPEG XL", "djxl F G.png"},
    Signature{0, "\xff\xd8\xff\xf7"sv, "a JPEG-LS", magick},
    Signature{0, "\0\0\1\0"sv, "an icon (ICO)", first_magick},
    Signature{0, "\0\0\2\0\0\0"sv, "a Targa (TGA)", magick},
    Signature{0, "\0\0\x0a\0\0\0"sv, "a Targa (TGA)", magick},
    Signature{0, "\x0a\5\1\x08"sv, "a PCX", magick},
    Signature{0, "icns"sv, "an icon (ICNS)", first_magick},
    Signature{0, "\x8aMNG"sv, "an MNG", first_magick},
    Signature{0, "v/1\1"sv, "an OpenEXR", magick},
    Signature{0, "#?RADIANCE"sv, "a Radiance HDR", magick},
    Signature{0, "#?RGBE"sv, "a Radiance HDR", magick},
    Signature{0, "DDS "sv, "a DDS", magick},
    Signature{0, "qoif"sv, "a QOI", magick},
    Signature{0, "gimp xcf"sv, "a GIMP file (XCF)", "magick F -flatten G.png"},
    Signature{0, "FUJIFILMCCD-RAW"sv, "a camera's raw file", magick},
    Signature{128, "DICM"sv, "a DICOM", magick},
    Signature{0, "SIMPLE  ="sv, "a FITS", magick},
    Signature{0, "FLIF"sv, "a FLIF", magick},
};

// Of ISO's media files, which tell what they are by the brand behind "ftyp".
constexpr std::array brands = {
    Signature{8, "avif"sv, "an AVIF", magick},
    Signature{8, "avis"sv, "an AVIF", first_magick},
    Signature{8, "heic"sv, "a HEIC", magick},
    Signature{8, "heix"sv, "a HEIC", magick},
    Signature{8, "heim"sv, "a HEIC", magick},
    Signature{8, "heis"sv, "a HEIC", magick},
    Signature{8, "hevc"sv, "a HEIC", magick},
    Signature{8, "hevx"sv, "a HEIC", magick},
    Signature{8, "mif1"sv, "a HEIF", magick},
    Signature{8, "msf1"sv, "a HEIF", first_magick},
    Signature{8, "crx "sv, "a camera's raw file", magick},
};

bool has(std::string_view text, const Signature &signature) {
  return text.size() >= signature.at && text.substr(signature.at).starts_with(signature.bytes);
}

// The command, for a shell.
std::string filled(std::string_view command, const std::string &name) {
  const std::size_t slash = name.find_last_of("/\\"), dot = name.rfind('.');
  const bool has_ending = dot != std::string::npos && dot > (slash == std::string::npos ? 0 : slash + 1);
  std::string stem = name.substr(0, has_ending ? dot : std::string::npos);
  if (stem + ".png" == name) // which is no PNG, and must not be written over
    stem += "-converted";
  std::string text;
  for (const std::string &word : split(command, ' ')) {
    const bool file = word.starts_with('F'), result = word.starts_with('G');
    text += text.empty() ? "" : " ";
    text += file || result ? shell_text((file ? name : stem) + word.substr(1)) : word;
  }
  return text;
}

std::string conversion(std::string_view kind, std::string_view command, const std::string &name) {
  return "is " + std::string(kind) + "; convert it to PNG or JPEG, e.g. `" + filled(command, name) + "`";
}

bool is_bmp(std::string_view text) { // two letters alone could be any text's
  return text.starts_with("BM") && text.size() >= 18 && text.substr(6, 4) == "\0\0\0\0"sv;
}

bool is_netpbm(std::string_view text) {
  return text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' &&
         std::string_view(" \t\r\n").find(text[2]) != std::string_view::npos;
}

// A page or a drawing, where the text begins as one does: behind a byte order mark, blanks, a declaration, comments.
std::string text_kind(std::string_view text, const std::string &name) {
  std::string head = lower(text.substr(0, 4096));
  if (head.starts_with("\xef\xbb\xbf"))
    head.erase(0, 3);
  if (head.find('\0') != std::string::npos)
    return "";
  const auto begins = [&](std::string_view word) { return head.starts_with(word); };
  for (;;) {
    head.erase(0, std::min(head.find_first_not_of(" \t\r\n"), head.size()));
    const std::string_view end = begins("<?xml") ? "?>" : begins("<!--") ? "-->" : begins("<!doctype svg") ? ">" : "";
    if (end.empty())
      break;
    const std::size_t at = head.find(end);
    if (at == std::string::npos)
      break;
    head.erase(0, at + end.size());
  }
  if (begins("<svg") || begins("<svg:svg"))
    return conversion("an SVG drawing", "rsvg-convert -o G.png F", name);
  for (const std::string_view page : {"<!doctype html", "<html", "<head", "<body", "<script"})
    if (begins(page))
      return "is an HTML page and no picture: what was saved is the page around it; download the picture itself";
  return "";
}

} // namespace

std::string other_kind(std::span<const std::uint8_t> bytes, const std::string &name) {
  const std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (text.starts_with("version https://git-lfs.github.com/spec/"))
    return "is a Git LFS pointer and not the picture that it stands for: `git lfs pull` gets that";
  if (text.substr(std::min<std::size_t>(text.size(), 4)).starts_with("ftyp")) {
    for (const Signature &brand : brands)
      if (has(text, brand))
        return conversion(brand.kind, brand.command, name);
    return "is a video; take a picture out of it, e.g. `" + filled("ffmpeg -i F -frames:v 1 G.png", name) + "`";
  }
  if (is_bmp(text))
    return conversion("a BMP", magick, name);
  if (is_netpbm(text))
    return conversion("a Netpbm picture (PBM, PGM, PPM)", magick, name);
  for (const Signature &signature : signatures)
    if (has(text, signature))
      return conversion(signature.kind, signature.command, name);
  return text_kind(text, name);
}

} // namespace convscope
