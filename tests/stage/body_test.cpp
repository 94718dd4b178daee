// Bodies: complete to the byte whatever their size, and never more of them in memory than was set aside.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

constexpr size_t megabyte = 1'000'000;

std::string post_of(size_t length) {
    return fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", length);
}

std::string chunks_of(std::string_view body, size_t piece) {
    std::string text;
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
        const std::string_view data = body.substr(0, piece);
        text += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
    }
    return text + "0\r\n\r\n";
}

// Takes what comes until nothing comes any more.
std::string drain(Stage& stage, const WirePtr& wire, size_t at_once) {
    std::string all;
    for (stage.settle(); !wire->received().empty(); stage.settle()) {
        all += wire->take(at_once);
        EXPECT_LE(stage.worker->buffers().in_use(), 2U);
    }
    return all;
}

TEST(Bodies, wait_at_the_backend_while_the_client_is_slow) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    client->take_at_most(1000);
    const WirePtr backend = stage.backend(1);
    const std::string body = tagged_body(1, megabyte);
    backend->send(answer(body));
    stage.settle();
    // What was read is with the client or in one buffer.
    EXPECT_GE(backend->not_read() + 1000 + stage.worker->buffers().buffer_size(), megabyte);
    EXPECT_EQ(stage.worker->buffers().in_use(), 1U);
    const Message got = read_answer(drain(stage, client, 700));
    EXPECT_TRUE(got.whole);
    EXPECT_TRUE(got.body == body);
    EXPECT_EQ(backend->not_read(), 0U);
}

TEST(Bodies, wait_at_the_client_while_the_backend_is_slow) {
    Stage stage;
    stage.route_to_backends(1);
    stage.network.listen(backend_address(1), Network::Reception::accept_later);
    const std::string body = tagged_body(2, megabyte);
    const WirePtr client = stage.client(post_of(body.size()) + body);
    const WirePtr backend = stage.backend(1);
    EXPECT_GE(client->not_read() + stage.worker->buffers().buffer_size() + 1000, megabyte);
    backend->take_at_most(1000);
    backend->establish();
    stage.settle();
    EXPECT_GE(client->not_read() + 2 * stage.worker->buffers().buffer_size() + 1000, megabyte);
    const Message got = read_request(drain(stage, backend, 700));
    EXPECT_TRUE(got.whole);
    EXPECT_TRUE(got.body == body);
    backend->send(answer("done"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "done");
}

TEST(Bodies, in_chunks_wait_likewise) {
    Stage stage;
    stage.route_to_backends(1);
    const std::string body = tagged_body(3, megabyte);
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(body, 10));
    client->take_at_most(1000);
    const WirePtr backend = stage.backend(1);
    const Message request = read_request(drain(stage, backend, SIZE_MAX));
    EXPECT_TRUE(request.whole);
    EXPECT_TRUE(request.body == body);
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(body, 10));
    stage.settle();
    EXPECT_GE(backend->not_read(), megabyte / 2);
    const Message got = read_answer(drain(stage, client, 700));
    EXPECT_TRUE(got.whole);
    EXPECT_TRUE(got.body == body);
}

TEST(Bodies, are_complete_however_reads_and_writes_are_cut) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        Random cuts(seed);
        Stage stage;
        stage.network.stutter(cuts);
        stage.route_to_backends(1);
        const std::string sent = tagged_body(seed, 100'000);
        const std::string answered = tagged_body(seed + 1, 100'000);
        const WirePtr client = stage.client(post_of(sent.size()) + sent);
        const WirePtr backend = stage.backend(1);
        EXPECT_TRUE(take_request(backend).body == sent);
        if (seed % 2 == 0) {
            backend->send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + answered);
            backend->finish();
        } else {
            backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(answered, 777));
        }
        stage.settle();
        const Message got = take_answer(client);
        EXPECT_TRUE(got.whole);
        EXPECT_TRUE(got.body == answered);
    }
}

TEST(Bodies, that_the_backend_does_not_want_do_not_hold_up_its_answer) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(post_of(megabyte));
    const WirePtr backend = stage.backend(1);
    client->send(tagged_body(4, 300'000));
    stage.settle();
    backend->send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 413);
    EXPECT_EQ(got.body, "no!");
    EXPECT_EQ(got.field("Connection"), "close");
    // The client may read this in peace while it goes on sending for a while.
    EXPECT_TRUE(client->peer_finished());
    EXPECT_FALSE(client->peer_closed());
    EXPECT_TRUE(backend->peer_closed());
    client->send(tagged_body(4, 300'000));
    stage.settle();
    EXPECT_EQ(client->not_read(), 0U);
    EXPECT_FALSE(client->peer_closed());
    stage.pass(std::chrono::seconds(31));
    EXPECT_TRUE(client->peer_closed());
}

TEST(Bodies, of_a_backend_that_answers_and_hangs_up_without_reading_do_not_hide_its_answer) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(post_of(megabyte));
    const WirePtr backend = stage.backend(1);
    backend->take_at_most(10);
    client->send(tagged_body(4, 300'000));
    stage.settle();
    backend->send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!");
    backend->finish();
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "no!");
}

TEST(Buffers, that_are_used_up_are_503_at_once_until_there_are_some_again) {
    Stage::Options options;
    options.max_buffers = 4;
    Stage stage(options);
    stage.route_to_backends(1);
    const WirePtr first = stage.client(get());
    const WirePtr second = stage.client(get());
    const WirePtr third = stage.client(get());
    stage.settle();
    const Message refused = take_answer(third);
    EXPECT_EQ(refused.status(), 503);
    EXPECT_EQ(refused.field("Connection"), "close");
    EXPECT_TRUE(third->peer_finished());
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "x");
    first->send(get("/again"));
    stage.settle();
    backend->send(answer("y"));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "y");
    stage.backend(1)->send(answer("z"));
    stage.settle();
    EXPECT_EQ(take_answer(second).body, "z");
}

TEST(Buffers, that_are_used_up_are_told_in_the_access_log) {
    Stage::Options options;
    options.max_buffers = 2;
    Stage stage(options);
    stage.route_to_backends(1);
    const WirePtr first = stage.client(get());
    stage.settle();
    const WirePtr second = stage.client(get("/second?q", "User-Agent: curl\r\n"));
    const WirePtr tunnel = stage.tunnel_client("hello");
    stage.settle();
    const std::string log = stage.log();
    EXPECT_TRUE(log.contains("[user-agent=curl] None http a GET /second?q 503 | no buffers\n")) << log;
    EXPECT_TRUE(log.contains(" None TCP - | no buffers\n")) << log;
    EXPECT_EQ(stage.metrics.value(observe::Counter::buffer_exhausted), 2U);
    EXPECT_EQ(stage.metrics.value(observe::Counter::http_errors), 1U);
    stage.backend(1)->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "x");
}

TEST(Buffers, that_an_exchange_set_aside_are_enough_for_it) {
    Stage::Options options;
    options.max_buffers = 2;
    for (const size_t piece : {1U, 10U, 5000U, 200'000U}) {
        SCOPED_TRACE(piece);
        Stage stage(options);
        stage.route_to_backends(1);
        const std::string body = tagged_body(3, 100'000);
        const WirePtr client =
            stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(body, piece));
        client->take_at_most(1000);
        const WirePtr backend = stage.backend(1);
        backend->take_at_most(1000);
        EXPECT_TRUE(read_request(drain(stage, backend, 700)).body == body);
        backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(body, piece));
        EXPECT_TRUE(read_answer(drain(stage, client, 700)).body == body);
    }
}

TEST(Buffers, are_not_taken_by_those_who_send_half_a_head_or_nothing) {
    Stage::Options options;
    options.max_buffers = 2;
    Stage stage(options);
    stage.route_to_backends(1);
    std::vector<WirePtr> slow;
    for (int n = 0; n < 50; ++n) slow.push_back(stage.client(n % 2 == 0 ? "GET / HTTP/1.1\r\nHo" : ""));
    stage.settle();
    EXPECT_EQ(stage.worker->buffers().in_use(), 0U);
    EXPECT_EQ(stage.worker->buffers().small_in_use(), 25U);
    const WirePtr client = stage.client(get());
    stage.backend(1)->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "x");
    // And their requests are served as soon as they are complete.
    slow[0]->send("st: a\r\n\r\n");
    stage.settle();
    EXPECT_EQ(stage.worker->context().running_exchanges(), 1U);
}

TEST(Buffers, are_not_held_by_idle_connections) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(post_of(50'000) + tagged_body(1, 50'000));
    const WirePtr backend = stage.backend(1);
    backend->send(answer(tagged_body(2, 50'000)));
    stage.settle();
    EXPECT_TRUE(take_answer(client).whole);
    EXPECT_EQ(stage.worker->buffers().in_use(), 0U);
    EXPECT_EQ(stage.worker->buffers().small_in_use(), 0U);
    EXPECT_EQ(stage.worker->buffers().reserved(), 0U);
}

TEST(Buffers, that_are_all_in_use_cost_a_client_what_it_pipelined_and_not_the_answer_that_runs) {
    Stage::Options options;
    options.max_buffers = 2;
    Stage stage(options);
    stage.route_to_backends(1);
    std::string pipelined;
    for (int n = 0; n < 200; ++n) pipelined += get();
    const WirePtr client = stage.client(pipelined);
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(take_request(backend).whole);
    backend->send(answer("first"));
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.body, "first");
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_TRUE(client->saw_end());
    EXPECT_TRUE(backend->received().empty());
}

TEST(Heads, of_answers_that_fit_no_buffer_are_502) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nLong: " + std::string(30'000, 'x') + "\r\nContent-Length: 0\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 502);
    EXPECT_TRUE(backend->peer_closed());
}

// An answer whose head has so many bytes, in `fields` fields.
std::string long_head(size_t bytes, size_t fields) {
    std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    for (size_t n = 2; n < fields; ++n) head += "A: b\r\n";
    const std::string last = "Long: ";
    return head + last + std::string(bytes - head.size() - last.size() - 4, 'x') + "\r\n\r\n";
}

TEST(Heads, of_answers_may_be_as_long_as_a_buffer_and_have_a_thousand_fields) {
    for (const uint32_t size : {16384U, 16393U, 65536U}) {
        SCOPED_TRACE(size);
        Stage::Options options;
        options.buffer_size = size;
        Stage stage(options);
        stage.route_to_backends(1);
        const WirePtr client = stage.client();
        WirePtr backend;
        for (const size_t fields : {3, 128, 1000}) {
            SCOPED_TRACE(fields);
            client->send(get());
            stage.settle();
            if (backend == nullptr) backend = stage.backend(1);
            backend->send(long_head(size, fields) + "ok");
            stage.settle();
            const Message got = take_answer(client);
            EXPECT_EQ(got.status(), 200);
            EXPECT_EQ(got.body, "ok");
            EXPECT_EQ(got.fields.size(), fields + 1) << "and the id";
        }
        client->send(get());
        stage.settle();
        backend->send(long_head(size + 1, 3));
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 502);
    }
}

TEST(Heads, of_answers_have_no_more_than_a_thousand_fields) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    stage.backend(1)->send(long_head(16'000, 1001));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 502);
    EXPECT_NE(stage.log().find("| too many header fields"), std::string::npos);
}

TEST(Heads, of_requests_have_up_to_128_fields) {
    Stage stage;
    stage.route_to_backends(1);
    std::string fields;
    for (int n = 0; n < 127; ++n) fields += "A: b\r\n";  // and Host
    const WirePtr client = stage.client(get("/", fields));
    EXPECT_TRUE(take_request(stage.backend(1)).whole);
    const WirePtr other = stage.client(get("/", fields + "A: b\r\n"));
    stage.settle();
    EXPECT_EQ(take_answer(other).status(), 431);
}

TEST(Heads, of_requests_that_fit_no_buffer_are_431) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/", "Long: " + std::string(30'000, 'x') + "\r\n"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 431);
}

TEST(Heads, that_come_byte_by_byte_are_heads_all_the_same) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client();
    for (const char byte : get("/slow", "Long: " + std::string(3000, 'x') + "\r\n")) {
        client->send({&byte, 1});
        stage.settle();
    }
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_request(backend).field("Long").size(), 3000U);
    for (const char byte : answer("body", "Long: " + std::string(3000, 'x') + "\r\n")) {
        backend->send({&byte, 1});
        stage.settle();
    }
    const Message got = take_answer(client);
    EXPECT_EQ(got.field("Long").size(), 3000U);
    EXPECT_EQ(got.body, "body");
    EXPECT_EQ(stage.worker->pool().size(), 1U);
}

TEST(Buffers, that_are_all_in_use_do_not_cut_the_answer_that_says_so) {
    Stage::Options options;
    options.max_buffers = 2;
    Stage stage(options);
    stage.route_to_backends(1);
    const WirePtr running = stage.client(get());
    (void)stage.backend(1);
    const WirePtr client = stage.client();
    client->take_at_most(50);
    // What comes behind the head would need a buffer too.
    client->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'x'));
    stage.settle();
    client->take_at_most(SIZE_MAX);
    std::string got = client->take();
    stage.settle();
    got += client->take();
    const Message answer = read_answer(got);
    EXPECT_EQ(answer.status(), 503);
    EXPECT_TRUE(answer.whole) << got;
}

}  // namespace
}  // namespace seki::stage
