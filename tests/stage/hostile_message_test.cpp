// Hostile messages through a whole worker: who sends one is told so and hears nothing else, and nobody else gets or
// sends a byte because of it. The bystander is a client whose connection to a backend waits in the pool meanwhile,
// where the hostile client is given it.

#include <gtest/gtest.h>

#include "http/hostile_messages.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

const std::string smuggled = get("/smuggled");
const std::string chunked = "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Scene : Stage {
    WirePtr bystander;
    WirePtr backend;

    Scene() {
        route_to_backends(1);
        bystander = client_from(2);
        ask_and_be_answered("/before");
    }

    // The backend gets this request and not a byte more, and its answer is all that the bystander hears.
    void ask_and_be_answered(const std::string& path) {
        bystander->send(get(path));
        if (has_connection(1)) backend = Stage::backend(1);
        ASSERT_NE(backend, nullptr);
        EXPECT_EQ(take_request(backend).first_line, "GET " + path + " HTTP/1.1");
        EXPECT_EQ(backend->received(), "");
        backend->send(answer(path));
        settle();
        EXPECT_EQ(take_answer(bystander).body, path);
        EXPECT_EQ(bystander->received(), "");
        EXPECT_FALSE(has_connection(1));
    }
};

// One answer, and the end.
void expect_only(const WirePtr& client, int status) {
    EXPECT_EQ(take_answer(client).status(), status);
    EXPECT_EQ(client->received(), "");
    EXPECT_TRUE(client->saw_end());
}

TEST(HostileRequests, reach_no_backend) {
    for (const http::Hostile& hostile : http::hostile_requests) {
        SCOPED_TRACE(hostile.bytes);
        Scene scene;
        const WirePtr client = scene.client(hostile.bytes);
        client->send(smuggled);
        scene.settle();
        expect_only(client, http::status_for(hostile.fault));
        EXPECT_EQ(scene.backend->received(), "");
        EXPECT_FALSE(scene.has_connection(1));
        scene.ask_and_be_answered("/after");
    }
}

TEST(HostileRequests, behind_a_good_one_do_not_reach_its_backend) {
    for (const http::Hostile& hostile : http::hostile_requests) {
        SCOPED_TRACE(hostile.bytes);
        Scene scene;
        const WirePtr client = scene.client(get("/good") + std::string(hostile.bytes) + smuggled);
        scene.settle();
        EXPECT_EQ(take_request(scene.backend).first_line, "GET /good HTTP/1.1");
        EXPECT_EQ(scene.backend->received(), "");
        scene.backend->send(answer("good"));
        scene.settle();
        EXPECT_EQ(take_answer(client).body, "good");
        expect_only(client, http::status_for(hostile.fault));
        EXPECT_EQ(scene.backend->received(), "");
        scene.ask_and_be_answered("/after");
    }
}

TEST(HostileChunks, end_the_connection_to_the_backend_before_anything_can_follow) {
    for (const std::string_view chunks : http::hostile_chunks) {
        for (const bool at_once : {true, false}) {
            SCOPED_TRACE(chunks);
            Scene scene;
            const WirePtr client = scene.client(chunked);
            if (!at_once) scene.settle();
            client->send(chunks);
            client->send(smuggled);
            scene.settle();
            expect_only(client, http::status_for(http::Fault::bad_chunk));
            const WirePtr backend = scene.Stage::backend(1);
            EXPECT_TRUE(backend->peer_closed());
            EXPECT_FALSE(read_request(backend->received()).whole);
            EXPECT_FALSE(backend->received().contains("smuggled"));
            EXPECT_EQ(scene.backend->received(), "");
            scene.ask_and_be_answered("/after");
        }
    }
}

TEST(HostileResponses, reach_neither_their_client_nor_another) {
    for (const http::Hostile& hostile : http::hostile_responses) {
        SCOPED_TRACE(hostile.bytes);
        Scene scene;
        const WirePtr client = scene.client(get("/mine"));
        scene.settle();
        EXPECT_EQ(take_request(scene.backend).first_line, "GET /mine HTTP/1.1");
        scene.backend->send(std::string(hostile.bytes) + answer("smuggled"));
        scene.settle();
        const Message got = take_answer(client);
        EXPECT_EQ(got.status(), 502);
        EXPECT_FALSE(got.body.contains("smuggled"));
        EXPECT_EQ(client->received(), "");
        EXPECT_TRUE(scene.backend->peer_closed());
        scene.ask_and_be_answered("/after");
        EXPECT_EQ(client->received(), "");
    }
}

TEST(HostileResponses, behind_a_good_one_are_nobodys) {
    for (const bool at_once : {true, false}) {
        SCOPED_TRACE(at_once);
        Scene scene;
        const WirePtr client = scene.client(get("/mine"));
        scene.settle();
        take_request(scene.backend);
        scene.backend->send(answer("mine"));
        if (!at_once) scene.settle();
        scene.backend->send(answer("smuggled"));
        scene.settle();
        EXPECT_EQ(take_answer(client).body, "mine");
        EXPECT_EQ(client->received(), "");
        EXPECT_TRUE(scene.backend->peer_closed());
        scene.ask_and_be_answered("/after");
        EXPECT_EQ(client->received(), "");
    }
}

}  // namespace
}  // namespace seki::stage
