// Messages that two parsers could read differently, or that are meant to hurt. What is wanted of each is one fault and
// nothing else: no head of a request may come out of it.

#include <gtest/gtest.h>

#include "http/transcript.h"

namespace seki::http {
namespace {

struct Hostile {
    std::string_view bytes;
    Fault fault;
};

using namespace std::string_view_literals;

constexpr Hostile hostile_requests[] = {
    {"GET / HTTP/1.1\nHost: a\n\n"sv, Fault::bad_request_line},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\n\nGET /x HTTP/1.1\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: this value is long and has a control \x01 in it\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tfolded\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa4: b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n"sv, Fault::bad_field},
    {"GET / HTTP/1.1\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"sv, Fault::bad_host},
    {"GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n"sv, Fault::bad_host},
    {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_host},
    {"GET http://u@a/ HTTP/1.0\r\n\r\n"sv, Fault::bad_host},
    {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET a/b HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_target},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET / http/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET / HTTP/1.10\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET /\r\n\r\n"sv, Fault::bad_request_line},
    {"GET\r\n\r\n"sv, Fault::bad_request_line},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n"sv, Fault::bad_request_line},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n"sv, Fault::version_not_supported},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, Fault::version_not_supported},
    {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, Fault::bad_request_line},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
     Fault::length_and_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"sv,
     Fault::length_and_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"sv, Fault::bad_length},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n"sv, Fault::bad_length},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"sv, Fault::bad_length},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n"sv, Fault::bad_length},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"sv, Fault::bad_length},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"sv, Fault::bad_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"sv, Fault::bad_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"sv, Fault::bad_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
     Fault::bad_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
     "chunked\r\n\r\n"sv,
     Fault::bad_field},
    {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"sv, Fault::bad_coding},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: content-length\r\n\r\n"sv, Fault::bad_field},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close, transfer-encoding\r\n\r\n"sv,
     Fault::bad_field},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n"sv, Fault::bad_field},
};

TEST(HostileRequests, are_refused_and_no_request_comes_of_them) {
    for (const Hostile& hostile : hostile_requests) {
        EXPECT_EQ(read_requests(hostile.bytes), "fault " + std::string(describe(hostile.fault)) + "\n")
            << hostile.bytes;
    }
}

TEST(HostileRequests, are_refused_byte_by_byte_too) {
    for (const Hostile& hostile : hostile_requests) {
        const std::string said = read_requests(hostile.bytes, 1);
        EXPECT_TRUE(said.starts_with("fault ")) << hostile.bytes << ": " << said;
    }
}

constexpr std::string_view hostile_chunks[] = {
    "\r\n"sv,
    " 1\r\na\r\n"sv,
    "1 \r\na\r\n"sv,
    "0x1\r\na\r\n"sv,
    "-1\r\na\r\n"sv,
    "+1\r\na\r\n"sv,
    "g\r\n"sv,
    "1\na\r\n"sv,
    "1\r\na\n"sv,
    "1\r\nab\r\n"sv,
    "1\r\na0\r\n\r\n"sv,
    "1;\x01\r\na\r\n"sv,
    "1;a\nb\r\na\r\n"sv,
    "1;a\rb\r\na\r\n"sv,
    "10000000000000000\r\n"sv,
    "1\r\r\na"sv,
    ";x\r\n"sv,
};

TEST(HostileChunks, end_the_request_however_they_are_cut) {
    for (const std::string_view chunks : hostile_chunks) {
        const std::string request =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
        EXPECT_NE(read_requests_every_way(request).find("fault malformed chunk"), std::string::npos) << chunks;
    }
    const std::string endless =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(300, 'x');
    EXPECT_NE(read_requests(endless).find("fault malformed chunk"), std::string::npos);
    const std::string zeros =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(300, '0');
    EXPECT_NE(read_requests(zeros).find("fault malformed chunk"), std::string::npos);
}

TEST(HostileTrailers, end_the_request) {
    for (const std::string& trailers : {std::string("A : b\r\n\r\n"), std::string(" A: b\r\n\r\n"),
                                        std::string("A: b\n\n"), std::string("A: \x01\r\n\r\n"),
                                        "A: " + std::string(5000, 'x'), "A: " + std::string(4500, 'x') + "\r\n\r\n"}) {
        const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailers;
        EXPECT_NE(read_requests(request).find("fault malformed trailer section"), std::string::npos) << trailers;
    }
}

constexpr Hostile hostile_responses[] = {
    {"HTTP/1.1 200 OK\nContent-Length: 0\n\n"sv, Fault::bad_status_line},
    {"HTTP/1.1  200 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1 20 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1 2000 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1 099 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1 2x0 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1\r\n\r\n"sv, Fault::bad_status_line},
    {"http/1.1 200 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"ICY 200 OK\r\n\r\n"sv, Fault::bad_status_line},
    {"<html></html>\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1 200 O\x01K\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/1.1 200 O\rK\r\n\r\n"sv, Fault::bad_status_line},
    {"HTTP/2.0 200 OK\r\n\r\n"sv, Fault::version_not_supported},
    {"HTTP/1.1 200 OK\r\nX : y\r\n\r\n"sv, Fault::bad_field},
    {"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n"sv, Fault::bad_field},
    {"HTTP/1.1 200 OK\r\nX: y\rz\r\n\r\n"sv, Fault::bad_field},
    {"HTTP/1.1 200 OK\r\nX: y\n\r\n"sv, Fault::bad_field},
    {"HTTP/1.1 200 OK\r\nX: y\0z\r\n\r\n"sv, Fault::bad_field},
    {"HTTP/1.1 200 OK\r\nX\r\n\r\n"sv, Fault::bad_field},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"sv, Fault::length_and_coding},
    {"HTTP/1.1 204 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"sv, Fault::length_and_coding},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"sv, Fault::bad_length},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n"sv, Fault::bad_length},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"sv, Fault::bad_length},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n"sv, Fault::bad_length},
    {"HTTP/1.1 304 OK\r\nContent-Length: x\r\n\r\n"sv, Fault::bad_length},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"sv, Fault::bad_coding},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"sv, Fault::bad_coding},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"sv, Fault::bad_coding},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"sv, Fault::bad_coding},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: content-length\r\n\r\nhello"sv, Fault::bad_field},
};

TEST(HostileResponses, are_refused_and_the_connection_goes) {
    for (const Hostile& hostile : hostile_responses) {
        EXPECT_EQ(read_responses(hostile.bytes), "fault " + std::string(describe(hostile.fault)) + "\ngoes\n")
            << hostile.bytes;
    }
}

TEST(Faults, that_are_known_have_the_status_that_says_so) {
    EXPECT_EQ(status_for(Fault::target_too_long), 414);
    EXPECT_EQ(status_for(Fault::head_too_large), 431);
    EXPECT_EQ(status_for(Fault::too_many_fields), 431);
    EXPECT_EQ(status_for(Fault::bad_coding), 501);
    EXPECT_EQ(status_for(Fault::version_not_supported), 505);
    EXPECT_EQ(status_for(Fault::bad_chunk), 400);
}

}  // namespace
}  // namespace seki::http
