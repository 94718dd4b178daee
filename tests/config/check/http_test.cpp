// What listeners, their updates, clusters and backends may say about HTTP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "config/check/check.h"
#include "config/convert.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string refusal(const Request& request) {
    const auto checked = check(request);
    return checked ? std::string() : checked.error().message;
}

command::HttpListenerConfig passed(const Request& request) {
    const auto checked = check(request);
    if (!checked) ADD_FAILURE() << checked.error().message;
    return checked ? (*checked)->add_http_listener() : command::HttpListenerConfig();
}

struct Listener : testing::Test {
    Request request = http_listener("127.0.0.1:80");
    command::HttpListenerConfig& listener = *request.mutable_add_http_listener();
};

struct Update : testing::Test {
    Request request = http_update("127.0.0.1:80");
    command::UpdateHttpListenerConfig& update = *request.mutable_update_http_listener();
};

struct ClusterOf : testing::Test {
    Request request = cluster("c");
    command::Cluster& settings = *request.mutable_add_cluster();
};

// ---- answers

TEST_F(Listener, an_answer_is_checked_with_its_status) {
    (*listener.mutable_answers())["404"] = answer_text("404");
    EXPECT_EQ(refusal(request), "");
    (*listener.mutable_answers())["503"] = answer_text("404");
    EXPECT_EQ(refusal(request),
              "Invalid value for field 'answers': the answer for 503: line 1: the status is 404, not 503");
}

TEST_F(Listener, an_answer_is_for_a_status_that_seki_answers_with) {
    (*listener.mutable_answers())["200"] = answer_text("200");
    EXPECT_THAT(refusal(request), HasSubstr("'200' is no status that Seki answers with"));
}

TEST_F(Listener, the_older_answers_become_the_newer_ones) {
    listener.mutable_http_answers()->set_answer_404(answer_text("404", "old"));
    listener.mutable_http_answers()->set_answer_503(answer_text("503", "old"));
    listener.mutable_http_answers()->set_answer_421("");
    (*listener.mutable_answers())["503"] = answer_text("503", "new");
    const auto normal = passed(request);
    EXPECT_FALSE(normal.has_http_answers());
    EXPECT_EQ(normal.answers_size(), 2);
    EXPECT_THAT(normal.answers().at("404"), testing::EndsWith("old"));
    EXPECT_THAT(normal.answers().at("503"), testing::EndsWith("new"));
}

TEST_F(Listener, an_older_answer_is_refused_by_its_own_name) {
    listener.mutable_http_answers()->set_answer_404("<html>not found</html>");
    EXPECT_THAT(refusal(request),
                HasSubstr("Invalid value for field 'answer_404': the answer for 404: an answer begins with a line"));
}

TEST_F(Listener, an_answer_without_text_is_none) {
    (*listener.mutable_answers())["404"] = "";
    EXPECT_EQ(passed(request).answers_size(), 0);
}

TEST_F(Update, an_answer_without_text_stays_for_it_takes_one_away) {
    (*update.mutable_answers())["404"] = "";
    update.mutable_http_answers()->set_answer_503("");
    const auto checked = check(request);
    ASSERT_TRUE(checked.has_value());
    const auto& normal = (*checked)->update_http_listener();
    EXPECT_FALSE(normal.has_http_answers());
    EXPECT_EQ(normal.answers_size(), 2);
    EXPECT_EQ(normal.answers().at("503"), "");
}

TEST_F(ClusterOf, the_answers_are_checked_and_stay_as_they_are) {
    (*settings.mutable_answers())["503"] = "HTTP/1.1 503 X\n\n";
    settings.set_answer_503(answer_text("503"));
    const auto checked = check(request);
    ASSERT_TRUE(checked.has_value());
    EXPECT_EQ((*checked)->add_cluster().answers().at("503"), "HTTP/1.1 503 X\n\n");
    settings.set_answer_503(answer_text("502"));
    EXPECT_THAT(refusal(request), HasSubstr("'answer_503': the answer for 503: line 1: the status is 502"));
}

// ---- whom to believe

TEST_F(Listener, the_trusted_networks_get_one_spelling) {
    listener.mutable_trusted_proxies()->add_values("10.0.0.0/8");
    listener.mutable_trusted_proxies()->add_values("::ffff:192.0.2.1");
    EXPECT_THAT(passed(request).trusted_proxies().values(), ElementsAre("10.0.0.0/8", "192.0.2.1"));
}

TEST_F(Listener, no_trusted_network_is_not_the_same_as_none_said) {
    EXPECT_FALSE(passed(request).has_trusted_proxies());
    listener.mutable_trusted_proxies();
    EXPECT_TRUE(passed(request).has_trusted_proxies());
}

TEST_F(Listener, a_trusted_network_that_is_none_is_refused) {
    listener.mutable_trusted_proxies()->add_values("proxies");
    EXPECT_EQ(refusal(request),
              "Invalid value for field 'trusted_proxies': 'proxies' is no network: 'proxies' is not an IP address");
    listener.mutable_trusted_proxies()->set_values(0, std::string(50, '1'));
    EXPECT_THAT(refusal(request), HasSubstr("it is longer than 49 bytes"));
}

// ---- limits

TEST_F(Listener, a_target_is_not_longer_than_the_head_that_it_is_in) {
    listener.set_max_uri_bytes(16'385);
    EXPECT_THAT(refusal(request), HasSubstr("'max_uri_bytes': 16385 is more than max_header_bytes, 16384"));
    listener.set_max_header_bytes(20'000);
    EXPECT_EQ(refusal(request), "");
    listener.set_max_uri_bytes(20'001);
    EXPECT_THAT(refusal(request), HasSubstr("20001 is more than max_header_bytes, 20000"));
}

TEST_F(ClusterOf, a_rate_limit_has_a_rate_and_perhaps_a_burst) {
    settings.mutable_rate_limit()->set_burst(5);
    EXPECT_THAT(refusal(request), HasSubstr("'rate_limit': requests_per_second: 0 is not within 1 and 1000000"));
    settings.mutable_rate_limit()->set_requests_per_second(5);
    EXPECT_EQ(refusal(request), "");
    settings.mutable_rate_limit()->set_burst(0);
    EXPECT_THAT(refusal(request), HasSubstr("'rate_limit': burst: 0 is not within 1 and 1000000"));
}

TEST_F(ClusterOf, its_timeouts_have_the_bounds_of_all_timeouts) {
    for (const auto set : {&command::Cluster::set_front_timeout, &command::Cluster::set_back_timeout,
                           &command::Cluster::set_connect_timeout, &command::Cluster::set_tunnel_timeout}) {
        (settings.*set)(0);
        EXPECT_THAT(refusal(request), HasSubstr("timeout': 0 s is not within 1 and 86400 s"));
        (settings.*set)(86'400);
        EXPECT_EQ(refusal(request), "");
    }
}

// ---- cookies

TEST_F(Listener, the_path_of_a_cookie_is_one) {
    for (const char* path : {"", "shop", "/a;b", "/a\tb", "/ä"}) {
        listener.mutable_sticky_cookie()->set_path(path);
        EXPECT_THAT(refusal(request), HasSubstr("'sticky_cookie': path: it must begin with '/'")) << path;
    }
    listener.mutable_sticky_cookie()->set_path("/shop");
    EXPECT_EQ(refusal(request), "");
}

TEST_F(Listener, a_cookie_for_all_sites_must_be_secure) {
    listener.mutable_sticky_cookie()->set_same_site(command::NONE);
    EXPECT_EQ(refusal(request), "");
    listener.mutable_sticky_cookie()->set_secure(false);
    EXPECT_THAT(refusal(request), HasSubstr("same_site: browsers take none only with secure"));
    listener.mutable_sticky_cookie()->set_same_site(command::LAX);
    EXPECT_EQ(refusal(request), "");
}

TEST(CheckBackend, its_sticky_id_can_be_the_value_of_a_cookie) {
    Request request = backend("c", "b", "127.0.0.1:1");
    for (const char* id : {"a b", "a;b", "a,b", "\"a\"", "a\\b", "ä"}) {
        request.mutable_add_backend()->set_sticky_id(id);
        EXPECT_THAT(refusal(request), HasSubstr("'sticky_id': no value of a cookie")) << id;
    }
    request.mutable_add_backend()->set_sticky_id("b-0-[::1]:9000/=");
    EXPECT_EQ(refusal(request), "");
}

// ---- who may come in

TEST_F(ClusterOf, a_wrong_credential_is_told_by_its_number_and_not_by_its_text) {
    settings.add_authorized_hashes("ann:" + std::string(64, '0'));
    settings.add_authorized_hashes("bob:secret");
    EXPECT_THAT(refusal(request), HasSubstr("'authorized_hashes': entry 2: the hash is none of"));
    EXPECT_THAT(refusal(request), testing::Not(HasSubstr("secret")));
}

TEST_F(ClusterOf, the_challenge_stays_on_one_line) {
    settings.set_www_authenticate("Basic realm=\"shop\"");
    EXPECT_EQ(refusal(request), "");
    settings.set_www_authenticate("Basic\r\nX: y");
    EXPECT_THAT(refusal(request), HasSubstr("'www_authenticate': it has a control character"));
}

// ---- backends and their states

TEST(CheckBackend, that_is_ready_need_not_say_so) {
    Request request = backend("c", "b", "127.0.0.1:1");
    request.mutable_add_backend()->set_state(command::READY);
    EXPECT_FALSE((*check(request))->add_backend().has_state());
    request.mutable_add_backend()->set_state(command::DRAIN);
    EXPECT_EQ((*check(request))->add_backend().state(), command::DRAIN);
}

TEST(CheckBackend, its_state_is_changed_by_all_that_names_it) {
    EXPECT_TRUE(is_change(backend_state("c", "b", "127.0.0.1:1", command::DRAIN)));
    EXPECT_THAT(refusal(backend_state("", "b", "127.0.0.1:1", command::DRAIN)), HasSubstr("'cluster_id'"));
    EXPECT_THAT(refusal(backend_state("c", "", "127.0.0.1:1", command::DRAIN)), HasSubstr("'backend_id'"));
    EXPECT_THAT(refusal(backend_state("c", "b", "127.0.0.1:0", command::DRAIN)), HasSubstr("'address'"));
}

// ---- updates

TEST_F(Update, may_say_nothing_but_the_address) {
    EXPECT_EQ(refusal(request), "");
    EXPECT_TRUE(is_change(request));
    update.mutable_address()->set_port(0);
    EXPECT_THAT(refusal(request), HasSubstr("'address'"));
}

TEST_F(Update, follows_the_rules_of_listeners) {
    update.set_front_timeout(0);
    update.set_h2_max_ping_per_window(0);
    update.set_sticky_name("");
    update.set_sozu_id_header("a b");
    update.set_max_header_fields(1001);
    update.mutable_trusted_proxies()->add_values("x");
    update.set_expect_proxy(true);
    (*update.mutable_answers())["404"] = "x";
    const auto checked = check_every_field(request);
    ASSERT_FALSE(checked.has_value());
    std::vector<std::string> fields;
    for (const Refusal& each : checked.error()) fields.push_back(each.field);
    EXPECT_THAT(fields, testing::UnorderedElementsAre("front_timeout", "h2_max_ping_per_window", "sticky_name",
                                                      "sozu_id_header", "max_header_fields", "trusted_proxies",
                                                      "expect_proxy", "answers"));
}

TEST(CheckTcpUpdate, follows_the_rules_of_listeners) {
    Request request = tcp_update("[::ffff:127.0.0.1]:80");
    request.mutable_update_tcp_listener()->set_back_timeout(5);
    const auto checked = check(request);
    ASSERT_TRUE(checked.has_value());
    EXPECT_EQ(checked_address((*checked)->update_tcp_listener().address()).text(), "127.0.0.1:80");
    request.mutable_update_tcp_listener()->set_back_timeout(0);
    EXPECT_THAT(refusal(request), HasSubstr("'back_timeout'"));
}

TEST(CheckUpdate, of_a_kind_that_is_not_there_is_refused_by_its_name) {
    Request udp;
    *udp.mutable_update_udp_listener()->mutable_address() = wire("127.0.0.1:53");
    EXPECT_EQ(refusal(udp), "UDP is not available yet");
}

TEST(CheckTwice, changes_nothing) {
    Request listener = http_listener("127.0.0.1:80");
    listener.mutable_add_http_listener()->mutable_http_answers()->set_answer_404(answer_text("404"));
    listener.mutable_add_http_listener()->mutable_trusted_proxies()->add_values("10.0.0.0/8");
    Request update = http_update("127.0.0.1:80");
    update.mutable_update_http_listener()->mutable_http_answers()->set_answer_404("");
    for (const Request& request : {listener, update}) {
        const auto once = check(request);
        ASSERT_TRUE(once.has_value());
        const auto twice = check(**once);
        ASSERT_TRUE(twice.has_value());
        EXPECT_TRUE(same_message(**once, **twice));
    }
}

}  // namespace
}  // namespace seki::config
