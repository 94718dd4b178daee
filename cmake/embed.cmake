# Makes a C++ file of any other one: cmake -D FROM=PATH -D TO=PATH -D NAME=namespace::name -P embed.cmake defines a
# std::string_view of that name, which its user declares as extern const.
file(READ ${FROM} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
string(REGEX MATCH "^(.*)::([^:]+)$" parts ${NAME})
file(WRITE ${TO} "#include <string_view>

namespace ${CMAKE_MATCH_1} {

static constexpr char bytes[] = {
${bytes}};
extern const std::string_view ${CMAKE_MATCH_2};
const std::string_view ${CMAKE_MATCH_2}(bytes, sizeof bytes);

}  // namespace ${CMAKE_MATCH_1}
")
