# pabal_embed(NAME DIRECTORY dir): the files of a folder as part of the program.
#   The library pabal_NAME with `std::span<const pabal::http::EmbeddedFile> pabal::NAME_files();`
# Each is kept as it is, and by gzip and brotli where their programs are there and it gets smaller.
# This file is the script of that step too: cmake -DDIRECTORY=… -DOUTPUT=… -DNAME=… -P PabalEmbed.cmake

if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
endif()

function(pabal_embed_write)
  find_program(gzip gzip)
  find_program(brotli brotli)
  file(GLOB_RECURSE files RELATIVE ${DIRECTORY} ${DIRECTORY}/*)
  list(SORT files)
  set(blobs "")
  set(rows "")
  set(number 0)
  foreach(file IN LISTS files)
    set(plain ${DIRECTORY}/${file})
    file(SHA256 ${plain} hash)
    string(SUBSTRING ${hash} 0 20 hash)
    set(row "{\"/${file}\", \"${hash}\"")
    set(variants ${plain})
    foreach(program IN ITEMS gzip brotli)
      set(packed ${OUTPUT}.${number}.${program})
      if(${program})
        set(options -9 -n -c)
        if(program STREQUAL "brotli")
          set(options -q 11 -c)
        endif()
        execute_process(COMMAND ${${program}} ${options} ${plain} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
        file(SIZE ${plain} plain_size)
        file(SIZE ${packed} packed_size)
        if(packed_size LESS plain_size)
          list(APPEND variants ${packed})
        else()
          list(APPEND variants none)
        endif()
      else()
        list(APPEND variants none)
      endif()
    endforeach()
    set(kind 0)
    foreach(variant IN LISTS variants)
      set(symbol "pabal_${NAME}_${number}_${kind}")
      if(variant STREQUAL "none")
        string(APPEND row ", {}")
      else()
        string(APPEND blobs "PABAL_EMBED(${symbol}, \"${variant}\")\n")
        string(APPEND row ", between(${symbol}, ${symbol}_end)")
      endif()
      math(EXPR kind "${kind} + 1")
    endforeach()
    string(APPEND rows "    ${row}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(WRITE ${OUTPUT} "// Made by cmake/PabalEmbed.cmake.
#include <span>

#include \"http/static_files.h\"

#define PABAL_EMBED(name, path)                                             \\
  __asm__(\".section .rodata\\n\" #name \":\\n.incbin \\\"\" path \"\\\"\\n\" #name \"_end:\\n.byte 0\\n.text\\n\"); \\
  extern \"C\" const char name[];                                           \\
  extern \"C\" const char name##_end[];

${blobs}
namespace pabal {
namespace {
std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}
}  // namespace

std::span<const http::EmbeddedFile> ${NAME}_files() {
  static const http::EmbeddedFile files[] = {
${rows}  };
  return files;
}
}  // namespace pabal
")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  pabal_embed_write()
  return()
endif()

set(PABAL_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(pabal_embed name)
  cmake_parse_arguments(arg "" "DIRECTORY" "" ${ARGN})
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${arg_DIRECTORY}/*)
  set(source ${CMAKE_BINARY_DIR}/embedded/${name}.cc)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DDIRECTORY=${arg_DIRECTORY} -DOUTPUT=${source} -DNAME=${name} -P ${PABAL_EMBED_SCRIPT}
    DEPENDS ${files} ${PABAL_EMBED_SCRIPT}
    COMMENT "Embedding ${name}")
  add_library(pabal_${name} STATIC ${source})
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  target_link_libraries(pabal_${name} PUBLIC pabal_http)
endfunction()
