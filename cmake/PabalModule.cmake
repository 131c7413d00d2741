# One static library a module. A module sees the headers of the modules that it names, and no
# others: each module's headers are reached through a directory of their own that only its
# users have on their include path.

add_library(pabal_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
target_precompile_headers(pabal_pch PUBLIC ${CMAKE_SOURCE_DIR}/cmake/pch.h)
target_link_libraries(pabal_pch PUBLIC fmt::fmt Threads::Threads)

function(pabal_headers_of name)
  set(root ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${root}/${name} SYMBOLIC)
endfunction()

# pabal_module(NAME [DEPENDS module...] [LIBRARIES target...] [TEST_LIBRARIES target...])
#   src/NAME/**/*.cc      the library pabal_NAME
#   src/NAME/**/*_test.cc its tests, the program NAME_test
function(pabal_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  pabal_headers_of(${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/program/")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  add_library(pabal_${name} STATIC ${sources})
  target_include_directories(pabal_${name} PUBLIC ${CMAKE_BINARY_DIR}/include/${name})
  target_precompile_headers(pabal_${name} REUSE_FROM pabal_pch)
  target_link_libraries(pabal_${name} PUBLIC fmt::fmt Threads::Threads PRIVATE ${arg_LIBRARIES})
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(pabal_${name} PUBLIC pabal_${dependency})
  endforeach()

  if(PABAL_TESTS AND PABAL_UNIT_TESTS AND tests)
    pabal_test(${name}_test SOURCES ${tests} DEPENDS ${name} LIBRARIES ${arg_LIBRARIES} ${arg_TEST_LIBRARIES})
  endif()
endfunction()

# pabal_test(NAME SOURCES file... DEPENDS module... [LIBRARIES target...])
function(pabal_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_precompile_headers(${name} REUSE_FROM pabal_pch)
  # For tests that compare what the tree holds with what the code says.
  target_compile_definitions(${name} PRIVATE PABAL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  list(TRANSFORM arg_DEPENDS PREPEND pabal_)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  if(PABAL_SANITIZE MATCHES "thread")
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
  endif()
endfunction()
