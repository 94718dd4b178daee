#pragma once

// The keys of one table of the file that is made, in the order in which they are to stand there, with values that are
// TOML already.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace seki::convert {

// A text in quotes of TOML. Bytes that are not UTF-8 become '?', since no file of TOML can hold them.
std::string quoted(std::string_view text);
// A key, in quotes where it needs them.
std::string key_text(std::string_view key);

class Keys {
public:
    // With or without those that name files, or make no sense without them.
    enum class Show : uint8_t { all, without_files };

    void text(std::string_view key, std::string_view value) { put(key, quoted(value)); }
    void number(std::string_view key, uint64_t value) { put(key, std::to_string(value)); }
    void flag(std::string_view key, bool value) { put(key, value ? "true" : "false"); }
    void texts(std::string_view key, const std::vector<std::string>& values);
    void table(std::string_view key, const Keys& value) { put(key, value.in_line()); }
    void tables(std::string_view key, const std::vector<Keys>& values);
    void file(std::string_view key, std::string_view path) { put(key, quoted(path), true); }
    void files(std::string_view key, const std::vector<std::string>& paths);
    void text_for_files(std::string_view key, std::string_view value) { put(key, quoted(value), true); }
    // Those that are not here yet.
    void add(const Keys& others);

    [[nodiscard]] bool has(std::string_view key) const { return find(key) != list_.end(); }
    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    [[nodiscard]] size_t size() const noexcept { return list_.size(); }

    // "key = value" lines.
    [[nodiscard]] std::string lines(Show show) const;
    // "{ key = value, … }"
    [[nodiscard]] std::string in_line() const;

private:
    struct Entry {
        std::string key;
        std::string value;
        bool of_files;
    };
    [[nodiscard]] std::vector<Entry>::const_iterator find(std::string_view key) const;
    // In place of what the key had.
    void put(std::string_view key, std::string value, bool of_files = false);

    std::vector<Entry> list_;
};

}  // namespace seki::convert
