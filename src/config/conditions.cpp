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

std::string line_of(std::string_view what, std::string_view name, command::MatchKind kind, std::string_view value) {
    return fmt::format("{} {}{}{}", what, without_spaces(name), sign_of(kind), value);
}

void add(std::string_view what, const google::protobuf::RepeatedPtrField<command::FieldMatch>& matches,
         std::vector<std::string>& lines) {
    for (const command::FieldMatch& match : matches) {
        lines.push_back((match.invert() ? "not " : "") + line_of(what, match.name(), match.kind(), match.value()));
    }
}

void add(const google::protobuf::RepeatedPtrField<command::HeaderPredicate>& predicates,
         std::vector<std::string>& lines) {
    for (const command::HeaderPredicate& predicate : predicates) {
        lines.push_back(line_of("predicate", predicate.name(), match_kind(predicate.kind()), predicate.value()));
    }
}

void add(std::string_view what, const google::protobuf::RepeatedPtrField<std::string>& networks,
         std::vector<std::string>& lines) {
    if (!networks.empty()) lines.push_back(fmt::format("{} {}", what, fmt::join(networks, " ")));
}

}  // namespace

command::MatchKind match_kind(command::HeaderMatchKind kind) {
    switch (kind) {
        case command::HEADER_MATCH_KIND_EXACT:
            return command::EXACT;
        case command::HEADER_MATCH_KIND_REGEX:
            return command::MATCHES;
        case command::HEADER_MATCH_KIND_PRESENT:
            break;
    }
    return command::PRESENT;
}

std::vector<std::string> conditions(const command::RequestHttpFrontend& frontend) {
    std::vector<std::string> lines;
    add("header", frontend.match_headers(), lines);
    add("cookie", frontend.match_cookies(), lines);
    add("query", frontend.match_query(), lines);
    add(frontend.header_predicates(), lines);
    std::ranges::sort(lines);
    lines.erase(std::ranges::unique(lines).begin(), lines.end());
    add("from", frontend.source_allow(), lines);
    add("not from", frontend.source_deny(), lines);
    return lines;
}

}  // namespace seki::config
