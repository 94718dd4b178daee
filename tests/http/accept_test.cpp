#include "http/accept.h"

#include <gtest/gtest.h>

namespace seki::http {
namespace {

struct Case {
    std::string_view accept;
    AnswerType type;
};

void expect_all(std::initializer_list<Case> cases) {
    for (const Case& c : cases) EXPECT_EQ(preferred_type(c.accept), c.type) << c.accept;
}

TEST(Accept, is_html_for_who_does_not_mind) {
    using enum AnswerType;
    expect_all({{"", html},
                {"*/*", html},
                {"*/*;q=0.1", html},
                {"text/*", html},
                {"text/html, application/json, text/plain", html},
                {"text/plain, application/json, text/html", html},
                {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", html}});
}

TEST(Accept, is_what_the_client_names) {
    using enum AnswerType;
    expect_all({{"application/json", json},
                {"APPLICATION/JSON", json},
                {"application/*", json},
                {"text/plain", text},
                {"text/plain, application/json", json},
                {"application/json;charset=utf-8", json},
                {"text/plain; charset=\"UTF-8\"", text},
                {" text/plain ,", text}});
}

TEST(Accept, weighs_qualities) {
    using enum AnswerType;
    expect_all({{"text/html;q=0.5, application/json;q=0.6, text/plain;q=0.55", json},
                {"text/html;q=0.5, text/plain;q=0.501", text},
                {"text/html;q=0.9,text/plain;q=1.0", text},
                {"text/html ; q=0.1 , application/json ; Q=0.2", json},
                {"text/html;q=0.2, application/json;q=0.2", html},
                {"text/html;q=1, text/plain;q=1.000", html}});
}

TEST(Accept, prefers_what_is_named_to_what_an_asterisk_covers) {
    using enum AnswerType;
    expect_all({{"application/json, text/plain, */*", json},
                {"*/*, text/plain", text},
                {"text/*, application/json", json},
                {"text/plain;q=0.9, */*", html},
                {"text/plain;q=0, image/png", html}});
}

TEST(Accept, lets_the_more_specific_range_decide_wherever_it_stands) {
    using enum AnswerType;
    expect_all({{"text/html;q=0, */*", json},
                {"*/*, text/html;q=0", json},
                {"text/*;q=0.1, */*;q=0.2", json},
                {"*/*;q=0.1, text/*;q=0.9, text/html;q=0.5", text},
                {"text/html;q=0.1, text/html;charset=utf-8, text/plain;q=0.5", html},
                {"text/*;q=0, application/*;q=0, text/plain;q=0.001", text}});
    // RFC 9110 §12.5.1: text/plain is worth 0.7 there, text/html 0.3.
    expect_all(
        {{"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5", text}});
}

TEST(Accept, of_two_ranges_alike_takes_the_kinder_one) {
    using enum AnswerType;
    expect_all({{"text/html;q=0.1, text/plain;q=0.5, text/html;q=0.9", html},
                {"text/html;q=0.9, text/plain;q=0.5, text/html;q=0.1", html}});
}

TEST(Accept, passes_over_ranges_that_it_cannot_fulfil) {
    using enum AnswerType;
    expect_all({{"text/html;level=1, text/plain;q=0.1", text},
                {"application/vnd.api+json, text/plain;q=0.2", text},
                {"image/png", html},
                {"*/*;q=0", html},
                {"text/html;q=0, application/json;q=0, text/plain;q=0", html}});
}

TEST(Accept, passes_over_what_is_malformed) {
    using enum AnswerType;
    for (const std::string_view quality : {"", "2", "1.001", "0.1234", "-1", ".5", "0,5", "00", "1.1", "x", "0.5x"}) {
        const std::string accept = "text/html;q=" + std::string(quality) + ", text/plain;q=0.01";
        EXPECT_EQ(preferred_type(accept), text) << accept;
    }
    expect_all({{"html, text/plain;q=0.1", text},
                {"*, text/plain;q=0.1", text},
                {"text, text/plain;q=0.1", text},
                {"*/html, text/plain;q=0.1", text},
                {";q=1, text/plain;q=0.1", text},
                {",,;;,", html},
                {"text/html;charset=\"a,b\", text/plain;q=0.1", text}});
}

TEST(Accept, takes_one_point_as_the_last_digit_of_a_quality) {
    expect_all({{"text/html;q=0., text/plain;q=0.001", AnswerType::text}, {"text/html;q=1.", AnswerType::html}});
}

}  // namespace
}  // namespace seki::http
