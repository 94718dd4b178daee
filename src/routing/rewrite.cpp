#include "routing/rewrite.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace seki::routing {
namespace {

using Kind = RewritePart::Kind;

constexpr std::string_view host_name = "$HOST[";
constexpr std::string_view path_name = "$PATH[";
static_assert(host_name.size() == path_name.size());

std::optional<size_t> number(std::string_view text) {
    size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<std::vector<RewritePart>> rewrite_parts(std::string_view text) {
    std::vector<RewritePart> parts;
    while (!text.empty()) {
        const size_t next = std::min(text.find(host_name), text.find(path_name));
        const std::string_view literal = text.substr(0, next);
        if (!literal.empty()) parts.push_back({Kind::literal, literal});
        if (next == text.npos) break;
        const std::string_view name = text.substr(next, host_name.size());
        text.remove_prefix(next + name.size());
        const size_t bracket = text.find(']');
        const auto index = bracket == text.npos ? std::nullopt : number(text.substr(0, bracket));
        if (!index) return failure("behind '{}' there must be a number and ']'", name);
        parts.push_back({name == host_name ? Kind::host : Kind::path, {}, *index});
        text.remove_prefix(bracket + 1);
    }
    return parts;
}

}  // namespace seki::routing
