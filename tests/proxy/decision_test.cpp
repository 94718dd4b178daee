// What the configuration says of a request, by itself: no worker, no connection.

#include "proxy/decision.h"

#include <gtest/gtest.h>

namespace seki::proxy {
namespace {

using std::chrono::seconds;
using Outcome = Frontend::Outcome;

struct Decisions : testing::Test {
    Listener listener;
    std::shared_ptr<Frontend> frontend = std::make_shared<Frontend>();
    ClusterPtr cluster = std::make_shared<Cluster>("c");
    std::shared_ptr<ClusterPolicy> policy = std::make_shared<ClusterPolicy>();
    http::RequestHead head;
    AddedFields texts;
    Random random{1};
    Route route;

    Decisions() {
        head.method_text = "GET";
        head.host = head.authority = "a";
        head.path = "/x?y";
        frontend->cluster = cluster;
        frontend->redirect_status = 301;
        policy->https_redirect_port = 8443;
    }
    void lead() {
        route = {};
        route.lead_request(frontend, listener, head, random);
    }
    Decision decision(http::Scheme scheme = http::Scheme::http) {
        lead();
        const Decision decision = decide(route, {head, scheme, {}, {}}, texts);
        EXPECT_FALSE(unrestricted(route) && (decision.needs_user || decision.reply));
        return decision;
    }
    backend::BackendPtr add_backend(Cluster& to, uint8_t n) {
        auto backend = std::make_shared<backend::Backend>();
        backend->id = backend->cookie = std::string(1, static_cast<char>('0' + n));
        backend->address = SocketAddress::v4(0x0A000000U + n, 80);
        return to.backends.put(backend);
    }
};

TEST_F(Decisions, lead_to_a_backend_where_nothing_is_in_the_way) {
    const Decision got = decision();
    EXPECT_FALSE(got.needs_user);
    EXPECT_FALSE(got.reply);
    EXPECT_TRUE(unrestricted(route));
    EXPECT_EQ(route.cluster, cluster.get());
}

TEST_F(Decisions, redirect_to_the_scheme_of_the_request_unless_the_frontend_says_another) {
    frontend->outcome = Outcome::redirect;
    EXPECT_EQ(decision().reply->location, "http://a/x?y");
    EXPECT_EQ(decision(http::Scheme::https).reply->location, "https://a/x?y");
    frontend->redirect_scheme = http::Scheme::https;
    EXPECT_EQ(decision().reply->location, "https://a/x?y");
    EXPECT_EQ(decision().reply->status, 301);
}

TEST_F(Decisions, keep_the_port_of_a_redirect_that_stays_with_its_scheme) {
    frontend->outcome = Outcome::redirect;
    head.port = 8080;
    EXPECT_EQ(decision().reply->location, "http://a:8080/x?y");
    head.port = 80;
    EXPECT_EQ(decision().reply->location, "http://a/x?y");
    frontend->rewrite_port = 81;
    EXPECT_EQ(decision().reply->location, "http://a:81/x?y");
}

TEST_F(Decisions, find_no_redirect_for_a_request_that_names_no_host) {
    frontend->outcome = Outcome::redirect;
    head.host = head.authority = {};
    EXPECT_EQ(decision().reply->status, 400);
}

TEST_F(Decisions, ask_for_a_password_after_what_the_frontend_answers_by_itself) {
    cluster->policy = policy;
    frontend->auth_required = true;
    EXPECT_TRUE(decision().needs_user);
    frontend->outcome = Outcome::redirect;
    EXPECT_FALSE(decision().needs_user);
    frontend->outcome = Outcome::deny;
    EXPECT_FALSE(decision().needs_user);
    EXPECT_STREQ(decision().reply->message, "frontend denies");
}

TEST_F(Decisions, ask_for_a_password_before_the_cluster_redirects_to_https) {
    cluster->policy = policy;
    policy->https_redirect = true;
    frontend->auth_required = true;
    const Decision got = decision();
    EXPECT_TRUE(got.needs_user);
    EXPECT_EQ(got.reply->location, "https://a:8443/x?y");
    EXPECT_FALSE(decision(http::Scheme::https).reply);
}

TEST_F(Decisions, let_nobody_in_where_there_are_no_users) {
    frontend->auth_required = true;
    const Decision got = decision();
    EXPECT_FALSE(got.needs_user);
    EXPECT_EQ(got.reply->status, 401);
}

TEST_F(Decisions, refuse_where_there_is_no_cluster) {
    frontend->cluster = nullptr;
    EXPECT_EQ(decision().reply->status, 401);
}

TEST_F(Decisions, refuse_what_no_frontend_could_serve) {
    EXPECT_FALSE(unservable(listener, nullptr, head));
    head.body = {http::BodyKind::length, 100};
    EXPECT_FALSE(unservable(listener, nullptr, head));
    listener.max_body_bytes = 99;
    EXPECT_EQ(unservable(listener, nullptr, head)->capacity, 99U);
    head.method = http::Method::connect;
    EXPECT_EQ(unservable(listener, nullptr, head)->status, 405);
    head.method = http::Method::get;
    head.body = {};
    head.path = "/a/..%2fb";
    EXPECT_FALSE(unservable(listener, nullptr, head));
    listener.refuses_ambiguous_paths = true;
    EXPECT_EQ(unservable(listener, nullptr, head)->status, 400);
}

using Routes = Decisions;

TEST_F(Routes, have_the_times_of_the_frontend_before_those_of_the_cluster_before_those_of_the_listener) {
    lead();
    EXPECT_EQ(&route.timeouts(listener), &listener.timeouts);
    policy->timeouts.front = seconds(1);
    policy->timeouts.back = seconds(2);
    cluster->policy = policy;
    frontend->timeouts.back = seconds(3);
    policy->timeouts.any = frontend->timeouts.any = true;
    lead();
    EXPECT_EQ(route.timeouts(listener).front, seconds(1));
    EXPECT_EQ(route.timeouts(listener).back, seconds(3));
    EXPECT_EQ(route.timeouts(listener).connect, listener.timeouts.connect);
}

TEST_F(Routes, go_where_the_cookie_of_the_client_names_a_backend) {
    const ClusterPtr other = std::make_shared<Cluster>("d");
    for (const ClusterPtr& each : {cluster, other}) each->policy = policy;
    policy->sticky = true;
    add_backend(*cluster, 1);
    const backend::BackendPtr two = add_backend(*other, 2);
    frontend->cluster = nullptr;
    frontend->split = {{cluster, 99}, {other, 1}};
    frontend->split_weight = 100;
    head.has_cookies = true;
    head.fields.add({.name = "Cookie", .value = "SOZUBALANCEID=2", .line = {}, .id = http::FieldId::cookie});
    for (int i = 0; i < 50; ++i) {
        lead();
        EXPECT_EQ(route.cluster, other.get());
        EXPECT_EQ(route.named, two);
    }
}

TEST_F(Routes, are_dealt_out_by_weight_where_there_are_several_clusters) {
    const ClusterPtr other = std::make_shared<Cluster>("d");
    frontend->split = {{cluster, 3}, {other, 1}};
    frontend->split_weight = 4;
    int to_other = 0;
    for (int i = 0; i < 4000; ++i) {
        lead();
        to_other += route.cluster == other.get() ? 1 : 0;
    }
    EXPECT_NEAR(to_other, 1000, 150);
}

}  // namespace
}  // namespace seki::proxy
