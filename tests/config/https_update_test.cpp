// Changing HTTPS listeners and frontends where they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/certificates.h"
#include "config/state.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* here = "127.0.0.1:443";

struct HttpsUpdate : testing::Test {
    State state;
    const SocketAddress address = *SocketAddress::parse(here);

    HttpsUpdate() {
        Request request = https_listener(here);
        command::HttpsListenerConfig& listener = *request.mutable_add_https_listener();
        const auto pair = x509::made::pair();
        listener.set_certificate(pair.certificate);
        listener.set_key(pair.key);
        listener.add_alpn_protocols("http/1.1");
        listener.mutable_hsts()->set_enabled(true);
        listener.mutable_hsts()->set_preload(true);
        (*listener.mutable_answers())["404"] = answer_text("404");
        must(request);
        must(activate(command::HTTPS, here));
        must(https_frontend("c", here, "a.example"));
    }
    Result<Undo> apply(const Request& request) {
        auto checked = check(request);
        if (!checked) return std::unexpected(checked.error());
        return state.apply(*checked);
    }
    void must(const Request& request) {
        const auto applied = apply(request);
        EXPECT_TRUE(applied.has_value()) << applied.error().message;
    }
    const command::HttpsListenerConfig& listener() { return *state.table<HttpsListeners>().find(address); }
    const command::RequestHttpFrontend& frontend() { return state.table<HttpsFrontends>().entries().begin()->second; }
    State copy() {
        State other;
        for (const Request& change : snapshot(state)) {
            const auto checked = check(change);
            SEKI_CHECK(checked.has_value());
            EXPECT_TRUE(other.apply(*checked).has_value());
        }
        return other;
    }
};

TEST_F(HttpsUpdate, changes_what_it_names_and_keeps_the_rest) {
    Request request = https_update(here);
    command::UpdateHttpsListenerConfig& update = *request.mutable_update_https_listener();
    update.set_strict_sni_binding(false);
    update.set_handshake_timeout(3);
    update.set_own_tls_records(false);
    update.mutable_hsts()->set_enabled(false);
    (*update.mutable_answers())["404"] = "";
    must(request);
    EXPECT_FALSE(listener().strict_sni_binding());
    EXPECT_EQ(listener().handshake_timeout(), 3U);
    EXPECT_FALSE(listener().own_tls_records());
    EXPECT_FALSE(listener().hsts().enabled() || listener().hsts().has_preload()) << "the whole policy is another one";
    EXPECT_TRUE(listener().answers().empty());
    EXPECT_THAT(listener().alpn_protocols(), ElementsAre("http/1.1"));
    EXPECT_TRUE(listener().active() && listener().has_certificate());
}

TEST_F(HttpsUpdate, tells_an_empty_list_of_protocols_from_none) {
    Request request = https_update(here);
    request.mutable_update_https_listener()->mutable_alpn_protocols()->add_values("h2");
    request.mutable_update_https_listener()->mutable_alpn_protocols()->add_values("http/1.1");
    must(request);
    EXPECT_THAT(listener().alpn_protocols(), ElementsAre("h2", "http/1.1"));
    request.mutable_update_https_listener()->mutable_alpn_protocols()->clear_values();
    must(request);
    EXPECT_THAT(listener().alpn_protocols(), ElementsAre());
}

TEST_F(HttpsUpdate, is_judged_with_what_the_listener_has) {
    Request request = https_update(here);
    request.mutable_update_https_listener()->set_max_uri_bytes(100'000);
    const auto applied = apply(request);
    ASSERT_FALSE(applied.has_value());
    EXPECT_THAT(applied.error().message, HasSubstr("max_uri_bytes"));
}

TEST_F(HttpsUpdate, without_an_effect_is_told_so) {
    Request request = https_update(here);
    request.mutable_update_https_listener()->mutable_client_auth_policy();
    EXPECT_TRUE(apply(request)->empty());
    EXPECT_FALSE(listener().has_client_auth());
}

TEST_F(HttpsUpdate, is_what_a_difference_consists_of) {
    const State before = copy();
    Request request = https_update(here);
    request.mutable_update_https_listener()->set_strict_sni_binding(false);
    request.mutable_update_https_listener()->mutable_alpn_protocols();
    must(request);
    const auto changes = diff(before, state);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(changes[0].has_update_https_listener());
}

TEST_F(HttpsUpdate, cannot_exchange_the_certificate_of_the_listener) {
    State other = copy();
    must(remove_listener(command::HTTPS, here));
    must(https_listener(here));
    std::vector<std::string> verbs;
    for (const Request& change : diff(other, state)) verbs.push_back(verb_name(change));
    EXPECT_THAT(verbs, ElementsAre("RemoveListener", "AddHttpsListener"));
}

TEST_F(HttpsUpdate, changes_a_frontend_too) {
    Request request;
    command::UpdateHttpFrontend& update = *request.mutable_update_https_frontend();
    *update.mutable_address() = wire(here);
    update.set_hostname("A.example");
    update.mutable_hsts()->set_enabled(true);
    const State before = copy();
    must(request);
    EXPECT_EQ(frontend().hsts().max_age(), 31'536'000U);
    EXPECT_EQ(frontend().cluster_id(), "c");
    EXPECT_TRUE(diff(before, state).at(0).has_update_https_frontend());
    update.set_hostname("b.example");
    EXPECT_FALSE(apply(request).has_value());
}

TEST_F(HttpsUpdate, removes_a_frontend_by_what_it_is_for) {
    Request request;
    *request.mutable_remove_https_frontend()->mutable_address() = wire(here);
    request.mutable_remove_https_frontend()->set_hostname("a.EXAMPLE");
    must(request);
    EXPECT_TRUE(state.table<HttpsFrontends>().entries().empty());
}

}  // namespace
}  // namespace seki::config
