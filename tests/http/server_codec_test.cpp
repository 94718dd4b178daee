#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/transcript.h"

namespace seki::http {
namespace {

TEST(ServerCodec, reads_a_request_however_it_is_cut) {
    EXPECT_EQ(read_requests_every_way("GET /a?b=c HTTP/1.1\r\nHost: example.org:80\r\nAccept: */*\r\n\r\n"),
              "head GET /a?b=c host=example.org body=none Host=example.org:80 Accept=*/*\nend\n");
}

TEST(ServerCodec, reads_pipelined_requests_one_after_the_other) {
    EXPECT_EQ(read_requests_every_way(
                  "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
              "head POST /1 host=a body=3 Host=a Content-Length=3\nbody abc\nend\nhead GET /2 host=a body=none "
              "Host=a\nend\n");
}

TEST(ServerCodec, reads_chunks_and_trailers) {
    EXPECT_EQ(
        read_requests_every_way("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n"),
        "head PUT / host=a body=chunked Host=a\nbody abc0123456789\nend X-Sum=1\n");
}

TEST(ServerCodec, reads_over_extensions_of_chunks_and_blanks_around_them) {
    EXPECT_EQ(read_requests_every_way("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "1;a\r\nx\r\n1 ; b = \"c\" ;d\r\ny\r\n1\t ;e\r\nz\r\n0 ;f\r\n\r\n"),
              "head PUT / host=a body=chunked Host=a\nbody xyz\nend\n");
    EXPECT_EQ(read_requests_every_way("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "3     \r\nxyz\r\n0\t\r\n\r\n"),
              "head PUT / host=a body=chunked Host=a\nbody xyz\nend\n");
    const std::string blanks(h1::BodyReader::max_size_line, ' ');
    for (const char* rest : {";a\r\nx", "\r\nx"}) {
        EXPECT_EQ(read_requests("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1" + blanks + rest),
                  "head PUT / host=a body=chunked Host=a\nfault malformed chunk\n");
    }
}

TEST(ServerCodec, drops_trailers_that_would_say_what_only_a_head_may_say) {
    const std::string before = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for (const char* name : {"Connection",
                             "Content-Length",
                             "HTTP2-Settings",
                             "Keep-Alive",
                             "TE",
                             "Trailer",
                             "Upgrade",
                             "Forwarded",
                             "Host",
                             "Via",
                             "X-Real-IP",
                             "X-Request-Id",
                             "X-Forwarded-For",
                             "X-Forwarded-Host",
                             "X-Forwarded-Port",
                             "X-Forwarded-Proto",
                             "x-forwarded-Any",
                             "Cache-Control",
                             "Expect",
                             "Max-Forwards",
                             "Pragma",
                             "Range",
                             "If-Match",
                             "If-Modified-Since",
                             "If-None-Match",
                             "If-Range",
                             "Authorization",
                             "Cookie",
                             "Set-Cookie",
                             "WWW-Authenticate",
                             "Proxy-Connection",
                             "Age",
                             "Date",
                             "Expires",
                             "Proxy-Authorization",
                             "Location",
                             "Retry-After",
                             "Vary",
                             "Warning",
                             "Proxy-Authenticate",
                             "Content-Type",
                             "Content-Range",
                             "Content-Encoding",
                             "Content-Disposition",
                             "Content-Location",
                             "Content-Language",
                             "COOKIE",
                             "Transfer-Encoding",
                             "Strict-Transport-Security"}) {
        EXPECT_EQ(read_requests(before + name + ": 1\r\nX-Sum: 2\r\n\r\n"),
                  "head PUT / host=a body=chunked Host=a\nend X-Sum=2\n")
            << name;
    }
}

TEST(ServerCodec, drops_trailers_that_would_say_so_to_whoever_reads_an_underscore_as_a_dash) {
    EXPECT_EQ(read_requests("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                            "Content_Length: 1\r\nx_forwarded.for: 2\r\nIf_Match: 3\r\nX_Sum: 4\r\n\r\n"),
              "head PUT / host=a body=chunked Host=a\nend X_Sum=4\n");
}

TEST(ServerCodec, keeps_trailers_that_tell_of_the_body) {
    const std::string before = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for (const char* name : {"Content-Digest", "Content-MD5", "Digest", "ETag", "Server-Timing", "grpc-status", "If",
                             "Authentication-Info", "Signature", "X-Forwarded", "Proxy", "Cookie2x"}) {
        EXPECT_EQ(read_requests(before + name + ": 1\r\n\r\n"),
                  "head PUT / host=a body=chunked Host=a\nend " + std::string(name) + "=1\n");
    }
}

TEST(ServerCodec, passes_over_empty_lines_before_a_request) {
    EXPECT_EQ(read_requests_every_way("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
              "head GET / host=a body=none Host=a\nend\n");
}

TEST(ServerCodec, takes_the_path_out_of_an_absolute_target) {
    EXPECT_EQ(read_requests("GET http://a:8/x?y HTTP/1.1\r\nHost: a:8\r\n\r\n"),
              "head GET /x?y host=a body=none Host=a:8\nend\n");
    EXPECT_EQ(read_requests("GET HTTP://a HTTP/1.1\r\nHost: A\r\n\r\n"), "head GET / host=a body=none Host=a\nend\n");
    EXPECT_EQ(read_requests("GET http://a?x=1 HTTP/1.1\r\nHost: a\r\n\r\nGET http://b:8?/ HTTP/1.0\r\n\r\n"),
              "head GET /?x=1 host=a body=none Host=a\nend\nhead GET /?/ host=b body=none\nend\n");
    EXPECT_EQ(read_requests("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "head OPTIONS * host=a body=none Host=a\nend\n");
    EXPECT_EQ(read_requests("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n"),
              "head OPTIONS * host=a body=none Host=a\nend\n");
    EXPECT_EQ(read_requests("GET http://a/ HTTP/1.0\r\n\r\n"), "head GET / host=a body=none\nend\n");
}

TEST(ServerCodec, ends_fields_here_that_belong_to_the_connection) {
    EXPECT_EQ(read_requests("GET / HTTP/1.1\r\nHost: a\r\nConnection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: "
                            "5\r\nTE: trailers\r\n"
                            "Proxy-Connection: x\r\nX-Stay: 2\r\n\r\n"),
              "head GET / host=a body=none Host=a X-Stay=2\nend\n");
}

TEST(ServerCodec, lets_connection_name_64_fields_and_no_more) {
    const auto naming = [](size_t count) {
        std::string head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, keep-alive";
        for (size_t i = 0; i < count; ++i) head += ", x-" + std::to_string(i);
        return head + "\r\nX-63: 1\r\n\r\n";
    };
    EXPECT_EQ(read_requests(naming(64)), "head GET / host=a body=none Host=a\nend\n");
    EXPECT_EQ(read_requests(naming(65)), "fault malformed header field\n");
}

TEST(ServerCodec, does_not_let_a_client_take_away_what_proxies_say) {
    EXPECT_EQ(
        read_requests("GET / HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-for\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"),
        "head GET / host=a body=none Host=a X-Forwarded-For=1.2.3.4\nend\n");
}

// What ends here anyway may be named; so may what is not there.
TEST(ServerCodec, lets_connection_name_fields_of_the_hop) {
    EXPECT_EQ(
        read_requests_every_way(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X\r\n"
            "Connection: close, transfer-encoding, TE, Trailer, Keep-Alive, Content-Length\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        "head POST / host=a body=chunked Host=a\nbody a\nend\n");
    EXPECT_EQ(read_requests("GET / HTTP/1.1\r\nHost: a\r\nCookie: b\r\nConnection: Cookie, Content-Length\r\n\r\n"),
              "head GET / host=a body=none Host=a\nend\n");
}

TEST(ServerCodec, knows_an_upgrade_only_when_connection_names_it) {
    EXPECT_EQ(read_requests("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
              "head GET / host=a body=none upgrade=websocket Host=a\nend\n");
    EXPECT_EQ(read_requests("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"),
              "head GET / host=a body=none Host=a\nend\n");
    EXPECT_EQ(
        read_requests("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"),
        "head GET / host=a body=none Host=a\nend\n");
}

TEST(ServerCodec, takes_upgrades_in_several_fields_for_one_list) {
    const auto read = [](std::string_view upgrades) {
        return read_requests(fmt::format("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n{}\r\n", upgrades));
    };
    EXPECT_EQ(read("Upgrade: x/1\r\nUpgrade:\r\nUpgrade: websocket, y\r\nupgrade: z\r\n"),
              "head GET / host=a body=none upgrade=x/1, websocket, y, z Host=a\nend\n");
    EXPECT_EQ(read("Upgrade:\r\nUpgrade: x\r\nUpgrade:\r\n"), "head GET / host=a body=none upgrade=x Host=a\nend\n");
    // Wherever it stands.
    for (const char* upgrades : {"Upgrade: h2c\r\nUpgrade: x\r\n", "Upgrade: x\r\nUpgrade: h2c\r\n"})
        EXPECT_EQ(read(upgrades), "head GET / host=a body=none Host=a\nend\n");
}

TEST(ServerCodec, keeps_to_its_limits) {
    const std::string long_target = "GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(read_requests(long_target, 0, {.max_target_bytes = 200}), "fault request target too long\n");
    EXPECT_EQ(read_requests(long_target.substr(0, 290), 0, {.max_target_bytes = 200}),
              "fault request target too long\n");
    const std::string long_head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300, 'a') + "\r\n\r\n";
    EXPECT_EQ(read_requests(long_head, 0, {.max_head_bytes = 256}), "fault message head too large\n");
    EXPECT_EQ(read_requests(long_head, 1, {.max_head_bytes = 256}), "fault message head too large\n");
    std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 128; ++i) many += "X: y\r\n";
    EXPECT_EQ(read_requests(many + "\r\n"), "fault too many header fields\n");
}

TEST(ServerCodec, tells_a_request_that_was_cut_off) {
    EXPECT_EQ(read_requests("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"),
              "head POST / host=a body=5 Host=a Content-Length=5\nbody abc\nfault message cut off\n");
    EXPECT_EQ(read_requests("GET / HTTP/1.1\r\nHost"), "fault message cut off\n");
    EXPECT_EQ(read_requests(""), "");
}

TEST(ServerCodec, reads_nothing_more_before_its_answer_is_finished) {
    Codecs codecs;
    const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_TRUE(codecs.server.next(request).end);
    EXPECT_EQ(codecs.server.next(request).kind, Event::Kind::blocked);
    codecs.server.finish(1);
    EXPECT_EQ(codecs.server.next(request).kind, Event::Kind::head);
}

TEST(ServerCodec, counts_raw_bytes_of_a_body) {
    Codecs codecs;
    codecs.server.next("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    EXPECT_EQ(codecs.server.incoming_raw(1), 10U);
    EXPECT_FALSE(codecs.server.take_raw(1, 4));
    EXPECT_EQ(codecs.server.next("abc").body, "abc");
    EXPECT_TRUE(codecs.server.take_raw(1, 3));
    EXPECT_TRUE(codecs.server.request_complete(1));
}

TEST(ServerCodec, is_small) { EXPECT_LE(sizeof(h1::ServerCodec), 88U); }

}  // namespace
}  // namespace seki::http
