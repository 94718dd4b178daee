#include "ctl/table.h"

#include <gtest/gtest.h>

#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

TEST(Table, columns_are_as_wide_as_they_must_be_and_numbers_stand_to_the_right) {
    Table table({"name", "n"});
    EXPECT_TRUE(table.empty());
    table.row({"a", "5"});
    table.row({"long name", "12345"});
    EXPECT_EQ(table.text(),
              "╭───────────┬───────╮\n"
              "│ name      │     n │\n"
              "├───────────┼───────┤\n"
              "│ a         │     5 │\n"
              "│ long name │ 12345 │\n"
              "╰───────────┴───────╯\n");
}

TEST(Table, an_empty_cell_is_a_dash_and_wide_characters_keep_the_frame_straight) {
    Table table({"name", "x"});
    table.row({"堰", ""});
    table.row({"weir", "a\nb"});
    EXPECT_EQ(table.text(),
              "╭──────┬─────╮\n"
              "│ name │ x   │\n"
              "├──────┼─────┤\n"
              "│ 堰   │ -   │\n"
              "│ weir │ a b │\n"
              "╰──────┴─────╯\n");
}

TEST(Table, a_terminal_that_is_narrower_cuts_the_widest_columns_of_text_but_no_number) {
    Table table({"name", "n"});
    table.row({"a long name", "1234567890"});
    EXPECT_EQ(table.text(25),
              "╭──────────┬────────────╮\n"
              "│ name     │          n │\n"
              "├──────────┼────────────┤\n"
              "│ a long … │ 1234567890 │\n"
              "╰──────────┴────────────╯\n");
    EXPECT_EQ(table.text(5), table.text(25)) << "less would tell nothing";
    EXPECT_EQ(table.text(28), table.text(0));
}

TEST(TerminalText, what_is_cut_keeps_its_width) {
    EXPECT_EQ(cut("weir", 4), "weir");
    EXPECT_EQ(cut("weirs", 4), "wei…");
    EXPECT_EQ(cut("堰堰堰", 4), "堰…");
    EXPECT_EQ(cut("", 0), "");
}

TEST(TerminalText, what_could_move_the_cursor_or_deceive_is_replaced) {
    EXPECT_EQ(printable("plain text, Grüße, 堰 🌊\n"), "plain text, Grüße, 堰 🌊\n");
    EXPECT_EQ(printable("\x1b[2J"), "?[2J");
    EXPECT_EQ(printable(std::string_view("a\0b\tc\rd\x7f", 8)), "a?b?c?d?");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "?31m");  // a control sequence in one character
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a?b");  // right to left from here
    EXPECT_EQ(printable("a\xff"
                        "b\xc3"),
              "a?b?");                                        // no UTF-8
    EXPECT_EQ(printable("\xc0\xaf \xed\xa0\x80"), "?? ???");  // overlong, a surrogate
}

TEST(TerminalText, width_counts_columns_not_bytes) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("Grüße"), 5U);
    EXPECT_EQ(display_width("堰🌊"), 4U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // e and a combining accent
}

}  // namespace
}  // namespace seki::ctl
