#include "config/toml/layout.h"

#include <algorithm>
#include <span>

#include "config/toml/tokens.h"

namespace seki::config {
namespace {

constexpr size_t comment_gap = 2;

bool is_only_comment(const LaidLine& line) { return line.code.empty(); }

bool is_comment_behind(const LaidLine& line) { return line.comment && !is_only_comment(line); }

// How many characters the last line has before the comment.
size_t width_of(const LaidLine& line) {
    const size_t feed = line.code.rfind('\n');
    if (feed != std::string::npos) return count_characters(line.code.substr(feed + 1));
    return line.indent + count_characters(line.code);
}

// Lines from the first one whose comments stand in the same column; at least the first one.
std::span<const LaidLine> first_group(std::span<const LaidLine> lines) {
    const auto belongs = [&](const LaidLine& line) {
        if (line.blank_before || !line.comment || line.comment->column != lines.front().comment->column) return false;
        return !is_only_comment(line) || line.continues;
    };
    const auto end = std::find_if_not(lines.begin() + 1, lines.end(), belongs);
    return {lines.begin(), end};
}

// What stood close to its comment still does. Who left more room, for a column further on perhaps, keeps it.
size_t column_of(std::span<const LaidLine> group) {
    size_t least = 0;
    bool is_close = false;
    for (const LaidLine& line : group) {
        if (is_only_comment(line)) continue;
        least = std::max(least, width_of(line) + comment_gap);
        is_close = is_close || line.comment->gap <= comment_gap;
    }
    return is_close ? least : std::max(least, group.front().comment->column);
}

void append(std::string& text, const LaidLine& line, size_t column) {
    if (line.blank_before) text += '\n';
    if (is_only_comment(line)) {
        text.append(column, ' ');
    } else {
        text.append(line.indent, ' ');
        text += line.code;
        if (line.comment) text.append(column - width_of(line), ' ');
    }
    if (line.comment) text += line.comment->text;
    text += '\n';
}

}  // namespace

void find_continued_comments(std::vector<LaidLine>& lines) {
    for (size_t i = 1; i < lines.size(); ++i) {
        LaidLine& line = lines[i];
        const LaidLine& above = lines[i - 1];
        line.continues = is_only_comment(line) && !line.blank_before && above.comment &&
                         (is_comment_behind(above) || above.continues) && above.comment->column == line.comment->column;
    }
}

void separate_headers(std::vector<LaidLine>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].is_header) continue;
        size_t first = i;
        while (first > 0 && !lines[first].blank_before && is_only_comment(lines[first - 1]) &&
               !lines[first - 1].continues)
            --first;
        lines[first].blank_before = first > 0;
    }
}

std::string text_of(const std::vector<LaidLine>& lines) {
    std::string text;
    for (std::span<const LaidLine> rest = lines; !rest.empty();) {
        if (!is_comment_behind(rest.front())) {
            append(text, rest.front(), rest.front().indent);
            rest = rest.subspan(1);
            continue;
        }
        const std::span<const LaidLine> group = first_group(rest);
        const size_t column = column_of(group);
        for (const LaidLine& line : group) append(text, line, column);
        rest = rest.subspan(group.size());
    }
    return text;
}

}  // namespace seki::config
