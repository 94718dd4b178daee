#include "config/conditions.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>

namespace seki::config {
namespace {

std::string_view sign_of(command::MatchKind kind) {
    switch (kind) {
        case command::EXACT:
            return " = ";
        case command::STARTS_WITH:
            return " ^= ";
        case command::MATCHES:
            return " ~= ";
        case command::PRESENT:
            break;
    }
    return {};
}

// Names of parameters may hold spaces; a name must end where its sign begins.
std::string without_spaces(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == ' ' || c == '\\') text += '\\';
        text += c == ' ' ? '_' : c;
    }
    return text;
}

void add(std::string_view what, const google::protobuf::RepeatedPtrField<command::FieldMatch>& matches,
         std::vector<std::string>& lines) {
    for (const command::FieldMatch& match : matches) {
        lines.push_back(fmt::format("{}{} {}{}{}", match.invert() ? "not " : "", what, without_spaces(match.name()),
                                    sign_of(match.kind()), match.value()));
    }
}

void add(std::string_view what, const google::protobuf::RepeatedPtrField<std::string>& networks,
         std::vector<std::string>& lines) {
    if (!networks.empty()) lines.push_back(fmt::format("{} {}", what, fmt::join(networks, " ")));
}

}  // namespace

std::vector<std::string> conditions(const command::RequestHttpFrontend& frontend) {
    std::vector<std::string> lines;
    add("header", frontend.match_headers(), lines);
    add("cookie", frontend.match_cookies(), lines);
    add("query", frontend.match_query(), lines);
    std::ranges::sort(lines);
    lines.erase(std::ranges::unique(lines).begin(), lines.end());
    add("from", frontend.source_allow(), lines);
    add("not from", frontend.source_deny(), lines);
    return lines;
}

}  // namespace seki::config
