#include "config/toml/answers.h"

#include <array>

#include "http/answer_template.h"

namespace seki::config {
namespace {

constexpr auto old_keys = std::to_array<std::string_view>({"answer_301", "answer_400", "answer_401", "answer_404",
                                                           "answer_408", "answer_413", "answer_421", "answer_429",
                                                           "answer_502", "answer_503", "answer_504", "answer_507"});

constexpr std::string_view file_scheme = "file://";

// An empty file is no way to say that there is no answer: leaving the key out is.
std::optional<std::string> read(TableReader& table, const ReadFile& read_file, std::string_view key,
                                const std::string& path) {
    Result<std::string> text = read_file(path, http::AnswerTemplate::max_size);
    if (text && text->empty()) text = failure("it is empty");
    if (text) return std::move(*text);
    table.refuse(key, "the file '{}': {}", path, text.error().message);
    return {};
}

}  // namespace

void read_answers(TableReader& table, const ReadFile& read_file,
                  google::protobuf::Map<std::string, std::string>& answers) {
    for (auto& [status, text] : table.text_map("answers")) {
        auto answer = text_or_file(table, read_file, "answers", std::move(text));
        if (answer && !answer->empty()) answers[status] = std::move(*answer);
    }
}

std::optional<std::string> text_or_file(TableReader& table, const ReadFile& read_file, std::string_view key,
                                        std::string text) {
    if (!text.starts_with(file_scheme)) return text;
    return read(table, read_file, key, text.substr(file_scheme.size()));
}

std::span<const std::string_view> old_answer_keys() { return old_keys; }

void read_old_answers(TableReader& table, const ReadFile& read_file, command::CustomHttpAnswers& answers) {
    for (const std::string_view key : old_keys) {
        const auto text = read_answer_file(table, read_file, key);
        const auto* field = command::CustomHttpAnswers::descriptor()->FindFieldByName(std::string(key));
        if (text) answers.GetReflection()->SetString(&answers, field, *text);
    }
}

std::optional<std::string> read_answer_file(TableReader& table, const ReadFile& read_file, std::string_view key) {
    const auto path = table.text(key);
    return path ? read(table, read_file, key, *path) : std::nullopt;
}

}  // namespace seki::config
