#include "config/toml/table.h"

#include <algorithm>

#include "config/convert.h"

namespace seki::config {
namespace {

Place below(const Place& parent, std::string_view key, uint32_t line, TomlSpan span) {
    const std::string name = bare_or_quoted(key);
    return {line, parent.key.empty() ? name : fmt::format("{}.{}", parent.key, name), span.column, span.width};
}

Place nth(const Place& list, size_t index, const TomlValue& value) {
    return {value.line, fmt::format("{}[{}]", list.key, index), value.span.column, value.span.width};
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 19 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The value in the form that is wanted, where it only has the wrong one: a number in quotes, a text without.
std::string in_wanted_form(std::string_view wanted, const TomlValue& value) {
    if (const auto* text = std::get_if<std::string>(&value.is)) {
        const bool plain = (wanted == "a number" && is_number(*text)) ||
                           (wanted == "true or false" && (*text == "true" || *text == "false"));
        return plain ? *text : std::string();
    }
    if (wanted != "text") return {};
    if (const auto* number = std::get_if<int64_t>(&value.is)) return fmt::format("\"{}\"", *number);
    return {};
}

const TomlTable no_table;

bool equal_in_any_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

using Form = TableSurvey::Form;

TableReader::TableReader(TableSurvey& survey, Diagnostics& diagnostics)
    : place_(no_table, {}), kind_(survey.kind()), diagnostics_(&diagnostics), survey_(&survey) {}

void TableReader::note(std::string_view key, Form form, uint64_t min, uint64_t max) {
    if (survey_ != nullptr) survey_->note(key, form, min, max);
}

std::optional<int> TableReader::survey_choice(std::string_view key, std::span<const Choice> choices, bool any_case) {
    for (const Choice& choice : choices) survey_->note_words(key, choice.name, any_case);
    const size_t answer = survey_->answer(key, choices.size());
    return answer < choices.size() ? std::optional(choices[answer].value) : std::nullopt;
}

const TomlValue* TableReader::find(std::string_view key) {
    known_.push_back(key);
    if (survey_ != nullptr) survey_->ask(key);
    const TomlTable& table = place_.table();
    const auto entry = std::ranges::find(table, key, &TomlEntry::key);
    return entry == table.end() ? nullptr : &entry->value;
}

template <typename T>
const T* TableReader::find_a(std::string_view key, std::string_view wanted) {
    const TomlValue* value = find(key);
    if (value == nullptr) return nullptr;
    const T* found = std::get_if<T>(&value->is);
    if (found == nullptr) refuse_kind(where(key), wanted, *value);
    return found;
}

void TableReader::refuse_kind(const Place& place, std::string_view wanted, const TomlValue& value) {
    const std::string meant = in_wanted_form(wanted, value);
    diagnostics_->refuse_for(
        place, meant,
        fmt::format("it must be {}, not {}{}{}", wanted, kind_name(value), meant.empty() ? "" : "; write ", meant));
}

template <typename T>
const T* TableReader::element(std::string_view key, size_t index, const TomlValue& value, std::string_view wanted) {
    const T* found = std::get_if<T>(&value.is);
    if (found == nullptr) refuse_kind(nth(where(key), index, value), wanted, value);
    return found;
}

Place TablePlace::where(std::string_view key) const {
    const auto entry = std::ranges::find(*table_, key, &TomlEntry::key);
    return entry == table_->end() ? place_ : below(place_, key, entry->value.line, entry->value.span);
}

Place TablePlace::where(const TomlEntry& entry) const {
    return below(place_, entry.key, entry.value.line, entry.key_span);
}

bool TableReader::has(std::string_view key) { return find(key) != nullptr || survey_ != nullptr; }

void TableReader::require(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        if (!has(key)) missing(key);
        if (survey_ != nullptr) survey_->require(key);
    }
}

void TableReader::judged_within(std::string_view key, uint64_t min, uint64_t max) {
    if (survey_ != nullptr) survey_->bound(key, min, max);
}

std::optional<std::string> TableReader::text(std::string_view key) {
    note(key, Form::text);
    const auto* text = find_a<std::string>(key, "text");
    return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<bool> TableReader::flag(std::string_view key) {
    note(key, Form::flag);
    const auto* flag = find_a<bool>(key, "true or false");
    return flag == nullptr ? std::nullopt : std::optional(*flag);
}

std::optional<uint64_t> TableReader::number(std::string_view key, uint64_t min, uint64_t max, std::string_view advice) {
    note(key, Form::number, min, max);
    const auto* number = find_a<int64_t>(key, "a number");
    if (number == nullptr) return {};
    const bool too_small = std::cmp_less(*number, min);
    if (!too_small && std::cmp_less_equal(*number, max)) return static_cast<uint64_t>(*number);
    const bool advised = too_small && !advice.empty();
    refuse(key, "{} is not within {} and {}{}{}", *number, min, max, advised ? "; " : "", advised ? advice : "");
    return {};
}

std::optional<uint64_t> TableReader::number_or_off(std::string_view key, uint64_t min, uint64_t max, uint64_t off) {
    note(key, Form::number_or_off, min, max);
    const TomlValue* value = find(key);
    const auto* text = value != nullptr ? std::get_if<std::string>(&value->is) : nullptr;
    if (text == nullptr) return number(key, min, max);
    if (*text == "off") return off;
    refuse(key, "'{}' is neither a number nor \"off\"", *text);
    return {};
}

std::optional<command::SocketAddress> TableReader::address(std::string_view key) {
    note(key, Form::address);
    const auto* text = find_a<std::string>(key, "an address as text");
    if (text == nullptr) return {};
    const Result<SocketAddress> address = SocketAddress::parse(*text);
    if (address) return to_wire(*address);
    constexpr std::string_view this_machine = "localhost:";
    if (text->starts_with(this_machine)) {
        const std::string meant = fmt::format("\"127.0.0.1:{}\"", text->substr(this_machine.size()));
        refuse_for(key, meant, fmt::format("'{}' is a name, and names are not looked up here; write {}", *text, meant));
        return {};
    }
    refuse(key, "{}", address.error().message);
    return {};
}

std::optional<HostAddress> TableReader::host_address(std::string_view key) {
    note(key, Form::host_address);
    const TomlValue* value = find(key);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->is);
    return text == nullptr ? std::nullopt : parse_host_address(*text);
}

std::optional<int> TableReader::choice(std::string_view key, std::span<const Choice> choices, bool any_case) {
    note(key, Form::choice);
    if (survey_ != nullptr) return survey_choice(key, choices, any_case);
    const auto* text = find_a<std::string>(key, "text");
    if (text == nullptr) return {};
    std::string names;
    std::vector<std::string_view> all;
    for (const Choice& choice : choices) {
        if (any_case ? equal_in_any_case(*text, choice.name) : *text == choice.name) return choice.value;
        names += names.empty() ? "" : ", ";
        names += choice.name;
        all.push_back(choice.name);
    }
    const std::string_view nearest = nearest_word(*text, all);
    refuse_for(key, nearest.empty() ? "" : fmt::format("\"{}\"", nearest),
               fmt::format("'{}' is none of {}{}", *text, names, did_you_mean(nearest)));
    return {};
}

std::vector<std::string> TableReader::texts(std::string_view key) {
    note(key, Form::texts);
    std::vector<std::string> texts;
    const auto* list = find_a<TomlArray>(key, "a list of texts");
    if (list == nullptr) return texts;
    for (const TomlValue& value : *list) {
        const auto index = static_cast<size_t>(&value - list->data());
        if (const auto* text = element<std::string>(key, index, value, "text")) texts.push_back(*text);
    }
    return texts;
}

std::vector<uint64_t> TableReader::numbers(std::string_view key, uint64_t max) {
    note(key, Form::numbers, 0, max);
    std::vector<uint64_t> numbers;
    const auto* list = find_a<TomlArray>(key, "a list of numbers");
    if (list == nullptr) return numbers;
    for (const TomlValue& value : *list) {
        const auto index = static_cast<size_t>(&value - list->data());
        const auto* number = element<int64_t>(key, index, value, "a number");
        if (number == nullptr) continue;
        if (*number >= 0 && static_cast<uint64_t>(*number) <= max) {
            numbers.push_back(static_cast<uint64_t>(*number));
        } else {
            diagnostics_->refuse(nth(where(key), index, value), "{} is not within 0 and {}", *number, max);
        }
    }
    return numbers;
}

std::vector<std::pair<std::string, std::string>> TableReader::text_map(std::string_view key) {
    note(key, Form::text_map);
    std::vector<std::pair<std::string, std::string>> map;
    const auto* table = find_a<TomlTable>(key, "a table of texts");
    if (table == nullptr) return map;
    for (const auto& [name, span, value] : *table) {
        if (const auto* text = std::get_if<std::string>(&value.is)) {
            map.emplace_back(name, *text);
        } else {
            refuse_kind(below(where(key), name, value.line, value.span), "text", value);
        }
    }
    return map;
}

std::optional<TableReader> TableReader::table(std::string_view key, TableKind kind) {
    note(key, Form::table);
    if (survey_ != nullptr) return TableReader(survey_->begin_below(key, kind), *diagnostics_);
    const auto* table = find_a<TomlTable>(key, "a table");
    if (table == nullptr) return {};
    return TableReader(*table, where(key), kind, *diagnostics_);
}

std::vector<TableReader> TableReader::tables(std::string_view key, TableKind kind) {
    note(key, Form::tables);
    if (survey_ != nullptr) return {TableReader(survey_->begin_below(key, kind), *diagnostics_)};
    std::vector<TableReader> readers;
    const TomlValue* value = find(key);
    if (value != nullptr && std::holds_alternative<TomlTable>(value->is)) {
        const std::string header = fmt::format("[[{}]]", where(key).key);
        refuse_for(key, {}, fmt::format("it must be a list of tables, not a table; write {}", header));
        return readers;
    }
    const auto* list = find_a<TomlArray>(key, "a list of tables");
    if (list == nullptr) return readers;
    for (const TomlValue& element_value : *list) {
        const auto index = static_cast<size_t>(&element_value - list->data());
        const auto* table = element<TomlTable>(key, index, element_value, "a table");
        if (table != nullptr) readers.emplace_back(*table, nth(where(key), index, element_value), kind, *diagnostics_);
    }
    return readers;
}

std::vector<std::pair<std::string, TableReader>> TableReader::named_tables(std::string_view key, TableKind kind) {
    note(key, Form::named_tables);
    if (survey_ != nullptr) return {{"ID", TableReader(survey_->begin_below(key, kind), *diagnostics_)}};
    std::vector<std::pair<std::string, TableReader>> readers;
    const auto* tables = find_a<TomlTable>(key, "a table of tables");
    if (tables == nullptr) return readers;
    for (const auto& [name, span, value] : *tables) {
        const Place place = below(where(key), name, value.line, value.span);
        if (const auto* table = std::get_if<TomlTable>(&value.is)) {
            readers.emplace_back(name, TableReader(*table, place, kind, *diagnostics_));
        } else {
            refuse_kind(place, "a table", value);
        }
    }
    return readers;
}

std::span<const std::string_view> TableReader::known() const noexcept { return known_; }

void TableReader::refuse_unknown(const TomlEntry& entry, std::string_view nearest) {
    std::erase(missing_, nearest);  // one mistake, not two
    diagnostics_->refuse_for(place_.where(entry), nearest, "unknown key" + did_you_mean(nearest));
}

void TableReader::tell_missing() {
    for (const std::string_view key : missing_) diagnostics_->refuse(where(), "the key '{}' is missing", key);
    missing_.clear();
}

void TableReader::finish() {
    for (const TomlEntry& entry : place_.table()) {
        const std::string& key = entry.key;
        if (std::ranges::find(known_, std::string_view(key)) != known_.end()) continue;
        if (const std::string_view advice = advice_for_retired(kind_, key); !advice.empty()) {
            diagnostics_->warn(place_.where(entry), "this key of older versions is not read; {}", advice);
        } else if (const std::string_view correction = correction_for(kind_, key); !correction.empty()) {
            diagnostics_->refuse(place_.where(entry), "{}", correction);
        } else {
            refuse_unknown(entry, nearest_key(key, known_));
        }
    }
    tell_missing();
}

void TableReader::give_up() {
    for (const TomlEntry& entry : place_.table()) {
        if (std::ranges::find(known_, std::string_view(entry.key)) != known_.end()) continue;
        const std::string_view nearest = nearest_key(entry.key, missing_);
        if (!nearest.empty()) refuse_unknown(entry, nearest);
    }
    tell_missing();
}

}  // namespace seki::config
