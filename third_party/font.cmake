# DejaVu Sans (fonts-dejavu-core; license in third_party/licenses) as bytes in the binary.
# Included, it makes the target convscope_font; run as a script (cmake -P), it writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  # 64-bit words compile several times faster than bytes; the last is filled up with zeros.
  file(SIZE ${INPUT} size)
  file(READ ${INPUT} hex HEX)
  math(EXPR fill "(8 - ${size} % 8) % 8")
  string(REPEAT "00" ${fill} zeros)
  string(REGEX REPLACE "(..)(..)(..)(..)(..)(..)(..)(..)" "0x\\8\\7\\6\\5\\4\\3\\2\\1,\n" words "${hex}${zeros}")
  file(WRITE ${OUTPUT} "#include \"font.h\"

#include <bit>
#include <cstdint>

static_assert(std::endian::native == std::endian::little, \"the words below hold their bytes in this order\");

static const std::uint64_t words[] = {\n${words}};

std::span<const unsigned char> convscope::font_ttf() {
  return {reinterpret_cast<const unsigned char *>(words), ${size}};
}
")
  return()
endif()

find_file(CONVSCOPE_FONT DejaVuSans.ttf
  PATHS /usr/share/fonts/truetype/dejavu /usr/share/fonts/TTF /usr/share/fonts/dejavu-sans-fonts
    /usr/local/share/fonts /Library/Fonts $ENV{HOME}/Library/Fonts C:/Windows/Fonts
  DOC "DejaVuSans.ttf, drawn in figures and in the viewer" REQUIRED)

set(font_folder ${PROJECT_BINARY_DIR}/font)
file(CONFIGURE OUTPUT ${font_folder}/font.h CONTENT "// DejaVu Sans, the bytes of the TrueType file.
#pragma once

#include <span>

namespace convscope {
std::span<const unsigned char> font_ttf();
}
")
add_custom_command(OUTPUT ${font_folder}/font.cpp
  COMMAND ${CMAKE_COMMAND} -DINPUT=${CONVSCOPE_FONT} -DOUTPUT=${font_folder}/font.cpp -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${CONVSCOPE_FONT} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding ${CONVSCOPE_FONT}" VERBATIM)
add_library(convscope_font STATIC ${font_folder}/font.cpp)
target_include_directories(convscope_font PUBLIC ${font_folder})
