# The compiler, and the flags that every target shares.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Pabal builds with clang 19 or newer; this is ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. "
    "g++ 12 miscompiles coroutines (docs/decisions/0001-compiler.md). Use a preset: cmake --preset dev")
endif()

option(PABAL_TESTS "Build the tests and the benchmarks" ON)
option(PABAL_UNIT_TESTS "With the tests, those beside the source too" ON)
option(PABAL_FUZZ "Build the fuzzers (needs clang's libFuzzer); the tests are instrumented with them" OFF)
set(PABAL_SANITIZE "" CACHE STRING "Sanitizers for every target, as for -fsanitize=")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wold-style-cast -Wcast-qual -Wunused -Wnull-dereference -Werror
  -fPIE -fstack-protector-strong -fno-omit-frame-pointer)
add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
add_link_options(-pie -Wl,-z,relro -Wl,-z,now)

if(PABAL_SANITIZE)
  add_compile_options(-fsanitize=${PABAL_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PABAL_SANITIZE})
endif()

if(PABAL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(PABAL_MOLD mold)
find_program(PABAL_LLD ld.lld-19)
if(PABAL_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(PABAL_LLD)
  add_link_options(-fuse-ld=lld-19)
endif()

# ccache, with a precompiled header: the header must carry no time stamp, and ccache must be told
# that the compiler looks at the header's content alone.
find_program(PABAL_CCACHE ccache)
if(PABAL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    ${PABAL_CCACHE})
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
