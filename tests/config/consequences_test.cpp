// What accepted changes lead to that may not have been meant, one after another and written in a file.

#include "config/consequences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/things.h"
#include "config/toml/reading.h"

namespace seki::config {
namespace {

constexpr int64_t now_s = 1'700'000'000;  // November 2023

using command::Request;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* here = "127.0.0.1:80";
constexpr const char* server = "127.0.0.1:9000";

// The warnings of each change, as its answer tells them.
struct Consequences : testing::Test {
    State state;

    std::vector<std::string> of(Request request) {
        auto checked = check(std::move(request));
        EXPECT_TRUE(checked.has_value());
        EXPECT_TRUE(state.apply(*checked).has_value());
        std::vector<std::string> texts;
        for (const Consequence& consequence : consequences(state, **checked, now_s)) texts.push_back(consequence.text);
        return texts;
    }
    // A site in order: what follows is about what a test breaks.
    void set_up_site() {
        for (const Request& request : {http_listener(here), activate(command::HTTP, here), cluster("shop"),
                                       backend("shop", "one", server), http_frontend("shop", here, "shop.example")}) {
            EXPECT_THAT(of(request), IsEmpty()) << request.ShortDebugString();
        }
    }
};

Request filter(const std::string& text) {
    Request request;
    request.set_logging(text);
    return request;
}

TEST_F(Consequences, things_in_the_usual_order_have_none) {
    set_up_site();
    EXPECT_THAT(of(backend("shop", "two", "127.0.0.1:9001")), IsEmpty());
    EXPECT_THAT(of(without_backend("shop", "two", "127.0.0.1:9001")), IsEmpty());
    EXPECT_THAT(of(filter("info,proxy=debug,seki::net=off,seki=warn")), IsEmpty());
}

TEST_F(Consequences, of_a_backend_on_a_unix_socket_do_not_go_by_its_address) {
    set_up_site();
    Request unix_one = backend("shop", "two", here);
    unix_one.mutable_add_backend()->set_unix_path("/run/app");
    EXPECT_THAT(of(unix_one), IsEmpty());
    EXPECT_THAT(of(http_frontend("shop", here, "other.example")), IsEmpty());
    Request twin = backend("shop", "three", here);
    twin.mutable_add_backend()->set_unix_path("/run/other");
    EXPECT_THAT(of(twin), IsEmpty());
    Request same = backend("shop", "four", here);
    same.mutable_add_backend()->set_unix_path("/run/other");
    EXPECT_THAT(of(same), ElementsAre(HasSubstr("has the same address")));
}

TEST_F(Consequences, an_update_of_a_frontend_is_looked_at_like_a_new_one) {
    set_up_site();
    Request update = http_frontend_update(here, "shop.example");
    (*update.mutable_update_http_frontend()->mutable_tags())["owner"] = "team";
    EXPECT_THAT(of(update), IsEmpty());
    update.mutable_update_http_frontend()->set_cluster_id("nobody");
    EXPECT_THAT(of(update), ElementsAre("there is no cluster 'nobody': its clients cannot be served"));
}

TEST_F(Consequences, a_backend_or_frontend_of_an_unknown_cluster_has_a_slip_in_its_name) {
    set_up_site();
    EXPECT_THAT(of(backend("shopp", "one", server)),
                ElementsAre("there is no cluster 'shopp' and no frontend leads to it: the backend gets no clients; did "
                            "you mean 'shop'?"));
    EXPECT_THAT(
        of(http_frontend("shopp", here, "b.example")),
        ElementsAre("there is no cluster 'shopp': its backends serve with default settings; did you mean 'shop'?"));
    EXPECT_THAT(
        of(backend("shopp", "two", "127.0.0.1:9001")),
        ElementsAre("there is no cluster 'shopp': the backend serves with default settings; did you mean 'shop'?"));
    EXPECT_THAT(of(http_frontend("nobody", here, "c.example")),
                ElementsAre("there is no cluster 'nobody': its clients cannot be served"));
    Request split = http_frontend("", here, "d.example");
    split.mutable_add_http_frontend()->clear_cluster_id();
    for (const char* id : {"shop", "next"}) {
        command::ClusterShare& share = *split.mutable_add_http_frontend()->add_split();
        share.set_cluster_id(id);
        share.set_weight(1);
    }
    EXPECT_THAT(of(split), ElementsAre("there is no cluster 'next': its clients cannot be served"));
    const char* const tunnels = "127.0.0.1:81";
    of(tcp_listener(tunnels));
    of(activate(command::TCP, tunnels));
    EXPECT_THAT(of(tcp_frontend("db", tunnels)), ElementsAre("there is no cluster 'db': its clients cannot be served"));
}

TEST_F(Consequences, a_cluster_leaves_behind_what_belongs_to_others_too) {
    set_up_site();
    EXPECT_THAT(of(without_cluster("shop")), IsEmpty());
    of(cluster("shop"));
    of(cluster("next"));
    Request split = http_frontend("shop", here, "split.example");
    split.mutable_add_http_frontend()->clear_cluster_id();
    for (const char* id : {"shop", "next"}) {
        command::ClusterShare& share = *split.mutable_add_http_frontend()->add_split();
        share.set_cluster_id(id);
        share.set_weight(1);
    }
    of(split);
    EXPECT_THAT(of(without_cluster("shop")),
                ElementsAre("left behind: 1 frontend that would send a part of its clients to 'shop'"));
}

TEST_F(Consequences, the_last_backend_that_goes_leaves_clients_unserved) {
    set_up_site();
    of(backend("shop", "two", "127.0.0.1:9001"));
    EXPECT_THAT(of(backend_state("shop", "one", server, command::DRAIN)), IsEmpty());
    EXPECT_THAT(of(backend_state("shop", "two", "127.0.0.1:9001", command::MAINTENANCE)),
                ElementsAre("no backend of cluster 'shop' is ready: new clients cannot be served"));
    EXPECT_THAT(of(backend_state("shop", "two", "127.0.0.1:9001", command::READY)), IsEmpty());
    Request drained = backend("shop", "two", "127.0.0.1:9001");
    drained.mutable_add_backend()->set_state(command::DRAIN);
    EXPECT_THAT(of(drained), ElementsAre(HasSubstr("no backend of cluster 'shop' is ready")));
    of(without_backend("shop", "two", "127.0.0.1:9001"));
    EXPECT_THAT(of(without_backend("shop", "one", server)),
                ElementsAre("cluster 'shop' has no backends: its clients cannot be served"));
}

TEST_F(Consequences, a_cluster_that_serves_nobody_may_lose_its_backends) {
    set_up_site();
    of(cluster("spare"));
    of(backend("spare", "one", server));
    EXPECT_THAT(of(without_backend("spare", "one", server)), IsEmpty()) << "no frontend leads to it";
    of(backend("moved", "one", server));
    Request redirect = http_frontend("moved", here, "old.example");
    redirect.mutable_add_http_frontend()->set_redirect(command::PERMANENT);
    of(redirect);
    EXPECT_THAT(of(without_backend("moved", "one", server)), IsEmpty()) << "all is redirected";
}

TEST_F(Consequences, two_backends_at_one_address_are_one_server) {
    set_up_site();
    EXPECT_THAT(of(backend("shop", "two", server)),
                ElementsAre("backend 'one' of the cluster has the same address: the server gets the share of both"));
    of(cluster("other"));
    EXPECT_THAT(of(backend("other", "two", server)), IsEmpty()) << "clusters may share servers";
    EXPECT_THAT(of(backend("other", "two", server)), IsEmpty()) << "the same one again";
}

TEST_F(Consequences, a_backend_where_its_own_frontend_listens_is_a_circle) {
    set_up_site();
    const auto circle = ElementsAre(
        "cluster 'shop' has a frontend and a backend on 127.0.0.1:80: requests come back "
        "without end");
    EXPECT_THAT(of(backend("shop", "self", here)), circle);
    EXPECT_THAT(of(http_frontend("shop", here, "b.example")), circle);
}

TEST_F(Consequences, a_redirect_to_https_needs_somebody_who_speaks_it) {
    set_up_site();
    Request redirecting = cluster("shop");
    redirecting.mutable_add_cluster()->set_https_redirect(true);
    EXPECT_THAT(of(redirecting),
                ElementsAre("there is no HTTPS listener: clients are sent to where nobody serves them"));
    Request frontend = http_frontend("shop", here, "b.example");
    frontend.mutable_add_http_frontend()->set_redirect(command::FOUND);
    frontend.mutable_add_http_frontend()->set_redirect_scheme(command::USE_HTTPS);
    EXPECT_THAT(of(frontend), ElementsAre("there is no HTTPS listener: clients are sent to where nobody serves them"));
    frontend.mutable_add_http_frontend()->set_hostname("c.example");
    frontend.mutable_add_http_frontend()->set_rewrite_host("elsewhere.example");
    EXPECT_THAT(of(frontend), IsEmpty()) << "another host may be another server";
}

TEST_F(Consequences, a_password_that_nobody_has_lets_nobody_in) {
    set_up_site();
    Request guarded = http_frontend("shop", here, "b.example");
    guarded.mutable_add_http_frontend()->set_required_auth(true);
    EXPECT_THAT(of(guarded), ElementsAre("cluster 'shop' has no users: every request to it gets 401"));
    Request with_users = cluster("shop");
    with_users.mutable_add_cluster()->add_authorized_hashes("ann:" + std::string(64, '0'));
    EXPECT_THAT(of(with_users), IsEmpty());
    guarded.mutable_add_http_frontend()->set_hostname("c.example");
    EXPECT_THAT(of(guarded), IsEmpty());
    EXPECT_THAT(of(cluster("shop")), ElementsAre("the cluster has no users, but 2 frontends with required_auth: every "
                                                 "request there gets 401"))
        << "added again, without them";
}

TEST_F(Consequences, a_frontend_on_an_inactive_listener_cannot_be_reached) {
    set_up_site();
    of(http_listener("127.0.0.1:81"));
    EXPECT_THAT(of(http_frontend("shop", "127.0.0.1:81", "a")),
                ElementsAre("the listener on 127.0.0.1:81 is not active: nobody can reach the frontend"));
    of(tcp_listener("127.0.0.1:82"));
    EXPECT_THAT(of(tcp_frontend("shop", "127.0.0.1:82")), ElementsAre(HasSubstr("127.0.0.1:82 is not active")));
}

TEST_F(Consequences, the_last_listener_takes_all_service_along) {
    set_up_site();
    of(tcp_listener("127.0.0.1:81"));
    of(activate(command::TCP, "127.0.0.1:81"));
    EXPECT_THAT(of(remove_listener(command::TCP, "127.0.0.1:81")), IsEmpty());
    EXPECT_THAT(of(activate(command::HTTP, here, false)),
                ElementsAre("no listener is active any more: nothing is served"));
    EXPECT_THAT(of(remove_listener(command::HTTP, here)),
                ElementsAre("left behind: 1 frontend on 127.0.0.1:80, for a listener to come",
                            "no listener is active any more: nothing is served"));
}

TEST_F(Consequences, a_log_filter_may_name_nobody) {
    EXPECT_THAT(of(filter("info,backnd=debug,sozu_lib::proxy=trace")),
                ElementsAre(HasSubstr("nobody writes lines as 'backnd', 'sozu_lib::proxy'; the modules are seki_")));
}

// ---- in a file

TEST(FileConsequences, stand_at_the_key_that_brings_them_about) {
    EXPECT_THAT(
        warnings(R"(
log_level = "info,prxy=debug"
[[listeners]]
protocol = "http"
address = "127.0.0.1:80"
[clusters.a]
protocol = "http"
https_redirect = true
frontends = [
    { address = "127.0.0.1:80", hostname = "a.example", required_auth = true },
]
backends = [
    { backend_id = "one", address = "127.0.0.1:9000" },
    { backend_id = "two", address = "127.0.0.1:9000" },
    { backend_id = "self", address = "127.0.0.1:80" },
]
[clusters.b]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "b.example" }]
[clusters.c]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "c.example" }]
backends = [{ address = "127.0.0.1:9000", state = "maintenance" }]
)"),
        ElementsAre(HasSubstr("seki.toml:2: log_level: nobody writes lines as 'prxy'"),
                    HasSubstr("seki.toml:8: clusters.a.https_redirect: there is no HTTPS listener"),
                    HasSubstr("seki.toml:10: clusters.a.frontends[0].address: cluster 'a' has a frontend and a"),
                    HasSubstr("seki.toml:10: clusters.a.frontends[0].required_auth: cluster 'a' has no users"),
                    HasSubstr("seki.toml:14: clusters.a.backends[1].address: backend 'one' of the cluster has"),
                    HasSubstr("seki.toml:17: clusters.b: cluster 'b' has no backends"),
                    HasSubstr("seki.toml:23: clusters.c.backends: no backend of cluster 'c' is ready")));
}

TEST(FileConsequences, do_not_hang_on_the_order_of_the_file) {
    EXPECT_THAT(lines(accepted(R"(
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "x", split = [{ cluster = "a", weight = 1 }, { cluster = "b", weight = 1 }] }]
backends = [{ address = "127.0.0.1:9000" }]
[clusters.b]
protocol = "http"
backends = [{ address = "127.0.0.1:9001" }]
[[listeners]]
protocol = "http"
address = "127.0.0.1:80"
)")
                          .warnings),
                IsEmpty());
}

TEST(FileConsequences, of_a_file_as_a_whole_are_told_of_no_line) {
    EXPECT_THAT(lines(accepted("[clusters.a]\nprotocol = \"http\"").warnings),
                ElementsAre("dir/seki.toml: no listener is active: nothing is served"));
    constexpr std::string_view listener = "[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:80\"\n";
    EXPECT_THAT(lines(accepted(listener).warnings),
                ElementsAre("dir/seki.toml: there is no frontend: nothing is served"));
    EXPECT_THAT(lines(accepted("activate_listeners = false\n" + std::string(listener)).warnings),
                Contains("dir/seki.toml:1: activate_listeners: nothing is served until listeners are activated"));
}

TEST(FileConsequences, are_not_told_of_a_file_that_is_refused) {
    const FileResult refused = parse("colour = 1\n", "s.toml");
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(lines(refused.error()), ElementsAre("s.toml:1: colour: unknown key"));
}

}  // namespace
}  // namespace seki::config
