#include "config/schema/schema.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "base/ascii.h"
#include "config/state_file/serde.h"
#include "config/toml/file.h"

namespace seki::config {
namespace {

using Form = TableSurvey::Form;

// A fraction of 64 bits holds no greater ones, and nobody means them.
constexpr uint64_t max_exact = uint64_t{1} << 53U;

Json number(const TableSurvey::Key& key) {
    Json json;
    json["type"] = "integer";
    json["minimum"] = key.min;
    if (key.max <= max_exact) json["maximum"] = key.max;
    return json;
}

// "[Oo][Nn]|[Oo][Ff][Ff]" of the words: the expressions of JSON schemas know no case that does not matter.
std::string in_any_case(const std::vector<std::string>& words) {
    std::string pattern;
    for (const std::string& word : words) {
        pattern += pattern.empty() ? "^(" : "|";
        for (const char c : word) {
            const char small = lower(c);
            const bool is_letter = small >= 'a' && small <= 'z';
            pattern +=
                is_letter ? fmt::format("[{}{}]", static_cast<char>(small - 'a' + 'A'), small) : std::string(1, c);
        }
    }
    return pattern + ")$";
}

Json choice(const TableSurvey::Key& key) {
    Json words;
    words["enum"] = key.words;
    if (!key.any_case) return words;
    Json any;
    any["type"] = "string";
    any["pattern"] = in_any_case(key.words);
    Json json;
    json["anyOf"] = {words, any};
    return json;
}

Json of_type(const char* type) {
    Json json;
    json["type"] = type;
    return json;
}

Json list_of(Json element) {
    Json json = of_type("array");
    json["items"] = std::move(element);
    return json;
}

Json map_of(Json value) {
    Json json = of_type("object");
    json["additionalProperties"] = std::move(value);
    return json;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The column "Default", where it is a value and not a sentence: "60", "0 = no limit", "`info`", "true".
std::optional<Json> default_in(std::string_view cell, Form form) {
    if (form == Form::flag && (cell == "true" || cell == "false")) return cell == "true";
    const bool quoted = cell.size() > 2 && cell.front() == '`' && cell.find('`', 1) == cell.size() - 1;
    if ((form == Form::text || form == Form::choice) && quoted) return std::string(cell.substr(1, cell.size() - 2));
    if (form != Form::number && form != Form::number_or_off) return {};
    const std::string_view digits = cell.substr(0, cell.find(" = "));
    if (!is_number(digits)) return {};
    uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

// "worker processes, of one thread each. Type: number. Default: 2. Bounds: 1 – 1024."
std::string description(const DescribedKey& described) {
    std::string text(described.cell("Meaning"));
    for (const auto& [heading, cell] : described.cells) {
        if (heading == "Meaning" || cell.empty()) continue;
        text += fmt::format("{}{}: {}", text.empty() ? "" : ". ", heading, cell);
    }
    return text;
}

class Maker {
public:
    explicit Maker(std::span<const DescribedKey> described) : described_(described) {}

    Json table(const TableSurvey& survey, std::string_view name) const {
        Json json = of_type("object");
        json["additionalProperties"] = false;
        Json required = Json::array();
        Json& properties = json["properties"] = Json::object();
        for (const TableSurvey::Key& key : survey.keys()) {
            properties[key.name] = of_key(key, name);
            if (survey.is_required(key)) required.push_back(key.name);
        }
        for (const RetiredKey& retired : retired_keys(survey.kind())) {
            Json& property = properties[std::string(retired.key)];
            property["deprecated"] = true;
            property["description"] = fmt::format("not read; {}", retired.advice);
        }
        if (!required.empty()) json["required"] = required;
        return json;
    }

private:
    Json of_key(const TableSurvey::Key& key, std::string_view table) const {
        Json json = value(key);
        const auto described = std::ranges::find_if(
            described_, [&](const DescribedKey& each) { return each.table == table && each.key == key.name; });
        if (described == described_.end()) return json;
        json["description"] = description(*described);
        if (auto fallback = default_in(described->cell("Default"), key.form)) json["default"] = *fallback;
        return json;
    }

    Json value(const TableSurvey::Key& key) const {
        switch (key.form) {
            case Form::anything:
                return Json::object();
            case Form::text:
            case Form::address:
            case Form::host_address:
                return of_type("string");
            case Form::flag:
                return of_type("boolean");
            case Form::number:
                return number(key);
            case Form::number_or_off: {
                Json off;
                off["const"] = "off";
                Json json;
                json["anyOf"] = {number(key), off};
                return json;
            }
            case Form::choice:
                return choice(key);
            case Form::texts:
                return list_of(of_type("string"));
            case Form::numbers:
                return list_of(number(key));
            case Form::text_map:
                return map_of(of_type("string"));
            case Form::table:
                return table(*key.table, key.name);
            case Form::tables:
                return list_of(table(*key.table, key.name));
            case Form::named_tables:
                return map_of(table(*key.table, key.name));
        }
        return {};
    }

    std::span<const DescribedKey> described_;
};

}  // namespace

std::string file_schema(const TableSurvey& survey, std::span<const DescribedKey> described) {
    Json json;
    json["$schema"] = "http://json-schema.org/draft-07/schema#";
    json["title"] = "Configuration of Seki";
    json.update(Maker(described).table(survey, ""));
    return json_text(json, json_indent) + "\n";
}

std::string file_schema() { return file_schema(survey_file(), described_keys(configuration_page)); }

}  // namespace seki::config
