#include <gtest/gtest.h>

#include "http/characters.h"
#include "http/h1/framing.h"
#include "http/h1/head_parser.h"
#include "http/host.h"
#include "http/message.h"

namespace seki::http {
namespace {

TEST(FieldNames, are_known_without_regard_to_case) {
    EXPECT_EQ(field_id("Content-Length"), FieldId::content_length);
    EXPECT_EQ(field_id("cOnTeNt-LeNgTh"), FieldId::content_length);
    EXPECT_EQ(field_id("te"), FieldId::te);
    EXPECT_EQ(field_id("Strict-Transport-Security"), FieldId::strict_transport_security);
}

TEST(FieldNames, that_nobody_cares_about_are_other) {
    EXPECT_EQ(field_id(""), FieldId::other);
    EXPECT_EQ(field_id("x"), FieldId::other);
    EXPECT_EQ(field_id("content-lengti"), FieldId::other);
    EXPECT_EQ(field_id(std::string(300, 'a')), FieldId::other);
}

TEST(FieldNames, are_compared_to_their_last_letter) {
    for (const std::string_view known :
         {"te", "host", "http2-settings", "transfer-encoding", "proxy-authorization", "strict-transport-security"}) {
        for (size_t i = 0; i < known.size(); ++i) {
            std::string name(known);
            name[i] = '!';
            EXPECT_EQ(field_id(name), FieldId::other) << name;
        }
    }
}

// Names are looked up by words whose letters are folded, and sixteen characters are looked at together where there are
// as many: neither may let a byte pass that no token has, wherever it stands and whatever follows.
TEST(FieldNames, with_a_byte_that_no_token_has_are_refused_wherever_it_stands) {
    for (const std::string_view name :
         {"te", "host", "content-length", "transfer-encoding", "x-unknown-to-everybody"}) {
        for (const std::string_view rest : {": 1\r\n\r\n", ": 1\r\nx-more-fields: 1234567890123456\r\n\r\n"}) {
            for (size_t at = 0; at < name.size(); ++at) {
                for (int byte = 0; byte < 256; ++byte) {
                    std::string text = std::string(name) + std::string(rest);
                    text[at] = static_cast<char>(byte);
                    const bool colon = byte == ':' && at > 0;  // ends the name here, and what follows is its value
                    const bool empty_line = at == 0 && byte == '\r' && text[1] == '\n';
                    FieldTable fields;
                    const auto outcome = h1::parse_fields(text, 100, fields).outcome;
                    const bool good = is_token(static_cast<char>(byte)) || colon || empty_line;
                    EXPECT_EQ(outcome == h1::Parsed::Outcome::complete, good) << name << " at " << at << ": " << byte;
                }
            }
        }
    }
}

TEST(FieldNames, that_are_cut_off_are_refused_as_soon_as_they_cannot_be_names) {
    FieldTable fields;
    EXPECT_EQ(h1::parse_fields("x-cut", 100, fields).outcome, h1::Parsed::Outcome::incomplete);
    EXPECT_EQ(h1::parse_fields("x(cut", 100, fields).outcome, h1::Parsed::Outcome::fault);
    EXPECT_EQ(h1::parse_fields("x cut", 100, fields).outcome, h1::Parsed::Outcome::fault);
}

TEST(Hosts, are_names_addresses_and_literals_with_or_without_port) {
    struct Case {
        std::string_view text;
        std::string_view host;
        uint16_t port;
    };
    for (const Case& c :
         {Case{"example.org", "example.org", 0}, Case{"example.org:8080", "example.org", 8080}, Case{"a:", "a", 0},
          Case{"[::1]:80", "[::1]", 80}, Case{"127.0.0.1", "127.0.0.1", 0}, Case{"a:0080", "a", 80},
          Case{"[::FFFF:192.0.2.1]", "[::FFFF:192.0.2.1]", 0}, Case{"under_score.x", "under_score.x", 0}}) {
        const auto authority = parse_authority(c.text);
        ASSERT_TRUE(authority) << c.text;
        EXPECT_EQ(authority->host, c.host);
        EXPECT_EQ(authority->port, c.port);
    }
}

TEST(Hosts, that_are_none_are_refused) {
    for (const std::string_view text :
         {"",     ":80",       "a:b",     "a:65536",        "user@host",    "a b",     "a/b",      "[]",
          "[::1", "[::1]x",    "a:80:80", "a\"b",           "a:-1",         "a:0",     "[::1]:00", "a%62",
          "[a]",  "[1.2.3.4]", "[v1.a]",  "[fe80::1%25lo]", "[fe80::1%lo]", "[::1::]", "[:]",      "[12345::]",
          "["}) {
        EXPECT_FALSE(parse_authority(text)) << text;
    }
}

TEST(Hosts, are_the_same_place_in_any_spelling) {
    const auto same = [](std::string_view left, std::string_view right, uint16_t default_port) {
        return same_place(*parse_authority(left), *parse_authority(right), default_port);
    };
    EXPECT_TRUE(same("example.com", "EXAMPLE.com:80", 80));
    EXPECT_TRUE(same("[2001:db8::1]:443", "[2001:DB8:0::0001]", 443));
    EXPECT_FALSE(same("a:81", "a", 80));
    EXPECT_FALSE(same("a", "a.", 80));  // to some a name of its own
    EXPECT_FALSE(same("[::1]", "[::2]", 80));
    EXPECT_FALSE(same("a", "[::1]", 80));
}

TEST(FieldNames, that_differ_only_where_cgi_sees_no_difference_are_one_variable) {
    EXPECT_TRUE(same_variable("Content_Length", "content-length"));
    EXPECT_TRUE(same_variable("X.Forwarded~For", "X-Forwarded-For"));
    EXPECT_FALSE(same_variable("Content_Lengt", "Content-Length"));
    EXPECT_FALSE(same_variable("ContentLength", "Content-Length"));
}

TEST(FieldNames, that_are_odd_are_noted) {
    const auto odd = [](std::string_view text) {
        FieldTable fields;
        EXPECT_EQ(h1::parse_fields(text, 100, fields).outcome, h1::Parsed::Outcome::complete);
        return fields.odd_names();
    };
    EXPECT_FALSE(odd("Host: a\r\nX-My-Field-1: a_b\r\n\r\n"));
    EXPECT_TRUE(odd("Host: a\r\nX_My-Field: b\r\n\r\n"));
    EXPECT_TRUE(odd("X.Y: b\r\nHost: a\r\n\r\n"));
}

h1::FramingFields framing(std::initializer_list<std::string_view> lengths,
                          std::initializer_list<std::string_view> codings) {
    h1::FramingFields fields;
    for (const std::string_view length : lengths) {
        Field field;
        field.value = length;
        fields.note_length(field);
    }
    for (const std::string_view coding : codings) fields.note_coding(coding);
    return fields;
}

TEST(Framing, of_requests_follows_rfc_9112_section_6_3) {
    const auto none = h1::request_framing(framing({}, {}), Version::http11);
    EXPECT_EQ(none->kind, BodyKind::none);
    const auto counted = h1::request_framing(framing({"5", "5"}, {}), Version::http11);
    EXPECT_EQ(counted->kind, BodyKind::length);
    EXPECT_EQ(counted->length, 5U);
    EXPECT_EQ(h1::request_framing(framing({"0"}, {}), Version::http11)->kind, BodyKind::none);
    EXPECT_EQ(h1::request_framing(framing({}, {"Chunked"}), Version::http11)->kind, BodyKind::chunked);
}

TEST(Framing, that_contradicts_itself_is_refused) {
    EXPECT_EQ(h1::request_framing(framing({"5"}, {"chunked"}), Version::http11).error(), Fault::length_and_coding);
    EXPECT_EQ(h1::request_framing(framing({"5", "6"}, {}), Version::http11).error(), Fault::bad_length);
    for (const std::string_view length : {"", "-1", "+1", "1 ", "0x1", "5, 5", "1_0", "18446744073709551616", "５"}) {
        EXPECT_EQ(h1::request_framing(framing({length}, {}), Version::http11).error(), Fault::bad_length) << length;
    }
    for (const std::string_view coding :
         {"", "gzip", "chunked, chunked", "chunked, gzip", "chunked;q=1", "xchunked", "\"chunked\"", ",chunked"}) {
        EXPECT_EQ(h1::request_framing(framing({}, {coding}), Version::http11).error(), Fault::bad_coding) << coding;
    }
    EXPECT_EQ(h1::request_framing(framing({}, {"chunked", "chunked"}), Version::http11).error(), Fault::bad_coding);
    EXPECT_EQ(h1::request_framing(framing({}, {"gzip, chunked"}), Version::http11).error(), Fault::unknown_coding);
    EXPECT_EQ(h1::request_framing(framing({}, {"a;b=c", "d,chunked"}), Version::http11).error(), Fault::unknown_coding);
    EXPECT_EQ(h1::request_framing(framing({}, {"chunked"}), Version::http10).error(), Fault::bad_coding);
    EXPECT_EQ(h1::response_framing(framing({"1"}, {"chunked"}), Version::http11, 200, false).error(),
              Fault::length_and_coding);
}

TEST(Framing, of_responses_depends_on_request_and_status) {
    const auto counted = framing({"5"}, {});
    EXPECT_EQ(h1::response_framing(counted, Version::http11, 200, false)->kind, BodyKind::length);
    EXPECT_EQ(h1::response_framing(counted, Version::http11, 200, true)->kind, BodyKind::none);
    EXPECT_EQ(h1::response_framing(counted, Version::http11, 204, false)->kind, BodyKind::none);
    EXPECT_EQ(h1::response_framing(counted, Version::http11, 304, false)->kind, BodyKind::none);
    EXPECT_EQ(h1::response_framing(framing({}, {}), Version::http11, 200, false)->kind, BodyKind::until_close);
}

}  // namespace
}  // namespace seki::http
