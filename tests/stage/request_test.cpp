#include <gtest/gtest.h>

#include "stage/stage.h"

namespace seki::stage {
namespace {

TEST(Requests, reach_a_backend_and_answers_the_client) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/x"));
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(backend->received().starts_with("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n"))
        << backend->received();
    backend->send(answer("hello"));
    stage.settle();
    EXPECT_TRUE(client->received().starts_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"));
    EXPECT_TRUE(client->received().ends_with("\r\n\r\nhello"));
}

}  // namespace
}  // namespace seki::stage
