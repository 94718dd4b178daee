#pragma once

// Reads one table of a file, key by key. Each accessor takes note that its key exists, says what is wrong with the
// value and returns nothing then, as it does when the key is absent; so whoever reads asks for every key that there is,
// and finish() can tell which ones were written but never asked for, and what they were meant to be.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.pb.h"
#include "config/resolve_host.h"
#include "config/toml/diagnostic.h"
#include "config/toml/document.h"
#include "config/toml/host_address.h"
#include "config/toml/keys.h"
#include "config/toml/survey.h"

namespace seki::config {

// A table of the file, and where it and its keys were written; good as long as the document.
class TablePlace {
public:
    TablePlace(const TomlTable& table, Place place) : table_(&table), place_(std::move(place)) {}

    [[nodiscard]] const TomlTable& table() const noexcept { return *table_; }
    [[nodiscard]] const Place& where() const noexcept { return place_; }
    // Where the value of the key was written; where the table begins when it was not.
    [[nodiscard]] Place where(std::string_view key) const;
    // The key itself.
    [[nodiscard]] Place where(const TomlEntry& entry) const;

private:
    const TomlTable* table_;
    Place place_;
};

class TableReader {
public:
    TableReader(const TomlTable& table, Place place, TableKind kind, Diagnostics& diagnostics)
        : place_(table, std::move(place)), kind_(kind), diagnostics_(&diagnostics) {}
    // In place of a table, what is asked of it (survey.h).
    TableReader(TableSurvey& survey, Diagnostics& diagnostics);

    [[nodiscard]] bool has(std::string_view key);
    std::optional<std::string> text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    // `advice` is for whoever wrote less than `min`.
    std::optional<uint64_t> number(std::string_view key, uint64_t min, uint64_t max, std::string_view advice = {});
    // Or the text "off", which is `off` then.
    std::optional<uint64_t> number_or_off(std::string_view key, uint64_t min, uint64_t max, uint64_t off);
    std::optional<command::SocketAddress> address(std::string_view key);
    // Where the value names a host in place of an address; of all else nothing is said.
    std::optional<HostAddress> host_address(std::string_view key);
    std::optional<int> choice(std::string_view key, std::span<const Choice> choices, bool any_case = false);
    std::vector<std::string> texts(std::string_view key);
    std::vector<uint64_t> numbers(std::string_view key, uint64_t max);
    std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);

    // Tables inside this one. Those of a list are called "key[0]", those of a table by their names.
    std::optional<TableReader> table(std::string_view key, TableKind kind);
    std::vector<TableReader> tables(std::string_view key, TableKind kind);
    std::vector<std::pair<std::string, TableReader>> named_tables(std::string_view key, TableKind kind);

    [[nodiscard]] Place where(std::string_view key) const { return place_.where(key); }
    [[nodiscard]] const Place& where() const noexcept { return place_.where(); }
    [[nodiscard]] const TablePlace& place() const noexcept { return place_; }

    template <typename... Args>
    void refuse(std::string_view key, fmt::format_string<Args...> format, Args&&... args) {
        diagnostics_->refuse(where(key), format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void warn(std::string_view key, fmt::format_string<Args...> format, Args&&... args) {
        diagnostics_->warn(where(key), format, std::forward<Args>(args)...);
    }
    void refuse_for(std::string_view key, std::string_view suggestion, std::string reason) {
        diagnostics_->refuse_for(where(key), suggestion, std::move(reason));
    }
    // The table must have them.
    void require(std::initializer_list<std::string_view> keys);
    // Told at the end, when it is known that no other key was meant to be this one.
    void missing(std::string_view key) { missing_.push_back(key); }
    // Who judges the number, once it is read, refuses what is not within.
    void judged_within(std::string_view key, uint64_t min, uint64_t max);

    // The keys that were asked for so far.
    [[nodiscard]] std::span<const std::string_view> known() const noexcept;

    // Once, after the last key was read.
    void finish();
    // In place of finish(), when it is not known which keys the table may have.
    void give_up();

private:
    const TomlValue* find(std::string_view key);
    void note(std::string_view key, TableSurvey::Form form, uint64_t min = 0, uint64_t max = 0);
    std::optional<int> survey_choice(std::string_view key, std::span<const Choice> choices, bool any_case);
    template <typename T>
    const T* find_a(std::string_view key, std::string_view wanted);
    template <typename T>
    const T* element(std::string_view key, size_t index, const TomlValue& value, std::string_view wanted);
    void refuse_kind(const Place& place, std::string_view wanted, const TomlValue& value);
    void refuse_unknown(const TomlEntry& entry, std::string_view nearest);
    void tell_missing();

    TablePlace place_;
    TableKind kind_;
    Diagnostics* diagnostics_;
    TableSurvey* survey_ = nullptr;
    std::vector<std::string_view> known_;    // string literals of the callers
    std::vector<std::string_view> missing_;  // the same
};

}  // namespace seki::config
