# Compiler and linker flags. Third-party and generated code gets the hardening, our own code the warnings too.

add_library(seki_warnings INTERFACE)
target_compile_options(seki_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
                                               -Wunused -Woverloaded-virtual -Wnull-dereference -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports null dereferences inside the standard library's inlined code.
  target_compile_options(seki_warnings INTERFACE -Wno-null-dereference)
endif()

add_compile_options(-pthread -fno-omit-frame-pointer -g1)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  add_compile_options(-fstack-protector-strong -fcf-protection -fstack-clash-protection -D_FORTIFY_SOURCE=3
                      -D_GLIBCXX_ASSERTIONS)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
  add_compile_options(-fno-semantic-interposition)
else()
  add_compile_definitions(SEKI_DEBUG _GLIBCXX_ASSERTIONS)
  add_compile_options(-O1)
endif()

if(SEKI_SANITIZE OR SEKI_FUZZ)
  # Not vptr: it asks the kernel by a pipe whether memory can be read, and sees ghosts where descriptors are short.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

if(SEKI_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  # Coverage for tools/coverage, which tells where the build folder is: what ccache gave may come from another one.
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping -fcoverage-compilation-dir=.)
  add_link_options(-fprofile-instr-generate)
endif()
