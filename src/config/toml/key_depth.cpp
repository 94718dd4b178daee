#include "config/toml/key_depth.h"

#include <algorithm>

#include "config/toml/tokens.h"

namespace seki::config {

uint32_t line_of_endless_key(std::string_view text) {
    uint32_t line = 1;
    size_t dots = 0;
    for (size_t i = 0; i < text.size();) {
        size_t next = i + 1;
        const char c = text[i];
        if (c == '"' || c == '\'') {
            next = end_of_quoted(text, i);
        } else if (c == '#') {
            next = std::min(text.find('\n', i), text.size());
        } else if (c == '.') {
            if (++dots == max_key_parts) return line;
        } else if (std::string_view("\n=,[]{}").contains(c)) {
            dots = 0;
        }
        line += static_cast<uint32_t>(std::ranges::count(text.substr(i, next - i), '\n'));
        i = next;
    }
    return 0;
}

}  // namespace seki::config
