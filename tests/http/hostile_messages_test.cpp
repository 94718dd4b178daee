// What is wanted of each hostile message is one fault and nothing else: no head of a request may come out of it.

#include "http/hostile_messages.h"

#include <gtest/gtest.h>

#include "http/transcript.h"

namespace seki::http {
namespace {

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
    EXPECT_EQ(status_for(Fault::bad_coding), 400);
    EXPECT_EQ(status_for(Fault::unknown_coding), 501);
    EXPECT_EQ(status_for(Fault::version_not_supported), 505);
    EXPECT_EQ(status_for(Fault::bad_chunk), 400);
}

}  // namespace
}  // namespace seki::http
