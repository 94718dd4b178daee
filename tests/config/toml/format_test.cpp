#include "config/toml/format.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "config/file_text.h"
#include "config/toml/document.h"
#include "config/toml/file.h"

namespace seki::config {
namespace {

std::string formatted(std::string_view text) {
    const auto result = format(text);
    EXPECT_TRUE(result.has_value()) << text;
    return result.value_or(std::string());
}

std::vector<std::filesystem::path> files_of_the_source() {
    std::vector<std::filesystem::path> files{SEKI_EXAMPLES "/../packaging/seki.toml"};
    for (const auto& entry : std::filesystem::directory_iterator(SEKI_EXAMPLES)) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    return files;
}

TEST(Format, keys_and_values_have_one_blank_between_them_and_none_around) {
    EXPECT_EQ(formatted("  a=1\t \nb   =  \"x  y\"  \n c . \"d e\" .f='x'"),
              "a = 1\nb = \"x  y\"\nc.\"d e\".f = 'x'\n");
    EXPECT_EQ(formatted("a = 1979-05-27 07:32:00\nb=-1.5e3"), "a = 1979-05-27 07:32:00\nb = -1.5e3\n");
    EXPECT_EQ(formatted(""), "");
    EXPECT_EQ(formatted("\n\n"), "");
}

TEST(Format, tables_are_one_line_apart_and_keys_at_most) {
    EXPECT_EQ(formatted("\n\na=1\n\n\n\nb=2\n[ c . d ]\n[[ e ]]\n\n\n\n[f]\ng=1\n\n\n"),
              "a = 1\n\nb = 2\n\n[c.d]\n\n[[e]]\n\n[f]\ng = 1\n");
}

TEST(Format, comments_right_above_a_header_belong_to_it) {
    EXPECT_EQ(formatted("a=1\n# one\n  # two\n[b]"), "a = 1\n\n# one\n# two\n[b]\n");
    EXPECT_EQ(formatted("a=1\n# one\n\n\n[b]"), "a = 1\n# one\n\n[b]\n");
    EXPECT_EQ(formatted("# one\n[b]"), "# one\n[b]\n");
}

TEST(Format, inline_tables_have_blanks_inside) {
    EXPECT_EQ(formatted("a={b=1,c={ },d = { e='x' } }"), "a = { b = 1, c = {}, d = { e = 'x' } }\n");
}

TEST(Format, lists_stand_in_one_line_where_they_fit) {
    EXPECT_EQ(formatted("a=[ 1,2,\n 3]\nb=[ ]\nc = [\n]"), "a = [1, 2, 3]\nb = []\nc = []\n");
    const std::string fits = "a = [\"" + std::string(92, 'x') + "\"]\n";
    ASSERT_EQ(fits.size(), 101U);
    EXPECT_EQ(formatted(fits), fits);
    EXPECT_EQ(formatted("a = [\"" + std::string(93, 'x') + "\"]\n"), "a = [\n  \"" + std::string(93, 'x') + "\",\n]\n");
    const std::string wide = "a = [\"" + std::string(46, 'x') + "ééééééééééééééééééééééééééééééééééééééééééééé\"]\n";
    EXPECT_EQ(formatted(wide), wide) << "characters count, not bytes";
    EXPECT_EQ(formatted(fits.substr(0, 100) + " # why"), fits.substr(0, 100) + "  # why\n") << "comments do not count";
}

TEST(Format, lists_with_a_comma_at_the_end_stay_in_lines) {
    EXPECT_EQ(formatted("a=[\n    1,\n\n\n  2,\n\n]"), "a = [\n  1,\n\n  2,\n]\n");
    EXPECT_EQ(formatted("a=[1,2,]"), "a = [1, 2]\n");
}

TEST(Format, lists_with_comments_stay_in_lines) {
    EXPECT_EQ(formatted("a=[ # of all\n1 # one\n, 2\n # end\n]"), "a = [  # of all\n  1,  # one\n  2,\n  # end\n]\n");
    EXPECT_EQ(formatted("a=[\n# none\n]"), "a = [\n  # none\n]\n");
    EXPECT_EQ(formatted("a=[[1,[ # x\n2]]]"), "a = [\n  [\n    1,\n    [  # x\n      2,\n    ],\n  ],\n]\n");
    EXPECT_EQ(formatted("a={b=[1, # x\n2],c=3}"), "a = { b = [\n  1,  # x\n  2,\n], c = 3 }\n");
}

TEST(Format, long_lists_of_tables_have_each_in_a_line) {
    const std::string one = "{ address = \"127.0.0.1:8080\", hostname = \"a.example\" }";
    EXPECT_EQ(formatted("a=[" + one + "," + one + "]"), "a = [\n  " + one + ",\n  " + one + ",\n]\n");
    const std::string text(90, 'x');
    EXPECT_EQ(formatted("a={b=[1],c=['" + text + "','y'] }"), "a = { b = [1], c = [\n  '" + text + "',\n  'y',\n] }\n");
}

TEST(Format, strings_stay_as_they_are) {
    const std::string text =
        "a = \"\"\"\n  x = [1,2]  # no comment \\\n\n\n\n  \"\" [y]  \n\"\"\"\"\"\nb = '''\n x\t\n'''\n";
    EXPECT_EQ(formatted(text), text);
    EXPECT_EQ(formatted("a='C:\\'\nb=\"\\\"#,\""), "a = 'C:\\'\nb = \"\\\"#,\"\n");
    EXPECT_EQ(formatted("a=['''\n x\n''',1]"), "a = [\n  '''\n x\n''',\n  1,\n]\n");
}

TEST(Format, a_comment_behind_a_value_has_two_blanks_before_it) {
    EXPECT_EQ(formatted("a=1# x\nlonger=2 # y  \n[b]# z"), "a = 1  # x\nlonger = 2  # y\n\n[b]  # z\n");
}

TEST(Format, comments_below_each_other_stay_so) {
    EXPECT_EQ(formatted("a=1      # x\nlonger=2 # y\nc = 3"), "a = 1       # x\nlonger = 2  # y\nc = 3\n");
    EXPECT_EQ(formatted("a = 1          # x\n\nb = 2          # y"), "a = 1          # x\n\nb = 2          # y\n")
        << "a column that is further on";
    EXPECT_EQ(formatted("a = 1      # x\n           # goes on\n  # own"),
              "a = 1      # x\n           # goes on\n# own\n");
}

TEST(Format, line_breaks_of_windows_and_the_mark_at_the_beginning_go) {
    EXPECT_EQ(formatted("\xEF\xBB\xBF"
                        "a=1\r\nb=\"\"\"x\r\ny\"\"\" # z\r\n"),
              "a = 1\nb = \"\"\"x\ny\"\"\"  # z\n");
}

TEST(Format, what_is_no_toml_is_refused) {
    for (const std::string_view text : {"a", "a=", "=1", "[a", "a=[1", "a={b=1", "a=1 b=2", "a=]", "[]", "a=\"x"}) {
        EXPECT_FALSE(format(text).has_value()) << text;
        EXPECT_FALSE(syntax_mistakes(text, "s.toml").empty()) << text;
    }
    EXPECT_FALSE(format("a=" + std::string(100'000, '[')).has_value());
    EXPECT_FALSE(format("a=" + std::string(100'000, '{')).has_value());
}

TEST(Format, the_files_of_the_source_are_as_it_leaves_them) {
    for (const auto& path : files_of_the_source()) {
        const std::string text = *read_file_text(path.string());
        EXPECT_EQ(formatted(text), text) << path;
    }
}

TEST(Format, a_document_is_the_same_when_every_value_is) {
    EXPECT_TRUE(is_same_document("a=1\nb={c=[nan, 1.5, 1979-05-27]}", "b.c=[nan,1.5,1979-05-27]\na=0x1"));
    for (const std::string_view other : {"a=2", "a=1.0", "a='1'", "b=1", "a=1\nb=1", "a=[1]", "a={b=1}", ""}) {
        EXPECT_FALSE(is_same_document("a=1", other)) << other;
    }
    EXPECT_FALSE(is_same_document("a=[1,2]", "a=[2,1]"));
    EXPECT_FALSE(is_same_document("a=1979-05-27", "a=1979-05-28"));
    EXPECT_FALSE(is_same_document("a=", "a="));
}

// ---- documents made of pieces

class Maker {
public:
    explicit Maker(uint32_t seed) : random_(seed) {}

    std::string document() {
        std::string text;
        for (int i = below(12); i >= 0; --i) text += blank() + line(i) + blank() + maybe_comment() + feeds();
        return text;
    }

private:
    int below(int limit) { return static_cast<int>(random_() % static_cast<uint32_t>(limit)); }
    std::string pick(std::initializer_list<const char*> of) {
        return *(of.begin() + below(static_cast<int>(of.size())));
    }
    std::string blank() { return pick({"", "", " ", "\t", "     "}); }
    std::string feeds() { return pick({"\n", "\n", "\r\n", "\n\n", "\n \n\n\n"}); }
    std::string maybe_comment() { return pick({"", "", "# x", "#", "#  \"é ] '''  ", "# [a]"}); }
    std::string between() { return below(3) == 0 ? blank() + maybe_comment() + feeds() + blank() : blank(); }

    std::string line(int number) {
        if (below(4) == 0) return "";
        const std::string name = pick({"k", "'k x'", "\"k\\\"\"", "long-long-key"}) + ".n" + std::to_string(number);
        if (below(4) == 0) return "[" + blank() + "t" + std::to_string(number) + blank() + "." + blank() + "a" + "]";
        if (below(6) == 0) return "[[" + blank() + "l" + std::to_string(number) + blank() + "]]";
        return name + blank() + "=" + blank() + value(3);
    }

    std::string value(int depth) {
        if (depth > 0 && below(2) == 0) return below(2) == 0 ? array(depth - 1) : table(depth - 1);
        return pick({"1", "true", "-1.5", "nan", "'lit # ,'", "\"esc \\\" # [\"", "\"\"\"\n a  \n\"\"\"\"",
                     "'''x '\n y'''", "1979-05-27 07:32:00", "1979-05-27", "\"\"", "''", "\"\"\"\"\"\"", "\"ü\"",
                     "\"a text that is so long that lists of it do not fit into a line\""});
    }

    std::string array(int depth) {
        std::string text = "[" + between();
        for (int i = below(5); i > 0; --i)
            text += value(depth) + between() + (i > 1 || below(2) == 0 ? "," + between() : "");
        return text + "]";
    }

    std::string table(int depth) {
        std::string text = "{" + blank();
        const int entries = below(4);
        for (int i = 0; i < entries; ++i)
            text += (i > 0 ? "," : "") + blank() + "k" + std::to_string(i) + blank() + "=" + blank() + value(depth) +
                    blank();
        return text + "}";
    }

    std::mt19937 random_;
};

TEST(Format, any_document_keeps_its_meaning_and_is_formatted_at_once) {
    int documents = 0;
    for (uint32_t seed = 0; seed < 3000; ++seed) {
        const std::string text = Maker(seed).document();
        if (!syntax_mistakes(text, "").empty()) continue;  // a key twice
        ++documents;
        const std::string once = formatted(text);
        ASSERT_TRUE(is_same_document(text, once)) << text;
        ASSERT_EQ(formatted(once), once) << text;
        ASSERT_THAT(once, testing::Not(testing::HasSubstr("\n\n\n\n"))) << text;
    }
    EXPECT_GT(documents, 1000);
}

}  // namespace
}  // namespace seki::config
