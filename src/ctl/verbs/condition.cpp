#include <string_view>

#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

// "exact=x-beta=1", "regex=x-beta=[0-9]+" and "present=x-beta", as Sōzu has them. False when it is none of these.
Result<bool> read_predicate(command::Request& request, std::string_view text) {
    const size_t equals = text.find('=');
    const std::string_view match = text.substr(0, equals);
    if (equals == text.npos || (match != "exact" && match != "regex" && match != "present")) return false;
    const std::string_view rest = text.substr(equals + 1);
    const size_t second = rest.find('=');
    if (rest.empty() || second == 0)
        return failure("'{}' is not {}=NAME{}", text, match, match == "present" ? "" : "=VALUE");
    auto& predicate = add_element<command::HeaderPredicate>(request, "header_predicates");
    predicate.set_name(std::string(rest.substr(0, second)));
    static_cast<void>(put_text(find_field(predicate, "kind"), "header_match_kind_" + std::string(match)));
    if (second != rest.npos) predicate.set_value(std::string(rest.substr(second + 1)));
    return true;
}

// "x-beta", "x-beta=1", "x-beta^=a", "x-beta~=[0-9]+"; a '!' in front turns each of them round. The value may hold '='.
Result<> read_match(command::Request& request, std::string_view field, std::string_view text) {
    const bool invert = text.starts_with('!');
    const std::string_view match_text = text.substr(invert ? 1 : 0);
    const size_t equals = match_text.find('=');
    std::string_view name = match_text.substr(0, equals);
    command::MatchKind kind = equals == match_text.npos ? command::PRESENT : command::EXACT;
    if (kind == command::EXACT && name.ends_with('^')) kind = command::STARTS_WITH;
    if (kind == command::EXACT && name.ends_with('~')) kind = command::MATCHES;
    if (kind == command::STARTS_WITH || kind == command::MATCHES) name.remove_suffix(1);
    if (name.empty()) return failure("'{}' is not [!]NAME, followed by nothing, =VALUE, ^=PREFIX or ~=REGEX", text);

    auto& match = add_element<command::FieldMatch>(request, field);
    match.set_name(std::string(name));
    match.set_kind(kind);
    if (kind != command::PRESENT) match.set_value(std::string(match_text.substr(equals + 1)));
    if (invert) match.set_invert(true);
    return {};
}

void match_option(Verb& verb, const std::string& name, const std::string& help, const std::string& field) {
    verb.option(name, "[!]NAME[=VALUE]", help,
                [field](command::Request& request, const auto& values) -> Result<> {
                    for (const std::string& value : values) {
                        const Result<> read = read_match(request, field, value);
                        if (!read) return read;
                    }
                    return {};
                })
        .repeatable();
}

}  // namespace

void condition_options(Verb& verb) {
    verb.option("--match-header", "exact|regex|present=NAME[=VALUE]|[!]NAME[=VALUE]",
                "Only requests with this header; NAME^=PREFIX, NAME~=REGEX; '!' for those without; may be repeated",
                [](command::Request& request, const auto& values) -> Result<> {
                    for (const std::string& value : values) {
                        const Result<bool> predicate = read_predicate(request, value);
                        if (!predicate) return std::unexpected(predicate.error());
                        if (*predicate) continue;
                        if (auto read = read_match(request, "match_headers", value); !read) return read;
                    }
                    return {};
                })
        .repeatable();
    match_option(verb, "--match-cookie", "Likewise with this cookie", "match_cookies");
    match_option(verb, "--match-query", "Likewise with this parameter in the query", "match_query");
    verb.value("--source-allow", "source_allow", "Only clients of these networks: 192.0.2.0/24,2001:db8::/32");
    verb.value("--source-deny", "source_deny", "No clients of these networks");
}

}  // namespace seki::ctl
