#pragma once

// A table for people:
//
//   ╭────┬──────┬─────────╮
//   │ id │  pid │ state   │
//   ├────┼──────┼─────────┤
//   │  0 │ 4242 │ RUNNING │
//   ╰────┴──────┴─────────╯
//
// A column is as wide as its widest cell, and stands to the right when all its cells are numbers. Cells come from a
// server and are made printable here; empty ones are shown as "-". On a terminal that is narrower, the widest columns
// of text are cut ("a long na…").

#include <string>
#include <vector>

namespace seki::ctl {

class Table {
public:
    explicit Table(std::vector<std::string> header);

    // As many cells as the header has.
    void row(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const { return rows_.size() == 1; }
    // For stdout.
    [[nodiscard]] std::string text() const;
    // In so many columns of a terminal; 0: in as many as it takes.
    [[nodiscard]] std::string text(size_t width) const;

private:
    struct Column {
        size_t width = 0;
        bool has_number = false;
        bool has_text = false;

        [[nodiscard]] bool to_the_right() const { return has_number && !has_text; }
    };

    [[nodiscard]] std::vector<Column> columns() const;
    [[nodiscard]] std::vector<Column> columns_within(size_t width) const;

    std::vector<std::vector<std::string>> rows_;  // the header is the first
};

}  // namespace seki::ctl
