#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml/reading.h"

namespace seki::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Diagnostic only_mistake(std::string_view text) {
    const FileResult result = parse(text, "s.toml", read_file_text, test_addresses);
    if (!result && result.error().size() == 1) return result.error().front();
    ADD_FAILURE() << text << (result ? "is taken" : config::text(result.error()));
    return {};
}

struct Wrong {
    std::string_view text;
    std::string_view reason;
    std::string_view marked;  // what of the line is marked
    std::string_view suggestion;
};

class SyntaxMistakes : public testing::TestWithParam<Wrong> {};

TEST_P(SyntaxMistakes, are_told_in_plain_words_with_what_to_write_instead) {
    const auto& [text, reason, marked, suggestion] = GetParam();
    const Diagnostic diagnostic = only_mistake(text);
    EXPECT_THAT(diagnostic.reason, HasSubstr(std::string(reason))) << text;
    EXPECT_EQ(diagnostic.suggestion, suggestion) << text;
    // All of them are ASCII, so a column is a byte.
    ASSERT_GT(diagnostic.column, 0) << text;
    const std::string behind = diagnostic.written + " ";
    EXPECT_EQ(behind.substr(diagnostic.column - 1, diagnostic.width), marked) << text;
}

const std::vector<Wrong> all_wrong{
    Wrong{"log_level = debug\n", "a text stands in quotes; write \"debug\"", "debug", "\"debug\""},
    Wrong{"x = /var/run/x.sock # here\n", "write \"/var/run/x.sock\"", "/var/run/x.sock", "\"/var/run/x.sock\""},
    Wrong{"address = 127.0.0.1:80\n", "write \"127.0.0.1:80\"", "127.0.0.1:80", "\"127.0.0.1:80\""},
    Wrong{"a = \"x\nb = 1\n", "the text is not closed; \" is missing at its end", " ", ""},
    Wrong{"a = 'x\nb = 1\n", "the text is not closed; ' is missing at its end", " ", ""},
    Wrong{"a = '''x\n", "the text is not closed", " ", ""},
    Wrong{"a = [ \"x\n]\n", "the text is not closed", " ", ""},
    Wrong{"worker_count: 2\n", "stands '=', not ':'", ":", "="},
    Wrong{"listeners:\n  - a: 1\n", "stands '=', not ':'", ":", "="},
    Wrong{"- a\n", "this looks like YAML", "-", ""},
    Wrong{"worker_count 2\n", "'=' is missing between 'worker_count' and its value", "2", ""},
    Wrong{"a =\n", "a value must follow the '='", " ", ""},
    Wrong{"a\n", "a key needs a value: a = ", "a", ""},
    Wrong{"a == 1\n", "one '=' is enough", "=", ""},
    Wrong{"worker count = 1\n", "a key has no spaces; one that needs them stands in quotes: \"worker count\"",
          "worker count", ""},
    Wrong{"[a\nb = 1\n", "the header is not closed; ] is missing", " ", "]"},
    Wrong{"[[a]\nb = 1\n", "the header is not closed; ]] is missing", " ", "]]"},
    Wrong{"[a]]\n", "nothing may follow a header", "]", ""},
    Wrong{"[a] b = 1\n", "nothing may follow a header", "b = 1", ""},
    Wrong{"[clusters.my shop]\n", "any other stands in quotes", "[clusters.my shop]", ""},
    Wrong{"[]\n", "a table needs a name", "]", ""},
    Wrong{"a = 1 2\n", "nothing may follow a value in its line", "2", ""},
    Wrong{"a = 1,\n", "no ',' stands between the lines", ",", ""},
    Wrong{"a = 1;\n", "without ';'", "1;", "1"},
    Wrong{"a = \"x\";\n", "without ';'", ";", ""},
    Wrong{"a = [1 2]\n", "',' is missing before this", "2", ""},
    Wrong{"a = [\n  { x = 1 }\n  { x = 2 }\n]\n", "',' is missing before this", "{", ""},
    Wrong{"a = [1,\nb = 2\n", "the list before it is not closed; ']' is missing", "b", ""},
    Wrong{"a = [1\nb = 2\n", "the list before this is not closed; ']' is missing", "b", ""},
    Wrong{"a = [1\n", "the file ends here, but something before it is not closed", " ", ""},
    Wrong{"a = { b = 1\n}\n", "a table in braces stands in one line", " ", ""},
    Wrong{"a = { b = 1, }\n", "no ',' stands before '}'", "}", ""},
    Wrong{"a = { b = 1 c = 2 }\n", "',' is missing before this", "c", ""},
    Wrong{"a = True\n", "'True' is no value; write true", "True", "true"},
    Wrong{"a = yes\n", "write true", "yes", "true"},
    Wrong{"a = off\n", "write false", "off", "false"},
    Wrong{"a = null\n", "there is no 'null' in TOML; leave the key out", "null", ""},
    Wrong{"a = 010\n", "a number does not begin with 0; write 10", "010", "10"},
    Wrong{"a = 10s\n", "a number has no unit: write 10", "10s", "10"},
    Wrong{"a = 64MB\n", "a number has no unit: write 64", "64MB", "64"},
    Wrong{"a = 99999999999999999999\n", "the number is too large", "99999999999999999999", ""},
    Wrong{"a = \"C:\\dir\"\n", "put the text in 'single' quotes", "d", ""},
    Wrong{"a = \"x\x01\"\n", "no control characters", "\x01", ""},
    Wrong{"// a\n", "a comment begins with '#'", "/", "#"},
    Wrong{"; a\n", "a comment begins with '#'", ";", "#"},
    Wrong{"{ \"a\": 1 }\n", "this looks like JSON", "{", ""},
    Wrong{"= 1\n", "a key is missing", "=", ""},
    Wrong{"<xml>\n", "a line begins with a key, a [table] or a #comment", "<", ""},
    Wrong{"a = 1\nb = 2\na = 3\n", "'a' is there already; keep one of them; the first one is in line 1", "a", ""},
    Wrong{"[x]\n[y]\na.b = 1\na.b = 3\n", "'a.b' is there already; keep one of them; the first one is in line 3", "a.b",
          ""},
    Wrong{"a = 1\na.b = 3\n", "'a' is there already; keep one of them; the first one is in line 1", "a", ""},
    Wrong{"a = { b = 1, b = 2 }\n", "'b' is there already; keep one of them", "b", ""},
    Wrong{"[[l]]\na = 1\n[[l]]\na = 1 # x\na = 2\n", "keep one of them; the first one is in line 4", "a", ""},
    Wrong{"[a.x]\n[b]\n[a.x]\n",
          "[a.x] is there already; write what it has below the first one; the first one is in line 1", "[a.x]", ""},
    Wrong{"a = 1\n[a]\n", "[a] is there already; write what it has below the first one; the first one is in line 1",
          "[a]", ""},
    Wrong{"[l]\nb = 1\n[[l]]\n",
          "'l' is there already, and is no list that [[l]] could add to; the first one is in line 1", "[[l]]", ""},
    Wrong{"[[l]]\nb = 1\n[l]\n", "'l' is a list; write [[l]] for one more of it; the first one is in line 1", "[l]",
          "[[l]]"},
    Wrong{"[a]\nb = { c = 1 }\n[a.b.d]\n", "written in braces", "[a.b.d]", ""}};

INSTANTIATE_TEST_SUITE_P(TomlFile, SyntaxMistakes, testing::ValuesIn(all_wrong));

TEST(TomlFile, no_text_is_too_odd_to_be_told_what_is_wrong) {
    constexpr std::array<std::string_view, 20> pieces{"[", "]", "[[", "]]", "{",    "}", "=",  "\"", "'", "#",
                                                      ".", ",", ":",  "\n", "\r\n", " ", "\\", "é",  "a", "0"};
    std::mt19937 random(7);
    const auto below = [&random](size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random); };
    for (int i = 0; i < 3000; ++i) {
        std::string text(all_wrong[below(all_wrong.size())].text);
        for (size_t edits = 1 + below(4); edits > 0; --edits) {
            const size_t at = below(text.size() + 1);
            if (below(3) == 0) text.erase(at, 1);
            if (below(3) > 0) text.insert(at, pieces[below(pieces.size())]);
        }
        const FileResult result = parse(text, "s.toml", read_file_text, test_addresses);
        if (result) continue;
        for (const Diagnostic& diagnostic : result.error())
            EXPECT_TRUE(diagnostic.shown().starts_with("error: s.toml")) << text;
    }
}

TEST(TomlFile, quotes_of_word_processors_are_named) {
    const Diagnostic diagnostic = only_mistake("log_level = “debug”");
    EXPECT_THAT(diagnostic.reason, HasSubstr("write \" on both sides"));
    EXPECT_EQ(diagnostic.column, 13);
    EXPECT_EQ(diagnostic.width, 7);
}

TEST(TomlFile, a_mistake_is_shown_with_its_line_and_marked) {
    EXPECT_EQ(only_mistake("\nworker_cuont = 2\n").shown(),
              "error: s.toml:2:1: worker_cuont: unknown key; did you mean 'worker_count'?\n"
              "    2 | worker_cuont = 2\n"
              "      | ^^^^^^^^^^^^\n");
    EXPECT_EQ(only_mistake("\tfront_timeout = 0 # never").shown(),
              "error: s.toml:1:18: front_timeout: 0 is not within 1 and 86400\n"
              "    1 |  front_timeout = 0 # never\n"
              "      |                  ^\n");
    EXPECT_EQ(only_mistake("worker_count = \"2\"").shown(),
              "error: s.toml:1:16: worker_count: it must be a number, not text; write 2\n"
              "    1 | worker_count = \"2\"\n"
              "      |                ^^^\n");
}

TEST(TomlFile, of_a_long_line_the_piece_is_shown_that_is_meant) {
    const std::string long_text(200, 'a');
    const std::string shown = only_mistake("colour = [\"" + long_text + "\"]").shown();
    EXPECT_THAT(shown, HasSubstr(" | colour = [\"" + long_text.substr(0, 109) + "…\n      | ^^^^^^\n"));
    EXPECT_THAT(only_mistake("log_target = [\"" + long_text + "\", 1x]").shown(),
                HasSubstr(" | …" + std::string(37, 'a') + "\", 1x]\n      | " + std::string(41, ' ') + "^^\n"));
}

TEST(TomlFile, passwords_are_not_shown) {
    const auto result = parse("[clusters.a]\nprotocol = \"http\"\nauthorized_hashes = [1]\n", "s.toml");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().front().written, "");
    EXPECT_GT(result.error().front().column, 0);
}

TEST(TomlFile, each_mistake_is_told_once) {
    EXPECT_THAT(errors(R"(
[[listeners]]
protocol = "http"
adress = "127.0.0.1:80"
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "a" }]
)"),
                ElementsAre("s.toml:4: listeners[0].adress: unknown key; did you mean 'address'?"));
    EXPECT_THAT(errors(R"(
[[listener]]
protocol = "http"
address = "127.0.0.1:80"
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "a" }]
)"),
                ElementsAre("s.toml:2: listener: unknown key; did you mean 'listeners'?"));
    EXPECT_THAT(errors(R"(
[listeners]
protocol = "http"
address = "127.0.0.1:80"
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "a" }]
)"),
                ElementsAre("s.toml:2: listeners: it must be a list of tables, not a table; write [[listeners]]"));
    EXPECT_THAT(errors(R"(
[[listeners]]
protocl = "http"
address = "127.0.0.1:80"
front_timeot = 1
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "a" }]
)"),
                ElementsAre("s.toml:3: listeners[0].protocl: unknown key; did you mean 'protocol'?"));
}

TEST(TomlFile, who_means_this_machine_is_told_its_address) {
    const Diagnostic diagnostic = only_mistake("[[listeners]]\nprotocol = \"http\"\naddress = \"localhost:80\"");
    EXPECT_THAT(diagnostic.reason, HasSubstr("write \"127.0.0.1:80\""));
    EXPECT_EQ(diagnostic.suggestion, "\"127.0.0.1:80\"");
}

TEST(TomlFile, a_value_that_is_none_of_the_choices_names_the_nearest_one) {
    const Diagnostic diagnostic = only_mistake("[[listeners]]\nprotocol = \"htp\"\naddress = \"127.0.0.1:80\"");
    EXPECT_THAT(diagnostic.reason, HasSubstr("'htp' is none of http, https, tcp, udp; did you mean 'http'?"));
    EXPECT_EQ(diagnostic.suggestion, "\"http\"");
}

}  // namespace
}  // namespace seki::config
