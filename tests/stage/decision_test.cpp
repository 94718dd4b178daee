// In which order a request is decided about, where several answers would be right.

#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

constexpr std::string_view right_password = "Authorization: bAsIc Zm9vOmZvbw==\r\n";  // foo:foo

command::Request guarded_cluster() {
    command::Request cluster;
    command::Cluster& guarded = *cluster.mutable_add_cluster();
    guarded.set_cluster_id("c");
    guarded.set_https_redirect(true);
    guarded.add_authorized_hashes("foo:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
    guarded.mutable_rate_limit()->set_requests_per_second(1);
    return cluster;
}

struct Decisions : testing::Test {
    Stage stage;
    WirePtr client = stage.client();

    // The frontend that redirects so, in place of the one before.
    void decide(command::RedirectPolicy redirect, bool with_cluster = true) {
        command::Request rule = add_frontend("c", "a");
        rule.mutable_add_http_frontend()->set_redirect(redirect);
        rule.mutable_add_http_frontend()->set_required_auth(true);
        if (!with_cluster) rule.mutable_add_http_frontend()->clear_cluster_id();
        std::vector<command::Request> changes;
        if (std::exchange(decided_, true)) changes.push_back(remove_frontend("c", "a"));
        changes.push_back(std::move(rule));
        EXPECT_TRUE(stage.change(changes).has_done());
    }
    int status(std::string_view more = {}) {
        client->send(get("/", more));
        stage.settle();
        return take_answer(client).status();
    }

private:
    bool decided_ = false;
};

TEST_F(Decisions, are_taken_in_a_fixed_order) {
    command::Request cluster = guarded_cluster();
    EXPECT_TRUE(stage.change({cluster}).has_done());
    EXPECT_EQ(status(), 404) << "no frontend";
    decide(command::FOUND);
    EXPECT_EQ(status(), 302) << "before passwords";
    decide(command::UNAUTHORIZED);
    EXPECT_EQ(status(right_password), 401) << "whoever asks";
    decide(command::FORWARD);
    EXPECT_EQ(status(), 401) << "before the redirect to https";
    EXPECT_EQ(status(right_password), 301);
    EXPECT_EQ(status(right_password), 301) << "before limits";
    cluster.mutable_add_cluster()->set_https_redirect(false);
    EXPECT_TRUE(stage.change({cluster}).has_done());
    EXPECT_EQ(status(right_password), 503) << "there is no backend";
    EXPECT_EQ(status(right_password), 429) << "limits go before that";
}

TEST_F(Decisions, without_a_cluster_are_to_redirect_or_to_deny) {
    decide(command::PERMANENT, false);
    EXPECT_EQ(status(), 301);
    decide(command::FORWARD, false);
    EXPECT_EQ(status(right_password), 401);
}

// ---- silence

TEST_F(Decisions, to_answer_nothing_close_the_connection) {
    decide(command::SILENT_CLOSE);
    for (const std::string_view request :
         {std::string_view("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
          std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")}) {
        const WirePtr silenced = stage.client(request);
        stage.settle();
        EXPECT_TRUE(silenced->saw_end());
        EXPECT_EQ(silenced->not_read(), 0U);
        EXPECT_EQ(silenced->received(), "");
    }
    EXPECT_TRUE(stage.log().contains(" 444 ")) << stage.log();
    EXPECT_TRUE(stage.log().contains("silent_close"));
    EXPECT_EQ(stage.metrics.value(observe::Counter::http_errors), 0U);
    EXPECT_EQ(stage.metrics.value(observe::Counter::http_status_4xx), 2U);
}

TEST_F(Decisions, to_answer_nothing_end_what_was_pipelined_behind) {
    decide(command::SILENT_CLOSE, false);
    ASSERT_TRUE(stage.change({add_frontend("c", "b")}).has_done());
    const std::string of_b = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
    client->send(of_b + get() + of_b);
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 503);
    EXPECT_TRUE(client->saw_end());
    EXPECT_EQ(client->received(), "");
}

TEST_F(Decisions, to_answer_nothing_leave_other_streams_alone) {
    decide(command::SILENT_CLOSE);
    ASSERT_TRUE(stage.change({add_frontend("c", "b")}).has_done());
    const WirePtr streams = stage.stream_client("H 1 GET a/\nH 3 GET b/\n");
    stage.settle();
    EXPECT_TRUE(streams->received().contains("r 1")) << streams->received();
    EXPECT_TRUE(streams->received().contains("h 3 503")) << streams->received();
    EXPECT_FALSE(streams->peer_finished());
}

}  // namespace
}  // namespace seki::stage
