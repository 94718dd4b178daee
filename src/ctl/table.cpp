#include "ctl/table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

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

std::string Table::text() const {
    const std::vector<Column> all = columns();
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
            const std::string space(all[i].width - display_width(cells[i]), ' ');
            out += "│ ";
            out += all[i].to_the_right() ? space + cells[i] : cells[i] + space;
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
