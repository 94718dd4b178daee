#include "config/toml/survey.h"

#include <algorithm>

#include "base/check.h"

namespace seki::config {

TableSurvey& TableSurvey::begin(SurveyRound& round) {
    round_ = &round;
    ++times_begun_;
    return *this;
}

TableSurvey& TableSurvey::begin_below(std::string_view key, TableKind kind) {
    SEKI_CHECK(round_ != nullptr);
    Key& parent = ask(key);
    if (parent.table == nullptr) parent.table = std::make_unique<TableSurvey>(kind);
    return parent.table->begin(*round_);
}

TableSurvey::Key& TableSurvey::ask(std::string_view key) {
    const auto found = std::ranges::find(keys_, key, &Key::name);
    return found == keys_.end() ? keys_.emplace_back(std::string(key)) : *found;
}

void TableSurvey::note(std::string_view key, Form form, uint64_t min, uint64_t max) {
    Key& asked = ask(key);
    if (asked.form != Form::anything) return;
    asked.form = form;
    asked.min = min;
    asked.max = max;
}

void TableSurvey::note_words(std::string_view key, std::string_view word, bool any_case) {
    Key& asked = ask(key);
    if (std::ranges::find(asked.words, word) == asked.words.end()) asked.words.emplace_back(word);
    asked.any_case = any_case;
}

void TableSurvey::bound(std::string_view key, uint64_t min, uint64_t max) {
    Key& asked = ask(key);
    asked.min = std::max(asked.min, min);
    asked.max = std::min(asked.max, max);
}

size_t TableSurvey::answer(std::string_view key, size_t count) const {
    SEKI_CHECK(round_ != nullptr);
    if (key != SurveyRound::deciding_key) return count;
    if (round_->index + 1 < count) round_->is_last = false;
    return std::min(round_->index, count - 1);
}

}  // namespace seki::config
