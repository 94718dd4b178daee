#include <gtest/gtest.h>

#include "http/transcript.h"

namespace seki::http {
namespace {

TEST(ClientCodec, reads_a_counted_answer_however_it_is_cut) {
    EXPECT_EQ(read_responses_every_way("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"),
              "head 200 OK body=5 Content-Length=5 X=y\nbody hello\nend\nstays\n");
}

TEST(ClientCodec, reads_chunks_and_trailers_however_they_are_cut) {
    EXPECT_EQ(read_responses_every_way(
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"),
              "head 200 OK body=chunked\nbody hello\nend A=b\nstays\n");
}

TEST(ClientCodec, reads_to_the_end_of_the_connection_when_nothing_else_says_where_the_end_is) {
    EXPECT_EQ(read_responses_every_way("HTTP/1.1 200 OK\r\n\r\nhello"),
              "head 200 OK body=until_close\nbody hello\nend\ngoes\n");
}

TEST(ClientCodec, has_no_trailers_of_an_earlier_answer_when_one_ends_with_the_connection) {
    Codecs codecs;
    codecs.storage.trailers.add({.name = "of another connection", .value = {}, .line = {}});
    RequestHead request;
    request.path = "/";
    char bytes[256];
    Output out(bytes, bytes + sizeof bytes);
    codecs.client.write_head(request, {}, out);
    EXPECT_EQ(codecs.client.next("HTTP/1.1 200 OK\r\n\r\n").kind, Event::Kind::head);
    EXPECT_EQ(codecs.client.next_at_end_of_input().kind, Event::Kind::end);
    EXPECT_TRUE(codecs.client.trailers().all().empty());
}

TEST(ClientCodec, reads_interim_answers_before_the_final_one) {
    EXPECT_EQ(
        read_responses_every_way(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
        "interim 100 Continue body=none\ninterim 103 Early Hints body=none Link=x\nhead 204 No Content "
        "body=none\nend\nstays\n");
}

TEST(ClientCodec, knows_answers_without_a_body) {
    EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0, Method::head),
              "head 200 OK body=none Content-Length=5\nend\nstays\n");
    EXPECT_EQ(read_responses("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
              "head 304 Not Modified body=none Content-Length=5\nend\nstays\n");
    EXPECT_EQ(read_responses("HTTP/1.1 204\r\nContent-Length: 5\r\n\r\n"), "head 204  body=none\nend\nstays\n");
}

TEST(ClientCodec, lets_the_connection_go_when_the_backend_does) {
    EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
              "head 200 OK body=none Content-Length=0\nend\ngoes\n");
    EXPECT_EQ(read_responses("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
              "head 200 OK body=none Content-Length=0\nend\ngoes\n");
    EXPECT_EQ(read_responses("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
              "head 200 OK body=none Content-Length=0\nend\nstays\n");
}

TEST(ClientCodec, keeps_upgrade_in_the_answer_that_switches) {
    EXPECT_EQ(read_responses("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
              "head 101 Switching Protocols body=none Upgrade=x\nend\ngoes\n");
}

TEST(ClientCodec, takes_no_bytes_that_it_did_not_ask_for) {
    EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
              "head 200 OK body=none Content-Length=0\nend\nfault unexpected bytes\ngoes\n");
    Codecs codecs;
    EXPECT_EQ(codecs.client.next("HTTP/1.1 408 Request Timeout\r\n\r\n").fault, Fault::unexpected_bytes);
}

TEST(ClientCodec, reads_as_many_interim_answers_as_come) {
    std::string many;
    for (int i = 0; i < 500; ++i) many += "HTTP/1.1 102 Processing\r\n\r\n";
    const std::string read = read_responses(many + "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_NE(read.find("head 204 No Content"), std::string::npos);
}

TEST(ClientCodec, tells_an_answer_that_was_cut_off) {
    EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"),
              "head 200 OK body=5 Content-Length=5\nbody hell\nfault message cut off\ngoes\n");
    EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
              "head 200 OK body=chunked\nbody hello\nfault message cut off\ngoes\n");
    EXPECT_EQ(read_responses("HTTP/1.1 200"), "fault message cut off\ngoes\n");
}

}  // namespace
}  // namespace seki::http
