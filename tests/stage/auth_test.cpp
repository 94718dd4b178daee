// Basic authentication: fast hashes are checked at once, slow ones while everybody else is served.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

constexpr std::string_view slow_foo = "Authorization: Basic c2xvdzpmb28=\r\n";  // slow:foo
constexpr std::string_view slow_bar = "Authorization: Basic c2xvdzpiYXI=\r\n";  // slow:bar
constexpr std::string_view fast_foo = "Authorization: Basic ZmFzdDpmb28=\r\n";  // fast:foo

struct GuardedSite : Stage {
    GuardedSite() {
        network.listen(backend_address(1));
        command::Request rule = add_frontend("c", "a");
        rule.mutable_add_http_frontend()->set_required_auth(true);
        command::Request open = add_frontend("c", "a", "/open");
        command::Request cluster;
        command::Cluster& guarded = *cluster.mutable_add_cluster();
        guarded.set_cluster_id("c");
        guarded.set_www_authenticate("Basic realm=\"x\"");
        guarded.add_authorized_hashes("fast:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
        guarded.add_authorized_hashes("slow:$6$salt$hash");
        EXPECT_TRUE(change({cluster, add_backend("c", 1), rule, open}).has_done());
    }
};

TEST(Authentication, is_asked_for) {
    GuardedSite site;
    const WirePtr client = site.client(get());
    site.settle();
    const Message refusal = take_answer(client);
    EXPECT_EQ(refusal.status(), 401);
    EXPECT_EQ(refusal.field("WWW-Authenticate"), "Basic realm=\"x\"");
    EXPECT_FALSE(site.has_connection(1));
    client->send(get("/", fast_foo));
    EXPECT_EQ(take_request(site.backend(1)).first_line, "GET / HTTP/1.1");
}

// Longer than a client that is not watched yet may wait for its answer.
TEST(Authentication, by_a_slow_hash_may_take_its_time) {
    GuardedSite site;
    const WirePtr waiting = site.client(get("/secret", slow_foo));
    site.settle();
    site.pass(std::chrono::seconds(2));
    EXPECT_FALSE(waiting->peer_closed());
    site.hasher.finish("foo");
    EXPECT_EQ(take_request(site.backend(1)).first_line, "GET /secret HTTP/1.1");
}

TEST(Authentication, that_finds_no_thread_is_answered_503_and_harms_nobody) {
    GuardedSite site;
    site.hasher.unable = true;
    const WirePtr client = site.client(get("/secret", slow_foo));
    site.settle();
    const Message refusal = take_answer(client);
    EXPECT_EQ(refusal.status(), 503);
    EXPECT_EQ(refusal.field("Retry-After"), "1");
    site.hasher.unable = false;
    client->send(get("/secret", slow_foo));
    site.settle();
    site.hasher.finish("foo");
    EXPECT_EQ(take_request(site.backend(1)).first_line, "GET /secret HTTP/1.1");
}

TEST(Authentication, by_a_slow_hash_lets_others_go_on_meanwhile) {
    GuardedSite site;
    const WirePtr waiting = site.client(get("/secret", slow_foo));
    site.settle();
    EXPECT_EQ(site.hasher.jobs(), 1U);
    EXPECT_FALSE(site.has_connection(1));
    const WirePtr other = site.client(get("/open"));
    const WirePtr backend = site.backend(1);
    EXPECT_EQ(take_request(backend).first_line, "GET /open HTTP/1.1");
    backend->send(answer("open"));
    site.settle();
    EXPECT_EQ(take_answer(other).body, "open");

    site.hasher.finish("foo");
    site.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /secret HTTP/1.1");
    backend->send(answer("secret"));
    site.settle();
    EXPECT_EQ(take_answer(waiting).body, "secret");
    // Known by now.
    waiting->send(get("/again", slow_foo));
    site.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /again HTTP/1.1");
    EXPECT_EQ(site.hasher.jobs(), 0U);
}

TEST(Authentication, by_a_slow_hash_keeps_what_came_behind_the_head) {
    GuardedSite site;
    const WirePtr client =
        site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n" + std::string(slow_foo) + "\r\nbo");
    site.settle();
    client->send("dy" + get("/open"));
    site.settle();
    site.hasher.finish("foo");
    const WirePtr backend = site.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.body, "body");
    backend->send(answer("1"));
    site.settle();
    EXPECT_EQ(take_answer(client).body, "1");
    EXPECT_EQ(take_request(backend).first_line, "GET /open HTTP/1.1");
}

TEST(Authentication, with_a_wrong_password_is_refused) {
    GuardedSite site;
    const WirePtr client = site.client(get("/", slow_bar));
    site.settle();
    site.hasher.finish("foo");
    site.settle();
    EXPECT_EQ(take_answer(client).status(), 401);
    EXPECT_FALSE(site.has_connection(1));
}

TEST(Authentication, of_a_client_that_left_ends_in_nothing) {
    GuardedSite site;
    const WirePtr client = site.client(get("/", slow_foo));
    site.settle();
    client->reset();
    site.settle();
    site.hasher.finish("foo");
    site.settle();
    site.backend(1)->send(answer("x"));
    site.settle();
    EXPECT_TRUE(client->peer_closed());
}

TEST(Authentication, that_nobody_can_pass_is_refused_to_everybody) {
    GuardedSite site;
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    ASSERT_TRUE(site.change({cluster}).has_done());
    const WirePtr client = site.client(get("/", fast_foo));
    site.settle();
    EXPECT_EQ(take_answer(client).status(), 401);
}

}  // namespace
}  // namespace seki::stage
