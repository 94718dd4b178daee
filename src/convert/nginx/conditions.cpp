#include "convert/nginx/conditions.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

#include "config/text.h"

namespace seki::convert::nginx {
namespace {

struct Comparison {
    std::string variable;
    std::string sign;  // "=", "!=", "~", …; empty: not empty and not 0
    std::string value;
};

std::optional<Comparison> comparison_of(const Directive& condition) {
    std::string text = condition.text();
    if (!text.starts_with('(') || !text.ends_with(')')) return {};
    std::string_view rest = std::string_view(text).substr(1, text.size() - 2);
    const auto trim = [](std::string_view part) {
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        return part;
    };
    rest = trim(rest);
    if (!rest.starts_with('$')) return {};
    const size_t end = std::min(rest.find(' '), rest.size());
    Comparison found{.variable = std::string(rest.substr(1, end - 1)), .sign = {}, .value = {}};
    rest = trim(rest.substr(end));
    if (rest.empty()) return found;
    const size_t behind = std::min(rest.find(' '), rest.size());
    found.sign = rest.substr(0, behind);
    found.value = trim(rest.substr(behind));
    return found;
}

Answer certain(bool holds) { return {.kind = holds ? Answer::Kind::always : Answer::Kind::never, .match = {}}; }

// What is known of any request that arrives there.
std::optional<std::string> fixed(std::string_view variable, const Place& place) {
    if (variable == "scheme") return place.secure ? "https" : "http";
    if (variable == "https") return place.secure ? "on" : "";
    if (variable == "server_port") return std::to_string(place.port);
    if (variable == "ssl_protocol" && !place.secure) return "";
    const bool one_host = place.host.find_first_of("*/") == std::string_view::npos;
    // $http_host has the port as well, where that is not the usual one.
    const bool usual_port = place.port == (place.secure ? 443 : 80);
    if (one_host && (variable == "host" || (variable == "http_host" && usual_port))) return std::string(place.host);
    return {};
}

std::optional<std::pair<std::string_view, std::string>> field_of(std::string_view variable) {
    constexpr std::pair<std::string_view, std::string_view> kinds[] = {
        {"http_", "match_headers"}, {"cookie_", "match_cookies"}, {"arg_", "match_query"}};
    for (const auto& [begin, list] : kinds) {
        if (!variable.starts_with(begin) || variable == "http_host") continue;
        std::string name(variable.substr(begin.size()));
        if (begin == "http_") std::ranges::replace(name, '_', '-');
        return std::pair(list, std::move(name));
    }
    return {};
}

}  // namespace

Answer ask(const Directive& condition, const Place& place) {
    const auto compared = comparison_of(condition);
    if (!compared) return {};
    const bool inverted = compared->sign.starts_with('!');
    const std::string_view sign = std::string_view(compared->sign).substr(inverted ? 1 : 0);
    if (const auto value = fixed(compared->variable, place)) {
        if (compared->sign.empty()) return certain(!value->empty() && *value != "0");
        if (sign == "=") return certain((*value == compared->value) != inverted);
        return {};
    }
    // A name of the server that is no pattern has a place of its own; others may ask here.
    if (compared->variable == "host" && sign == "=") {
        const bool elsewhere = std::ranges::find(place.names, config::lower_case(compared->value)) != place.names.end();
        return elsewhere ? certain(inverted) : Answer();
    }
    Answer answer{.kind = Answer::Kind::depends, .match = {}};
    if (compared->variable == "request_method" && compared->sign == "=") {
        answer.match.method = compared->value;
        return answer;
    }
    auto field = field_of(compared->variable);
    if (!field) return {};
    Keys table;
    table.text("name", field->second);
    if (compared->sign.empty()) {
        // Neither empty nor 0.
        table.text("kind", "regex");
        table.text("value", "[^0].*|0.+");
    } else if (sign == "=" && compared->value.empty()) {
        // Empty, or not there.
        table.text("kind", "regex");
        table.text("value", ".+");
        table.flag("invert", !inverted);
        answer.match.conditions.emplace_back(field->first, std::move(table));
        return answer;
    } else if (sign == "=") {
        table.text("value", compared->value);
    } else if (sign == "~" || sign == "~*") {
        table.text("kind", "regex");
        table.text("value", fmt::format("{}.*(?:{}).*", sign == "~*" ? "(?i)" : "", compared->value));
    } else {
        return {};
    }
    if (inverted) table.flag("invert", true);
    answer.match.conditions.emplace_back(field->first, std::move(table));
    return answer;
}

}  // namespace seki::convert::nginx
