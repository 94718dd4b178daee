# What nearly every file begins with is compiled once for each preset: the standard library, fmt, the generated schema,
# and GoogleTest for the tests. To read them is most of what a small file takes. Files still include what they use;
# -DSEKI_PRECOMPILE=OFF shows whether they do.
option(SEKI_PRECOMPILE "Precompiled headers for tests, and for the libraries that requests do not pass" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(SEKI_PRECOMPILE OFF)
endif()

set(SEKI_COMMON_HEADERS
    <algorithm> <array> <chrono> <cstdint> <deque> <expected> <functional> <map> <memory> <optional> <random> <ranges>
    <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h> <command.pb.h>)
set(SEKI_TEST_HEADERS ${SEKI_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)

# Makes `target` the owner of the headers: one that is compiled as those are that seki_use_headers() names. It has no
# code of its own.
function(seki_own_headers target)
  target_link_libraries(${target} PRIVATE seki_warnings seki_proto fmt::fmt)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  # ccache cannot tell by the bytes of a compiled header that it is the same in another folder. It is told by what
  # went in.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/command.proto)
  file(SHA256 ${CMAKE_SOURCE_DIR}/proto/command.proto schema)
  string(SHA256 sum "${schema} ${ARGN} ${CMAKE_CXX_COMPILER_VERSION} ${Protobuf_VERSION} ${fmt_VERSION} ${GTest_VERSION}")
  set(owner ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir)
  file(CONFIGURE OUTPUT ${owner}/cmake_pch.hxx.gch.sum CONTENT "${sum}\n")
endfunction()

function(seki_use_headers target owner)
  if(SEKI_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

set(SEKI_NO_CODE ${CMAKE_BINARY_DIR}/no_code.cpp)
file(CONFIGURE OUTPUT ${SEKI_NO_CODE} CONTENT "int main() {}\n")
