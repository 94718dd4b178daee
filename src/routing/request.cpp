#include "routing/request.h"

#include <algorithm>
#include <string>

#include "routing/path.h"

namespace seki::routing {
namespace {

// What stands before the first `delimiter`; the rest loses it and the delimiter.
std::string_view take(std::string_view& rest, char delimiter) noexcept {
    const size_t size = std::min(rest.find(delimiter), rest.size());
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(std::min(size + 1, rest.size()));
    return taken;
}

std::string_view trim(std::string_view text) noexcept {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

// A '%' that no two digits follow stands for itself.
std::string_view decoded(std::string_view text, std::string& storage) {
    if (text.find_first_of("%+") == text.npos) return text;
    storage.clear();
    for (size_t i = 0; i < text.size(); ++i) {
        if (const auto byte = escaped_byte(text.substr(i))) {
            storage += *byte;
            i += 2;
        } else {
            storage += text[i] == '+' ? ' ' : text[i];
        }
    }
    return storage;
}

}  // namespace

bool each_cookie(std::string_view field, std::string_view name, HeaderFields::See see) {
    while (!field.empty()) {
        std::string_view value = take(field, ';');
        const std::string_view key = take(value, '=');
        if (trim(key) == name && !see(trim(value))) return false;
    }
    return true;
}

bool each_query_parameter(std::string_view path, std::string_view name, HeaderFields::See see) {
    take(path, '?');
    std::string storage;
    while (!path.empty()) {
        std::string_view value = take(path, '&');
        const std::string_view key = take(value, '=');
        if (decoded(key, storage) == name && !see(decoded(value, storage))) return false;
    }
    return true;
}

}  // namespace seki::routing
