#include "convert/keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/text.h"
#include "config/toml/keys.h"

namespace seki::convert {

std::string quoted(std::string_view text) {
    const bool utf8 = config::is_utf8(text);
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\u{:04X}", byte);
        } else {
            out += byte >= 0x80 && !utf8 ? '?' : c;
        }
    }
    return out + '"';
}

std::string key_text(std::string_view key) {
    const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
        return config::is_alphanumeric(c) || c == '-' || c == '_';
    });
    return bare ? std::string(key) : quoted(key);
}

namespace {

std::string list_of(const std::vector<std::string>& values) {
    std::vector<std::string> shown;
    shown.reserve(values.size());
    for (const std::string& value : values) shown.push_back(quoted(value));
    return fmt::format("[{}]", fmt::join(shown, ", "));
}

}  // namespace

void Keys::texts(std::string_view key, const std::vector<std::string>& values) { put(key, list_of(values)); }

void Keys::files(std::string_view key, const std::vector<std::string>& paths) { put(key, list_of(paths), true); }

void Keys::tables(std::string_view key, const std::vector<Keys>& values) {
    if (values.size() == 1) return put(key, fmt::format("[{}]", values.front().in_line()));
    std::string out = "[\n";
    for (const Keys& value : values) out += fmt::format("    {},\n", value.in_line());
    put(key, out + "]");
}

void Keys::add(const Keys& others) {
    for (const Entry& entry : others.list_) {
        if (!has(entry.key)) list_.push_back(entry);
    }
}

std::string Keys::lines(Show show) const {
    std::string out;
    for (const Entry& entry : list_) {
        if (show == Show::without_files && entry.of_files) continue;
        out += fmt::format("{} = {}\n", key_text(entry.key), entry.value);
    }
    return out;
}

std::string Keys::in_line() const {
    std::vector<std::string> parts;
    parts.reserve(list_.size());
    for (const Entry& entry : list_) parts.push_back(fmt::format("{} = {}", key_text(entry.key), entry.value));
    return fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

std::vector<Keys::Entry>::const_iterator Keys::find(std::string_view key) const {
    return std::ranges::find(list_, key, [](const Entry& entry) { return std::string_view(entry.key); });
}

void Keys::put(std::string_view key, std::string value, bool of_files) {
    const auto found = std::ranges::find(list_, key, [](const Entry& entry) { return std::string_view(entry.key); });
    if (found == list_.end()) {
        list_.push_back({std::string(key), std::move(value), of_files});
    } else {
        found->value = std::move(value);
    }
}

}  // namespace seki::convert
