#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/transcript.h"

namespace seki::http {
namespace {

TEST(Requests, are_written_as_they_came_but_for_the_connection) {
    const AddedField added[] = {{"X-Request-Id", "7"}};
    EXPECT_EQ(write_request("GET /a HTTP/1.1\r\nHOST:  a \r\nConnection: close\r\nX-A: 1\r\n\r\n", added),
              "GET /a HTTP/1.1\r\nHOST: a\r\nX-A: 1\r\nX-Request-Id: 7\r\n\r\n");
}

// A length with zeros is octal to some, one with blanks around it none.
TEST(Requests, say_their_length_as_it_was_understood) {
    const auto written = [](std::string_view length) {
        return write_request(fmt::format("POST / HTTP/1.1\r\nHost: a\r\n{}X: 1\r\n\r\n", length));
    };
    const std::string_view plain = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 140\r\nX: 1\r\n\r\n";
    for (const std::string& length :
         {std::string("Content-Length: 140"), std::string("Content-Length: 0140"), std::string("Content-Length:140"),
          std::string("Content-Length:  140"), std::string("Content-Length:\t140"),
          std::string("Content-Length: 140 \t"), "Content-Length: " + std::string(300, '0') + "140",
          "Content-Length: " + std::string(300, ' ') + "140",
          std::string("Content-Length: 140\r\nContent-Length: 0140"),
          std::string("Content-Length: 0140\r\nContent-Length: 140")}) {
        EXPECT_EQ(written(length + "\r\n"), plain) << length;
    }
    EXPECT_EQ(written("Content-Length: 000\r\n"), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX: 1\r\n\r\n");
}

TEST(Requests, say_their_host_as_it_was_understood) {
    const auto written = [](std::string_view host) {
        return write_request(fmt::format("GET / HTTP/1.1\r\n{}\r\n\r\n", host));
    };
    EXPECT_EQ(written("Host:\t a \t"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(written("host:a:80"), "GET / HTTP/1.1\r\nhost: a:80\r\n\r\n");
    EXPECT_EQ(written("Host: a:"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(written("Host: a:0080"), "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n");
    EXPECT_EQ(written("Host: [::1]:08 "), "GET / HTTP/1.1\r\nHost: [::1]:8\r\n\r\n");
    EXPECT_EQ(written("Host: A.example"), "GET / HTTP/1.1\r\nHost: A.example\r\n\r\n");
}

TEST(Requests, whose_target_names_the_place_of_their_host_in_other_words_have_those_of_the_target) {
    EXPECT_EQ(write_request("GET http://example.com/ HTTP/1.1\r\nX: 1\r\nHost: EXAMPLE.com:80\r\n\r\n"),
              "GET / HTTP/1.1\r\nX: 1\r\nHost: example.com\r\n\r\n");
    EXPECT_EQ(write_request("GET HTTP://a:80/ HTTP/1.1\r\nHost: A\r\n\r\n"), "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n");
    EXPECT_EQ(write_request("GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(write_request("GET http://[2001:db8::1]:081/ HTTP/1.1\r\nHost: [2001:DB8:0::1]:81\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n");
    EXPECT_EQ(write_request("GET http://a:/ HTTP/1.0\r\n\r\n"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Requests, expect_only_what_was_understood) {
    const auto written = [](std::string_view expect, std::string_view version = "HTTP/1.1") {
        return write_request(fmt::format("POST / {}\r\nHost: a\r\nContent-Length: 1\r\n{}\r\n", version, expect));
    };
    const std::string_view none = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
    const std::string_view one = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n";
    EXPECT_EQ(written("Expect: 100-continue\r\n"), one);
    EXPECT_EQ(written("Expect:  100-CONTINUE \r\n"), one);
    EXPECT_EQ(written("Expect: 100-continue\r\nExpect: 100-continue\r\n"), one);
    EXPECT_EQ(written("Expect: 100-continue\r\nConnection: expect\r\n"), one);
    EXPECT_EQ(written("Expect: y 100-continue\r\n"), none);
    EXPECT_EQ(written("Expect:\r\n"), none);
    EXPECT_EQ(written("Expect: 100-continue\r\n", "HTTP/1.0"), none);
    EXPECT_EQ(write_request("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Requests, of_clients_that_take_trailers_say_so) {
    const auto written = [](std::string_view fields, std::string_view version = "HTTP/1.1") {
        return write_request(fmt::format("GET / {}\r\nHost: a\r\n{}\r\n", version, fields));
    };
    const std::string_view asked = "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n";
    EXPECT_EQ(written("TE: trailers\r\nConnection: TE, close\r\n"), asked);
    EXPECT_EQ(written("TE: gzip;q=0.5, Trailers\r\n"), asked);
    EXPECT_EQ(written("TE: gzip\r\nTE: trailers\r\n"), asked);
    EXPECT_EQ(written("Connection: upgrade, te\r\nUpgrade: x\r\nTE: trailers\r\n"),
              "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, TE\r\nUpgrade: x\r\nTE: trailers\r\n\r\n");
    const std::string_view silent = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(written("TE: gzip\r\n"), silent);
    EXPECT_EQ(written("TE:\r\n"), silent);
    EXPECT_EQ(written("TE: trailers\r\n", "HTTP/1.0"), silent);
}

TEST(Requests, in_chunks_have_one_plain_coding_whatever_was_said) {
    EXPECT_EQ(write_request("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\t CHUNKED\t\r\n\r\n"),
              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(Requests, with_a_repeated_length_are_written_with_one) {
    EXPECT_EQ(write_request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"),
              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
}

TEST(Requests, with_an_absolute_target_are_written_with_a_path) {
    EXPECT_EQ(write_request("GET http://a/b HTTP/1.0\r\n\r\n"), "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Requests, with_an_absolute_target_of_nothing_but_a_query_are_written_with_a_path) {
    EXPECT_EQ(write_request("GET http://a?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Requests, for_an_upgrade_say_so) {
    EXPECT_EQ(write_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST(Requests, that_do_not_fit_are_not_begun) {
    Codecs codecs;
    codecs.server.next("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    char bytes[16];
    Output out(bytes, bytes + sizeof bytes);
    codecs.client.write_head(codecs.server.head(), {}, out);
    EXPECT_TRUE(out.overflow());
    EXPECT_EQ(codecs.client.free_streams(), 1U);
}

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get10 = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
constexpr std::string_view head_request = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(Answers, with_a_length_pass_as_they_are) {
    EXPECT_EQ(pass_on(get, "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nServer: s\r\n\r\nok"),
              "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nServer: s\r\n\r\nok");
}

TEST(Answers, say_their_length_as_it_was_understood) {
    const std::string_view plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: 1\r\n\r\nok";
    for (const std::string& length :
         {std::string("Content-Length: 02"), std::string("Content-Length:2"), std::string("Content-Length : 2"),
          std::string("Content-Length\t:\t 2 "), "Content-Length: " + std::string(300, '0') + "2",
          std::string("Content-Length: 2\r\nContent-Length : 002")}) {
        EXPECT_EQ(pass_on(get, "HTTP/1.1 200 OK\r\n" + length + "\r\nX: 1\r\n\r\nok"), plain) << length;
    }
    EXPECT_EQ(pass_on(head_request, "HTTP/1.1 200 OK\r\nContent-Length: 010\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
}

// RFC 9112 §5.1.
TEST(Answers, lose_the_blanks_before_a_colon) {
    EXPECT_EQ(
        pass_on(get, "HTTP/1.1 200 OK\r\nA: b\r\nServer : s\r\nC: d\r\nTransfer-Encoding \t: chunked\r\n\r\n0\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nA: b\r\nServer: s\r\nC: d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST(Answers, in_chunks_with_padded_sizes_are_written_without_the_padding) {
    EXPECT_EQ(pass_on(get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2   \r\nok\r\n0\t \r\n\r\n"),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
}

TEST(Answers, in_chunks_stay_in_chunks_with_their_trailers) {
    EXPECT_EQ(pass_on(get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n");
}

TEST(Answers, that_end_with_the_connection_become_chunks) {
    EXPECT_EQ(pass_on(get, "HTTP/1.0 200 OK\r\n\r\nok"),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
}

TEST(Answers, to_an_old_client_end_with_the_connection_instead_of_chunks) {
    EXPECT_EQ(pass_on(get10, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok");
}

TEST(Answers, tell_an_old_client_that_the_connection_stays) {
    EXPECT_EQ(pass_on("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok");
}

TEST(Answers, to_head_keep_their_length_and_have_no_body) {
    EXPECT_EQ(pass_on(head_request, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(pass_on(head_request, "HTTP/1.1 200 OK\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
}

TEST(Answers, to_a_client_that_wants_to_go_say_goodbye) {
    EXPECT_EQ(pass_on("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 204 N\r\n\r\n"),
              "HTTP/1.1 204 N\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(pass_on(get, "HTTP/1.1 204 N\r\n\r\n", true), "HTTP/1.1 204 N\r\nConnection: close\r\n\r\n");
}

TEST(Answers, that_are_interim_go_to_new_clients_only) {
    constexpr std::string_view answer = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n";
    EXPECT_EQ(pass_on(get, answer), "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n");
    EXPECT_EQ(pass_on(get10, answer), "HTTP/1.1 204 N\r\nConnection: close\r\n\r\n");
}

TEST(Answers, that_switch_protocols_say_so) {
    EXPECT_EQ(pass_on("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
                      "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
              "HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
}

TEST(Bodies, in_chunks_are_written_as_far_as_there_is_room) {
    Codecs codecs;
    codecs.server.next(get);
    ResponseHead answer;
    answer.status = 200;
    answer.body = {BodyKind::chunked, 0};
    char bytes[64];
    Output head(bytes, bytes + sizeof bytes);
    codecs.server.write_head(1, answer, {}, false, head);
    Output out(bytes, bytes + 30);
    EXPECT_EQ(codecs.server.write_body(1, std::string(50, 'x'), out), 10U);
    EXPECT_EQ(std::string_view(bytes, out.size()), "a\r\nxxxxxxxxxx\r\n");
    Output none(bytes, bytes + 20);
    EXPECT_EQ(codecs.server.write_body(1, "x", none), 0U);
}

TEST(Bodies, of_a_known_length_may_go_past_the_codec) {
    Codecs codecs;
    codecs.server.next("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    char bytes[256];
    Output out(bytes, bytes + sizeof bytes);
    codecs.client.write_head(codecs.server.head(), {}, out);
    EXPECT_EQ(codecs.client.outgoing_raw(1), 10U);
    codecs.client.sent_raw(1, 10);
    EXPECT_EQ(codecs.client.outgoing_raw(1), 0U);
}

}  // namespace
}  // namespace seki::http
