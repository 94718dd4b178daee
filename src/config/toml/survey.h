#pragma once

// What a table of the file may have, found out by reading one. A reader that has a survey in place of a table
// (TableReader) notes here what is asked of it. It answers that each key is there, but not as it should be, so whoever
// reads goes on to the next one; what is known of the file in this way can never be another thing than what is read.
//
// Only the protocol of a thing decides which keys it has, so the file is read once for each (SurveyRound).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml/keys.h"

namespace seki::config {

struct Choice {
    std::string_view name;
    int value;
};

struct SurveyRound {
    static constexpr std::string_view deciding_key = "protocol";

    size_t index = 0;  // of the protocol
    bool is_last = false;
};

class TableSurvey {
public:
    enum class Form : uint8_t {
        anything,  // nobody looked yet
        text,
        flag,
        number,
        number_or_off,
        address,
        host_address,  // or an address
        choice,
        texts,
        numbers,
        text_map,
        table,
        tables,
        named_tables,
    };

    struct Key {
        std::string name;
        Form form = Form::anything;
        uint64_t min = 0;
        uint64_t max = 0;  // also of the numbers of a list
        std::vector<std::string> words{};
        bool any_case = false;  // of the words
        size_t times_required = 0;
        std::unique_ptr<TableSurvey> table{};
    };

    explicit TableSurvey(TableKind kind) : kind_(kind) {}

    // A reader begins, which ends before the round.
    TableSurvey& begin(SurveyRound& round);
    TableSurvey& begin_below(std::string_view key, TableKind kind);

    Key& ask(std::string_view key);
    // The first answer counts: what reads a key twice knows by then what it is.
    void note(std::string_view key, Form form, uint64_t min = 0, uint64_t max = 0);
    void note_words(std::string_view key, std::string_view word, bool any_case);
    // What somebody else than the reader refuses.
    void bound(std::string_view key, uint64_t min, uint64_t max);
    void require(std::string_view key) { ++ask(key).times_required; }
    // Which of so many choices the key has in this round; `count` where it has none.
    [[nodiscard]] size_t answer(std::string_view key, size_t count) const;

    // In the order in which they were asked for first.
    [[nodiscard]] const std::deque<Key>& keys() const noexcept { return keys_; }
    // Whether no table of this kind, of whatever protocol, is without it.
    [[nodiscard]] bool is_required(const Key& key) const noexcept { return key.times_required == times_begun_; }
    [[nodiscard]] TableKind kind() const noexcept { return kind_; }

private:
    TableKind kind_;
    SurveyRound* round_ = nullptr;
    size_t times_begun_ = 0;
    std::deque<Key> keys_;
};

}  // namespace seki::config
