# Finds each dependency: Debian 12's packages or vcpkg's of the same name (vcpkg.json). Nothing is vendored.
find_package(PkgConfig)
find_package(Vulkan REQUIRED)
find_package(fmt REQUIRED)
find_package(PNG REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# A header or library that has no CMake package everywhere becomes an interface target here.
function(convscope_interface name)
  cmake_parse_arguments(arg "" "" "INCLUDE;LINK" ${ARGN})
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${arg_INCLUDE})
  target_link_libraries(${name} INTERFACE ${arg_LINK})
endfunction()

# TurboJPEG: libturbojpeg0-dev; vcpkg: libjpeg-turbo.
find_path(TURBOJPEG_INCLUDE turbojpeg.h REQUIRED)
find_library(TURBOJPEG_LIBRARY turbojpeg REQUIRED)
convscope_interface(convscope_jpeg INCLUDE ${TURBOJPEG_INCLUDE} LINK ${TURBOJPEG_LIBRARY})

# HDF5's C interface: libhdf5-dev; vcpkg: hdf5.
find_package(HDF5 REQUIRED COMPONENTS C)
convscope_interface(convscope_hdf5 INCLUDE ${HDF5_C_INCLUDE_DIRS} LINK ${HDF5_C_LIBRARIES})

# stb_truetype: libstb-dev; vcpkg: stb.
find_path(STB_INCLUDE stb_truetype.h PATH_SUFFIXES stb REQUIRED)
convscope_interface(convscope_stb INCLUDE ${STB_INCLUDE})

include(${CMAKE_CURRENT_LIST_DIR}/font.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/vkfft.cmake)
