#pragma once

// Answers of the operator's own, where they stand in the file: as text, or in files of their own, which are read with
// the configuration.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "command.pb.h"
#include "config/toml/file.h"
#include "config/toml/table.h"

namespace seki::config {

// The map `answers`: "file://PATH" is what the file has; those without text count as absent.
void read_answers(TableReader& table, const ReadFile& read_file,
                  google::protobuf::Map<std::string, std::string>& answers);

// A text, or what the file has that "file://PATH" names; nothing, with a diagnostic, when that cannot be read.
std::optional<std::string> text_or_file(TableReader& table, const ReadFile& read_file, std::string_view key,
                                        std::string text);

// The older form: a key for each status, whose value is a path.
std::span<const std::string_view> old_answer_keys();
void read_old_answers(TableReader& table, const ReadFile& read_file, command::CustomHttpAnswers& answers);

// What the file has that this key names; nothing, with a diagnostic, when there is no such file.
std::optional<std::string> read_answer_file(TableReader& table, const ReadFile& read_file, std::string_view key);

}  // namespace seki::config
