# VkFFT: libvkfft-dev; vcpkg: vkfft. A header, whose run-time compiler is glslang (glslang-dev; vcpkg: glslang).
find_path(VKFFT_INCLUDE vkFFT.h PATH_SUFFIXES vkfft VkFFT REQUIRED)
find_path(GLSLANG_INCLUDE glslang/Include/glslang_c_interface.h REQUIRED)

if(VCPKG_TARGET_TRIPLET)
  find_package(glslang CONFIG REQUIRED)
  set(glslang_libraries glslang::glslang glslang::SPIRV glslang::glslang-default-resource-limits)
else()
  # Static archives in the order in which they need each other; releases after Debian 12's have fewer of them.
  set(glslang_libraries "")
  foreach(name glslang MachineIndependent OSDependent GenericCodeGen SPIRV glslang-default-resource-limits OGLCompiler
               HLSL SPIRV-Tools-opt SPIRV-Tools)
    find_library(GLSLANG_${name} NAMES ${CMAKE_STATIC_LIBRARY_PREFIX}${name}${CMAKE_STATIC_LIBRARY_SUFFIX} ${name})
    if(GLSLANG_${name})
      list(APPEND glslang_libraries ${GLSLANG_${name}})
    elseif(name MATCHES "^(glslang|SPIRV)$")
      message(FATAL_ERROR "glslang's library ${name} is missing (Debian: glslang-dev)")
    endif()
  endforeach()
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT APPLE)
    set(glslang_libraries -Wl,--start-group ${glslang_libraries} -Wl,--end-group)
  endif()
endif()
find_package(Threads REQUIRED)

convscope_interface(convscope_vkfft INCLUDE ${VKFFT_INCLUDE} ${GLSLANG_INCLUDE}
  LINK ${glslang_libraries} Vulkan::Vulkan Threads::Threads)
target_compile_definitions(convscope_vkfft INTERFACE VKFFT_BACKEND=0)
