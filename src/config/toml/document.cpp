#include "config/toml/document.h"

#include <algorithm>
#include <tuple>

#include "config/toml/key_depth.h"
#include "config/toml/library.h"

namespace seki::config {
namespace {

TomlValue convert(const toml::node& node);

uint32_t line_of(const toml::source_region& source) { return static_cast<uint32_t>(source.begin.line); }

TomlArray convert_array(const toml::array& array) {
    TomlArray converted;
    converted.reserve(array.size());
    for (const toml::node& element : array) converted.push_back(convert(element));
    return converted;
}

// The library sorts by key; people expect diagnostics and listeners in the order in which they wrote them.
TomlTable convert_table(const toml::table& table) {
    TomlTable converted;
    converted.reserve(table.size());
    for (const auto& [key, node] : table) {
        TomlEntry& entry = converted.emplace_back(std::string(key.str()), convert(node));
        // The line of a table is that of its header; other values may begin below their key.
        if (line_of(key.source()) > 0) entry.value.line = line_of(key.source());
    }
    std::ranges::sort(converted, {}, [](const TomlEntry& entry) { return std::tie(entry.value.line, entry.key); });
    return converted;
}

TomlValue convert(const toml::node& node) {
    const uint32_t line = line_of(node.source());
    if (const auto* table = node.as_table()) return {line, convert_table(*table)};
    if (const auto* array = node.as_array()) return {line, convert_array(*array)};
    if (const auto* text = node.as_string()) return {line, text->get()};
    if (const auto* number = node.as_integer()) return {line, number->get()};
    if (const auto* flag = node.as_boolean()) return {line, flag->get()};
    if (const auto* fraction = node.as_floating_point()) return {line, fraction->get()};
    return {line, TomlOther()};
}

struct KindName {
    std::string_view operator()(const TomlOther&) const { return "a date or time"; }
    std::string_view operator()(bool) const { return "true or false"; }
    std::string_view operator()(int64_t) const { return "a number"; }
    std::string_view operator()(double) const { return "a fraction"; }
    std::string_view operator()(const std::string&) const { return "text"; }
    std::string_view operator()(const TomlArray&) const { return "a list"; }
    std::string_view operator()(const TomlTable&) const { return "a table"; }
};

}  // namespace

std::string_view kind_name(const TomlValue& value) { return std::visit(KindName(), value.is); }

TomlTable read_document(std::string_view text, Diagnostics& diagnostics) {
    if (const uint32_t line = line_of_endless_key(text); line > 0) {
        diagnostics.refuse({line, {}}, "a key has more than {} parts", max_key_parts);
        return {};
    }
    const toml::parse_result result = toml::parse(text);
    if (result) return convert_table(result.table());
    const toml::parse_error& error = result.error();
    diagnostics.refuse({line_of(error.source()), {}}, "this is no TOML: {}", error.description());
    return {};
}

}  // namespace seki::config
