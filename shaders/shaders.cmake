# Compiles every shaders/*.comp, *.vert and *.frag to SPIR-V at build time and embeds it: target convscope_shaders,
# whose header "shaders.h" gives `std::span<const std::uint32_t> convscope::shader(std::string_view name)`. One that includes
# texels.glsl also becomes `<name>_storage`, whose quads are read from storage buffers.
find_program(GLSLANG_VALIDATOR NAMES glslangValidator glslang REQUIRED)
file(GLOB shader_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/shaders/*.comp ${PROJECT_SOURCE_DIR}/shaders/*.vert
  ${PROJECT_SOURCE_DIR}/shaders/*.frag)
# Cooperative matrices came with glslang 13 (Debian 12 has 12): without them their kernel is left out, and devices are
# taken to have none.
set(matrix_probe ${PROJECT_BINARY_DIR}/CMakeFiles/cooperative_matrix.comp)
file(WRITE ${matrix_probe} "#version 450
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
void main() {}
")
execute_process(COMMAND ${GLSLANG_VALIDATOR} -V --target-env vulkan1.1 -o ${matrix_probe}.spv ${matrix_probe}
  RESULT_VARIABLE no_matrices OUTPUT_QUIET ERROR_QUIET)
if(no_matrices)
  message(STATUS "Cooperative matrices: left out, ${GLSLANG_VALIDATOR} does not know GL_KHR_cooperative_matrix")
  list(REMOVE_ITEM shader_sources ${PROJECT_SOURCE_DIR}/shaders/conv_matrix.comp)
else()
  message(STATUS "Cooperative matrices: built in")
endif()
file(GLOB shader_includes CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/shaders/*.glsl ${PROJECT_SOURCE_DIR}/shaders/*.h)
set(shader_dir ${PROJECT_BINARY_DIR}/generated/shaders)
file(MAKE_DIRECTORY ${shader_dir})

set(shader_headers "")
set(table_includes "")
set(table_rows "")
function(embed_shader name source)
  add_custom_command(
    OUTPUT ${shader_dir}/${name}.spv.h
    COMMAND ${GLSLANG_VALIDATOR} -V --quiet --target-env vulkan1.1 -I${PROJECT_SOURCE_DIR}/shaders ${ARGN}
            --vn spv_${name} -o ${shader_dir}/${name}.spv.h ${source}
    DEPENDS ${source} ${shader_includes}
    COMMENT "SPIR-V ${name}")
  set(shader_headers ${shader_headers} ${shader_dir}/${name}.spv.h PARENT_SCOPE)
  set(table_includes "${table_includes}#include \"${name}.spv.h\"\n" PARENT_SCOPE)
  set(table_rows "${table_rows}    {\"${name}\", spv_${name}},\n" PARENT_SCOPE)
endfunction()
foreach(source ${shader_sources})
  get_filename_component(name ${source} NAME_WE)
  embed_shader(${name} ${source})
  file(STRINGS ${source} quad_buffers REGEX "#include \"texels.glsl\"")
  if(quad_buffers)
    embed_shader(${name}_storage ${source} -DSTORAGE)
  endif()
endforeach()
# What is compiled twice follows from what a shader includes.
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${shader_sources})

file(CONFIGURE OUTPUT ${shader_dir}/shaders.h CONTENT [[
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace convscope {
// The SPIR-V of shaders/<name>.comp, .vert or .frag, or of its variant <name>_storage; empty if there is none.
std::span<const std::uint32_t> shader(std::string_view name);
} // namespace convscope
]] @ONLY)
file(CONFIGURE OUTPUT ${shader_dir}/shaders.cpp CONTENT [[
#include "shaders.h"
@table_includes@
namespace convscope {
std::span<const std::uint32_t> shader(std::string_view name) {
  struct Row {
    std::string_view name;
    std::span<const std::uint32_t> code;
  };
  static const Row table[] = {
@table_rows@    {"", {}},
  };
  for (const Row &row : table)
    if (row.name == name)
      return row.code;
  return {};
}
} // namespace convscope
]] @ONLY)
add_library(convscope_shaders STATIC ${shader_dir}/shaders.cpp ${shader_headers})
target_include_directories(convscope_shaders PUBLIC ${shader_dir})
