// Messages that look odd and are valid: they pass, byte for byte. What Seki adds to a request stands behind the fields
// that came, and is left out of the comparison; so is the Sozu-Id of an answer.

#include <algorithm>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using namespace std::string_view_literals;

struct Odd {
    std::string_view sent;
    std::string_view passed;  // empty: as it was sent
};

// The message without the lines of the head that Seki adds.
std::string without_additions(std::string_view message) {
    constexpr std::string_view added[] = {
        "X-Forwarded-For: ", "Forwarded: ", "X-Forwarded-Proto: ", "X-Forwarded-Port: ", "X-Request-Id: ", "Sozu-Id: "};
    std::string rest;
    size_t at = 0;
    while (at < message.size()) {
        const size_t end = message.find("\r\n", at);
        if (end == std::string_view::npos || end == at) break;
        const std::string_view line = message.substr(at, end + 2 - at);
        const bool ours = std::ranges::any_of(added, [&](std::string_view name) { return line.starts_with(name); });
        if (!ours) rest += line;
        at = end + 2;
    }
    return rest.append(message.substr(at));
}

// "*" of OPTIONS does not begin with "/".
void route_everything(Stage& stage) {
    stage.route_to_backends(1);
    ASSERT_TRUE(stage.change({add_frontend("c", "a", "")}).has_done());
}

constexpr Odd odd_requests[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\n\r\n"sv, ""},           // nothing as a value
    {"GET / HTTP/1.1\r\nHost: a\r\nX:b\r\nY:\t \tc \t\r\n\r\n"sv, ""},  // blanks around values, or none
    {"GET / HTTP/1.1\r\nHost:a\t\r\nX:b\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nX:b\r\n\r\n"sv},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\tb  c\r\n\r\n"sv, ""},                              // … and within
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xff\xc3\xa4\r\n\r\n"sv, ""},                     // obs-text
    {"GET / HTTP/1.1\r\nHost: a\r\nx-LoWeR: 1\r\nX-Lower: 2\r\nX-LOWER: 3\r\n\r\n"sv, ""},  // one name, three ways
    {"GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09: all of a token\r\n\r\n"sv, ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \"quoted, \\\" and: colons;=\" (comment)\r\n\r\n"sv, ""},
    {"GET / HTTP/1.1\r\nHOST: A\r\n\r\n"sv, ""},                                      // case of the host
    {"GET / HTTP/1.1\r\nHost: a.\r\n\r\n"sv, ""},                                     // its root
    {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv},  // an empty port
    {"GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n"sv, ""},
    {"GET //..//%2e%2E/./a%00%zz/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},  // paths are not ours to tidy
    {"GET /? HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},
    {"GET /?a=b&&=;?/?://%%{}|\\^`\"<> HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},
    {"GET /a;b=c,d:e@f!$&'()*+~ HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},
    {"M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},  // methods nobody knows
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},
    {"!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n"sv, ""},
    {"GET / HTTP/1.9\r\nHost: a\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv},  // RFC 9110 §6.2
    {"GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"sv, "GET /b?c HTTP/1.1\r\nHost: a\r\n\r\n"sv},
    {"GET HTTP://A HTTP/1.1\r\nHost: a\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: A\r\n\r\n"sv},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv},  // RFC 9112 §2.2
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, , keep-alive,\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: X\r\nX: of the hop\r\nY: z\r\n\r\n"sv,
     "GET / HTTP/1.1\r\nHost: a\r\nY: z\r\n\r\n"sv},
    {"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\0\r\n"sv, ""},  // a body where few expect one
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello"sv,
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"sv},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-CONTINUE\r\n\r\nhello"sv,
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"sv},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n"sv, ""},  // a body like a request
};

TEST(OddRequests, pass_byte_for_byte) {
    for (const Odd& odd : odd_requests) {
        Stage stage;
        route_everything(stage);
        const WirePtr client = stage.client(odd.sent);
        const WirePtr backend = stage.backend(1);
        EXPECT_EQ(without_additions(backend->received()), odd.passed.empty() ? odd.sent : odd.passed) << odd.sent;
        backend->send("HTTP/1.1 204 No Content\r\n\r\n");
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 204) << odd.sent;
    }
}

TEST(OddRequests, pass_however_they_are_cut) {
    for (const Odd& odd : odd_requests) {
        Stage stage;
        route_everything(stage);
        const WirePtr client = stage.client();
        for (const char byte : odd.sent) {
            client->send({&byte, 1});
            stage.settle();
        }
        const WirePtr backend = stage.backend(1);
        EXPECT_EQ(without_additions(backend->received()), odd.passed.empty() ? odd.sent : odd.passed) << odd.sent;
    }
}

// Chunks are framed anew: what they carry passes, extensions do not (RFC 9112 §7.1.1).
TEST(OddRequests, in_odd_chunks_pass_with_all_that_they_carry) {
    constexpr std::string_view bodies[] = {"000000A\r\n0123456789\r\n0\r\n\r\n"sv, "a\r\n0123456789\r\n00\r\n\r\n"sv,
                                           "A   \r\n0123456789\r\n0\t\r\n\r\n"sv,
                                           "1;x\r\n0\r\n9;y=\"z\"\r\n123456789\r\n0;end\r\n\r\n"sv,
                                           "1 ;x\r\n0\r\n9\t ; y = z\r\n123456789\r\n0 ;end\r\n\r\n"sv};
    for (const std::string_view body : bodies) {
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client =
            stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n" + std::string(body));
        EXPECT_EQ(take_request(stage.backend(1)).body, "0123456789") << body;
    }
}

constexpr Odd odd_answers[] = {
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"sv, ""},  // no reason
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"sv, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"sv},
    {"HTTP/1.1 299 What\xc3\xa4ver \t!\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"HTTP/1.1 599 No\r\nContent-Length: 2\r\n\r\n\0\xff"sv, ""},
    {"HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nset-cookie: a=c\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"HTTP/1.1 200 OK\r\nX:\r\nContent-Length:5\r\n\r\nhello"sv,
     "HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 5\r\n\r\nhello"sv},
    {"HTTP/1.1 200 OK\r\nServer : x\r\nContent-Length : 05\r\n\r\nhello"sv,
     "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello"sv},
    {"HTTP/1.1 200 OK\r\nDate: yesterday\r\nVia: nobody, everybody\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"sv, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"sv},
    {"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n1234567"sv, ""},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"x\"\r\n\r\n"sv, ""},  // of what was not sent
    {"HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nContent-Length: 0\r\nConnection: upgrade\r\n\r\n"sv, ""},
    {"HTTP/1.1 200 OK\r\nUpgrade: x\r\nContent-Length: 0\r\nConnection: upgrade\r\n\r\n"sv,
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
    {"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"sv, ""},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, ""},
    {"HTTP/1.1 200 OK\r\nConnection: X\r\nX: of the hop\r\nContent-Length: 0\r\n\r\n"sv,
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv},
};

TEST(OddAnswers, pass_byte_for_byte) {
    for (const Odd& odd : odd_answers) {
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        take_request(backend);
        backend->send(odd.sent);
        stage.settle();
        // Hints go before, as they came.
        const std::string all = client->received();
        const size_t last = all.starts_with("HTTP/1.1 103") ? all.find("HTTP/1.1 200") : 0;
        const std::string got = all.substr(0, last) + without_additions(std::string_view(all).substr(last));
        EXPECT_EQ(got, odd.passed.empty() ? odd.sent : odd.passed) << odd.sent;
        EXPECT_FALSE(client->peer_closed()) << odd.sent;
    }
}

}  // namespace
}  // namespace seki::stage
