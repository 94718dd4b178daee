#include "http/escape.h"

#include <gtest/gtest.h>

namespace seki::http {
namespace {

std::string escape(std::string_view text, Escaping how) {
    std::string result(escaped_size(text, how), '\0');
    Output out(result.data(), result.data() + result.size());
    append_escaped(text, how, out);
    EXPECT_FALSE(out.overflow());
    EXPECT_EQ(out.size(), result.size());
    return result;
}

TEST(Escaping, keeps_what_is_harmless) {
    for (const Escaping how : {Escaping::plain, Escaping::markup, Escaping::json}) {
        EXPECT_EQ(escape("/a?b=c#d;é 100%", how), "/a?b=c#d;é 100%");
        EXPECT_EQ(escape("", how), "");
    }
}

TEST(Escaping, of_markup_lets_nobody_out_of_text_or_attribute) {
    EXPECT_EQ(escape("<a href=\"x\" b='y'>&amp;", Escaping::markup),
              "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
}

TEST(Escaping, of_json_lets_nobody_out_of_a_string_or_a_script) {
    EXPECT_EQ(escape("\"\\\n\t</script>'&\x7f", Escaping::json),
              "\\u0022\\u005c\\u000a\\u0009\\u003c/script\\u003e\\u0027\\u0026\\u007f");
}

TEST(Escaping, lets_no_control_character_pass) {
    using namespace std::string_view_literals;
    for (const Escaping how : {Escaping::plain, Escaping::markup}) {
        EXPECT_EQ(escape("a\r\nX-Evil: b\0\x1b\x7f\t"sv, how), "aX-Evil: b");
    }
    EXPECT_EQ(escape("\0\r"sv, Escaping::json), "\\u0000\\u000d");
}

TEST(Escaping, is_all_or_nothing) {
    char room[4];
    Output out(room, room + sizeof room);
    append_escaped("&", Escaping::markup, out);
    EXPECT_TRUE(out.overflow());
    EXPECT_EQ(out.size(), 0U);
}

TEST(Escaping, follows_the_content_type) {
    for (const std::string_view type : {"", "text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml",
                                        "text/xml", "image/svg+xml", " ; charset=utf-8"}) {
        EXPECT_EQ(escaping_for(type), Escaping::markup) << type;
    }
    for (const std::string_view type :
         {"application/json", "application/problem+json;charset=utf-8", "text/javascript", "APPLICATION/JSON"}) {
        EXPECT_EQ(escaping_for(type), Escaping::json) << type;
    }
    for (const std::string_view type : {"text/plain", "text/plain; x=html", "text/css"}) {
        EXPECT_EQ(escaping_for(type), Escaping::plain) << type;
    }
}

}  // namespace
}  // namespace seki::http
