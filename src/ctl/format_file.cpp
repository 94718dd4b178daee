#include "ctl/format_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "config/file_text.h"
#include "config/toml/file.h"
#include "config/toml/format.h"
#include "ctl/command_line.h"
#include "ctl/text_file.h"

namespace seki::ctl {
namespace {

bool is_input(const FormatFile& file) { return file.path == "-"; }

std::string name_of(const FormatFile& file) { return is_input(file) ? "stdin" : file.path; }

FormatOutcome refuse(std::string_view reason) {
    return {.err = fmt::format("error: {}\n", reason), .code = exit_error};
}

Result<std::string> read(const FormatFile& file) {
    if (is_input(file)) return read_input(config::max_file_size);
    auto text = config::read_file_text(file.path);
    return text ? std::move(text) : failure("{}: {}", file.path, text.error().message);
}

// From the first line that is different to the last one, in the first text: "3" or "3-9".
std::string different_lines(std::string_view text, std::string_view other) {
    const auto at = static_cast<size_t>(std::ranges::mismatch(text, other).in1 - text.begin());
    std::string_view rest = text.substr(at);
    std::string_view other_rest = other.substr(at);
    while (!rest.empty() && !other_rest.empty() && rest.back() == other_rest.back()) {
        rest.remove_suffix(1);
        other_rest.remove_suffix(1);
    }
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto from = 1 + std::ranges::count(text.substr(0, at), '\n');
    const auto to = from + std::ranges::count(rest, '\n');
    return from == to ? std::to_string(from) : fmt::format("{}-{}", from, to);
}

FormatOutcome put(const FormatFile& file, std::string_view text, std::string formatted) {
    const bool is_same = text == formatted;
    switch (file.mode) {
        case FormatFile::Mode::print:
            return {.out = std::move(formatted)};
        case FormatFile::Mode::check:
            if (is_same) return {};
            return {.err = fmt::format("{}:{}: not as `seki fmt` leaves it\n", name_of(file),
                                       different_lines(text, formatted)),
                    .code = exit_error};
        case FormatFile::Mode::write:
            break;
    }
    if (is_same) return {};
    if (auto written = replace_text_file(file.path, formatted); !written) return refuse(written.error().message);
    return {.out = fmt::format("{} is formatted\n", file.path)};
}

}  // namespace

FormatOutcome format_file(const FormatFile& file) {
    const auto text = read(file);
    if (!text) return refuse(text.error().message);
    const auto mistakes = config::syntax_mistakes(*text, name_of(file));
    if (!mistakes.empty()) return {.err = config::text(mistakes), .code = exit_error};
    auto formatted = config::format(*text);
    if (!formatted) {
        return refuse(fmt::format("{}: {}; this is a fault of Seki, please report it. Nothing was written",
                                  name_of(file), formatted.error().message));
    }
    return put(file, *text, std::move(*formatted));
}

}  // namespace seki::ctl
