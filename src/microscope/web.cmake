# The files of src/microscope/web/ as text in the binary. Included, it adds them to convscope_microscope; run as a script
# (cmake -P), it writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(rows "")
  foreach(file ${FILES})
    get_filename_component(name ${file} NAME)
    file(READ ${file} hex HEX)
    string(LENGTH "${hex}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
    string(MAKE_C_IDENTIFIER ${name} id)
    string(APPEND arrays "static const char ${id}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", {${id}, ${size}}},\n")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"microscope/web_files.h\"

${arrays}
std::span<const std::pair<std::string_view, std::string_view>> convscope::web_files() {
  static const std::pair<std::string_view, std::string_view> files[] = {
${rows}  };
  return files;
}
")
  return()
endif()

file(GLOB web_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/microscope/web/*)
set(web_output ${PROJECT_BINARY_DIR}/web/web_files.cpp)
add_custom_command(OUTPUT ${web_output}
  COMMAND ${CMAKE_COMMAND} "-DFILES=${web_sources}" -DOUTPUT=${web_output} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${web_sources} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding the pages' files" VERBATIM)
target_sources(convscope_microscope PRIVATE ${web_output})
