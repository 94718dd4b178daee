#include <gtest/gtest.h>

#include "http/transcript.h"

namespace seki::http {
namespace {

TEST(Requests, are_written_as_they_came_but_for_the_connection) {
    const AddedField added[] = {{"X-Request-Id", "7"}};
    EXPECT_EQ(write_request("GET /a HTTP/1.1\r\nHOST:  a \r\nConnection: close\r\nX-A: 1\r\n\r\n", added),
              "GET /a HTTP/1.1\r\nHOST:  a \r\nX-A: 1\r\nX-Request-Id: 7\r\n\r\n");
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
