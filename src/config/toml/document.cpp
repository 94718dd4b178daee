#include "config/toml/document.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <type_traits>

#include "config/toml/key_depth.h"
#include "config/toml/library.h"
#include "config/toml/syntax_mistake.h"

namespace seki::config {
namespace {

TomlValue convert(const toml::node& node);

uint32_t line_of(const toml::source_region& source) { return static_cast<uint32_t>(source.begin.line); }

TomlSpan span_of(const toml::source_region& source) {
    const auto& [begin, end, path] = source;
    const bool in_one_line = end.line == begin.line && end.column > begin.column;
    return {static_cast<uint32_t>(begin.column), in_one_line ? static_cast<uint32_t>(end.column - begin.column) : 0};
}

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
        TomlEntry& entry = converted.emplace_back(std::string(key.str()), span_of(key.source()), convert(node));
        // The line of a table is that of its header; other values may begin below their key.
        const uint32_t line = line_of(key.source());
        if (line == 0) continue;
        const bool has_header = node.is_table() && !node.as_table()->is_inline();
        if (has_header || entry.value.line != line) entry.value.span = entry.key_span;
        entry.value.line = line;
    }
    std::ranges::sort(converted, {}, [](const TomlEntry& entry) { return std::tie(entry.value.line, entry.key); });
    return converted;
}

TomlValue convert(const toml::node& node) {
    const uint32_t line = line_of(node.source());
    const TomlSpan span = span_of(node.source());
    if (const auto* table = node.as_table()) return {line, span, convert_table(*table)};
    if (const auto* array = node.as_array()) return {line, span, convert_array(*array)};
    if (const auto* text = node.as_string()) return {line, span, text->get()};
    if (const auto* number = node.as_integer()) return {line, span, number->get()};
    if (const auto* flag = node.as_boolean()) return {line, span, flag->get()};
    if (const auto* fraction = node.as_floating_point()) return {line, span, fraction->get()};
    return {line, span, TomlOther()};
}

// ---- what was written before

TomlTable parse_or_nothing(std::string_view text) {
    const toml::parse_result result = toml::parse(text);
    return result ? convert_table(result.table()) : TomlTable();
}

const TomlEntry* find(const TomlTable& table, std::string_view key) {
    const auto found = std::ranges::find(table, key, &TomlEntry::key);
    return found == table.end() ? nullptr : &*found;
}

// The table that is meant by the name of a key: of a list its last one.
const TomlTable* table_in(const TomlValue& value) {
    const auto* list = std::get_if<TomlArray>(&value.is);
    const TomlValue* meant = list == nullptr ? &value : list->empty() ? nullptr : &list->back();
    return meant == nullptr ? nullptr : std::get_if<TomlTable>(&meant->is);
}

// The line in which something was written that is written again below `before`; 0 when it is not found.
uint32_t line_of_first(std::string_view before, const SyntaxMistake& mistake) {
    const std::string dot = mistake.repeated_below.empty() ? "" : ".";
    const TomlTable path = parse_or_nothing(mistake.repeated_below + dot + mistake.repeated + " = 0");
    const TomlTable written = parse_or_nothing(before);
    const TomlTable* table = &written;
    const TomlEntry* found = nullptr;
    for (const TomlTable* step = &path; step != nullptr && !step->empty(); step = table_in(step->front().value)) {
        if (table == nullptr) break;  // something that is no table stands in the way
        found = find(*table, step->front().key);
        if (found == nullptr) return 0;
        table = table_in(found->value);
    }
    return found == nullptr ? 0 : found->value.line;
}

std::string_view lines_before(std::string_view text, uint32_t line) {
    size_t end = 0;
    for (; line > 1; --line) end = text.find('\n', end) + 1;
    return text.substr(0, end);
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

// ---- what two texts have in common

bool is_same(const toml::node& one, const toml::node& other);

bool is_same_array(const toml::array& one, const toml::array& other) { return std::ranges::equal(one, other, is_same); }

// The library sorts by key.
bool is_same_table(const toml::table& one, const toml::table& other) {
    return std::ranges::equal(one, other, [](const auto& entry, const auto& with) {
        return entry.first.str() == with.first.str() && is_same(entry.second, with.second);
    });
}

bool is_same(const toml::node& one, const toml::node& other) {
    return one.visit([&](const auto& value) {
        const auto* with = other.as<std::remove_cvref_t<decltype(value)>>();
        if (with == nullptr) return false;
        if constexpr (toml::is_table<decltype(value)>) {
            return is_same_table(value, *with);
        } else if constexpr (toml::is_array<decltype(value)>) {
            return is_same_array(value, *with);
        } else if constexpr (toml::is_floating_point<decltype(value)>) {
            return value.get() == with->get() || (std::isnan(value.get()) && std::isnan(with->get()));
        } else {
            return value.get() == with->get();
        }
    });
}

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
    const auto& where = error.source().begin;
    const SyntaxMistake mistake = explain({.text = text,
                                           .line = static_cast<uint32_t>(where.line),
                                           .column = static_cast<uint32_t>(where.column),
                                           .said = error.description()});
    const uint32_t first =
        mistake.repeated.empty() ? 0 : line_of_first(lines_before(text, mistake.place.line), mistake);
    diagnostics.refuse_for(
        mistake.place, mistake.suggestion,
        first == 0 ? mistake.reason : fmt::format("{}; the first one is in line {}", mistake.reason, first));
    return {};
}

bool is_same_document(std::string_view one, std::string_view other) {
    if (line_of_endless_key(one) > 0 || line_of_endless_key(other) > 0) return false;
    const toml::parse_result of_one = toml::parse(one);
    const toml::parse_result of_other = toml::parse(other);
    return of_one && of_other && is_same_table(of_one.table(), of_other.table());
}

}  // namespace seki::config
