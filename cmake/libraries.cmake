# A folder of src/ is a library; it names the lower libraries that it uses. The include path is src/, so that includes
# read "library/file.h"; the layers are kept by tests/layers.py, which knows them.
set(SEKI_HOT_LIBRARIES base event http net routing observe backend proxy worker)
# They speak of the schema nearly everywhere.
set(SEKI_LIBRARIES_OF_SCHEMA config command supervisor ctl)

function(seki_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  if(ARG_SOURCES)
    add_library(seki_${name} STATIC ${ARG_SOURCES})
    target_include_directories(seki_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    list(TRANSFORM ARG_USES PREPEND seki_)
    target_link_libraries(seki_${name} PUBLIC ${ARG_USES} ${ARG_LIBRARIES} PRIVATE seki_warnings)
    # Link-time optimisation where requests pass; elsewhere it would only make links slow.
    if(CMAKE_BUILD_TYPE STREQUAL "Release" AND name IN_LIST SEKI_HOT_LIBRARIES)
      set_target_properties(seki_${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
      # Frame pointers cost 2 % of the instructions here; profilers unwind by -g1 and .eh_frame (perf --call-graph dwarf).
      target_compile_options(seki_${name} PRIVATE -O3 -fomit-frame-pointer)
    endif()
    if(name IN_LIST SEKI_LIBRARIES_OF_SCHEMA)
      seki_use_headers(seki_${name} seki_headers)
    endif()
  else()
    add_library(seki_${name} INTERFACE)
    target_include_directories(seki_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    list(TRANSFORM ARG_USES PREPEND seki_)
    target_link_libraries(seki_${name} INTERFACE ${ARG_USES} ${ARG_LIBRARIES})
  endif()
endfunction()

# The code under test is optimised and instrumented; doing that to the tests as well took most of a cold ./check.
function(seki_compile_as_test target)
  target_link_libraries(${target} PRIVATE GTest::gtest_main GTest::gmock)
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE -fno-sanitize=undefined)
  set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
endfunction()

# A test executable per library: tests/<library>/*_test.cpp. Every TEST becomes a ctest entry of its own executable's run.
function(seki_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_USES PREPEND seki_)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE seki_warnings ${ARG_USES} ${ARG_LIBRARIES})
  seki_compile_as_test(test_${name})
  seki_use_headers(test_${name} test_headers)
  add_test(NAME ${name} COMMAND test_${name})
endfunction()
