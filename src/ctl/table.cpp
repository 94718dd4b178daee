#include "ctl/table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

constexpr size_t frame_width = 3;  // of each column: two spaces and a line
constexpr size_t least_width = 8;  // less of a cell tells nothing

bool is_number(std::string_view cell) { return cell.find_first_not_of("0123456789.") == std::string_view::npos; }

std::string repeated(std::string_view text, size_t count) {
    std::string out;
    while (count-- > 0) out += text;
    return out;
}

std::string cell_text(std::string text) {
    if (text.empty()) return "-";
    std::ranges::replace(text, '\n', ' ');
    return printable(text);
}

}  // namespace

Table::Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void Table::row(std::vector<std::string> cells) {
    SEKI_CHECK(cells.size() == rows_.front().size());
    std::ranges::transform(cells, cells.begin(), cell_text);
    rows_.push_back(std::move(cells));
}

std::vector<Table::Column> Table::columns() const {
    std::vector<Column> columns(rows_.front().size());
    for (const auto& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) {
            columns[i].width = std::max(columns[i].width, display_width(row[i]));
            if (&row == &rows_.front() || row[i] == "-") continue;
            (is_number(row[i]) ? columns[i].has_number : columns[i].has_text) = true;
        }
    }
    return columns;
}

std::vector<Table::Column> Table::columns_within(size_t width) const {
    std::vector<Column> all = columns();
    size_t total = 1;
    for (const Column& column : all) total += column.width + frame_width;
    while (width > 0 && total > width) {
        // A number that is cut would be another number.
        const auto room = [](const Column& column) { return column.to_the_right() ? 0 : column.width; };
        const auto widest = std::ranges::max_element(all, {}, room);
        if (room(*widest) <= least_width) break;
        --widest->width;
        --total;
    }
    return all;
}

std::string Table::text() const { return text(output_width()); }

std::string Table::text(size_t width) const {
    const std::vector<Column> all = columns_within(width);
    std::string out;
    const auto rule = [&](std::string_view left, std::string_view middle, std::string_view right) {
        out += left;
        for (const Column& column : all) {
            if (&column != &all.front()) out += middle;
            out += repeated("─", column.width + 2);
        }
        out += right;
        out += '\n';
    };
    const auto line = [&](const std::vector<std::string>& cells) {
        for (size_t i = 0; i < cells.size(); ++i) {
            const std::string cell = cut(cells[i], all[i].width);
            const std::string space(all[i].width - display_width(cell), ' ');
            out += "│ ";
            out += all[i].to_the_right() ? space + cell : cell + space;
            out += ' ';
        }
        out += "│\n";
    };

    rule("╭", "┬", "╮");
    line(rows_.front());
    rule("├", "┼", "┤");
    std::for_each(rows_.begin() + 1, rows_.end(), line);
    rule("╰", "┴", "╯");
    return out;
}

}  // namespace seki::ctl
