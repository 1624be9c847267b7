# Finds each dependency: Debian 12's packages or vcpkg's of the same name (vcpkg.json). Nothing is vendored.
find_package(PkgConfig)
find_package(Vulkan REQUIRED)
find_package(fmt REQUIRED)
find_package(PNG REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
# libcurl4-openssl-dev; vcpkg: curl. Its OpenSSL is also where checksums come from: libssl-dev; vcpkg: openssl.
find_package(CURL 7.85 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

# A header or library that has no CMake package everywhere becomes an interface target here.
function(convscope_interface name)
  cmake_parse_arguments(arg "" "" "INCLUDE;LINK" ${ARGN})
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${arg_INCLUDE})
  target_link_libraries(${name} INTERFACE ${arg_LINK})
endfunction()

# libjpeg: libjpeg-dev, on Debian libjpeg-turbo's; vcpkg: libjpeg-turbo.
find_package(JPEG REQUIRED)

# libwebp: libwebp-dev, which has no CMake package; vcpkg: libwebp.
find_package(WebP CONFIG QUIET)
if(TARGET WebP::webpdemux)
  convscope_interface(convscope_webp LINK WebP::webpdemux WebP::webp)
else()
  find_path(WEBP_INCLUDE webp/demux.h REQUIRED)
  find_library(WEBP_LIBRARY webp REQUIRED)
  find_library(WEBPDEMUX_LIBRARY webpdemux REQUIRED)
  convscope_interface(convscope_webp INCLUDE ${WEBP_INCLUDE} LINK ${WEBPDEMUX_LIBRARY} ${WEBP_LIBRARY})
endif()

# giflib: libgif-dev; vcpkg: giflib. zlib: with libpng.
find_package(GIF 5 REQUIRED)
find_package(ZLIB REQUIRED)

# SQLite: libsqlite3-dev; vcpkg: sqlite3.
find_package(SQLite3 REQUIRED)

# HDF5's C interface: libhdf5-dev; vcpkg: hdf5.
find_package(HDF5 REQUIRED COMPONENTS C)
convscope_interface(convscope_hdf5 INCLUDE ${HDF5_C_INCLUDE_DIRS} LINK ${HDF5_C_LIBRARIES})

# libzip: libzip-dev, whose CMake package also wants the tools' packages; vcpkg: libzip.
find_path(ZIP_INCLUDE zip.h REQUIRED)
find_library(ZIP_LIBRARY zip REQUIRED)
convscope_interface(convscope_zip INCLUDE ${ZIP_INCLUDE} LINK ${ZIP_LIBRARY})

# The protobuf classes of ONNX: libonnx-dev and libprotobuf-dev; vcpkg: onnx. Nothing else of libonnx is used.
find_package(Protobuf REQUIRED)
find_package(ONNX CONFIG REQUIRED)
convscope_interface(convscope_onnx LINK $<IF:$<TARGET_EXISTS:onnx_proto>,onnx_proto,ONNX::onnx_proto> protobuf::libprotobuf)

# stb_truetype: libstb-dev; vcpkg: stb.
find_path(STB_INCLUDE stb_truetype.h PATH_SUFFIXES stb REQUIRED)
convscope_interface(convscope_stb INCLUDE ${STB_INCLUDE})

# GLFW: libglfw3-dev; vcpkg: glfw3. Dear ImGui with its GLFW backend: libimgui-dev, which has no CMake package and keeps
# backends apart; vcpkg: imgui with the feature glfw-binding. Its Vulkan backend is not used (src/viewer/gui_renderer.h).
find_package(glfw3 REQUIRED)
find_package(imgui CONFIG QUIET)
if(TARGET imgui::imgui)
  convscope_interface(convscope_imgui LINK imgui::imgui glfw)
else()
  find_path(IMGUI_INCLUDE imgui.h PATH_SUFFIXES imgui REQUIRED)
  find_path(IMGUI_BACKENDS imgui_impl_glfw.h PATH_SUFFIXES imgui/backends imgui backends REQUIRED)
  find_library(IMGUI_LIBRARY imgui REQUIRED)
  # Debian's leaves stb_truetype and stb_rect_pack to the stb library.
  find_library(STB_LIBRARY NAMES libstb.a stb)
  convscope_interface(convscope_imgui INCLUDE ${IMGUI_INCLUDE} ${IMGUI_BACKENDS} LINK ${IMGUI_LIBRARY} glfw)
  if(STB_LIBRARY)
    target_link_libraries(convscope_imgui INTERFACE ${STB_LIBRARY})
  endif()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/font.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/vkfft.cmake)
