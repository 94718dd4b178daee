// Changing what is there where it is: listeners, the states of backends, the limit of connections.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/state.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using testing::HasSubstr;

Result<Undo> apply(State& state, const Request& request) {
    auto checked = check(request);
    SEKI_CHECK(checked.has_value());
    return state.apply(*checked);
}

struct UpdateTest : testing::Test {
    State state;
    const SocketAddress address = *SocketAddress::parse("127.0.0.1:80");

    UpdateTest() {
        Request added = http_listener("127.0.0.1:80");
        command::HttpListenerConfig& listener = *added.mutable_add_http_listener();
        listener.set_sozu_id_header("X-Id");
        listener.set_front_timeout(7);
        (*listener.mutable_answers())["404"] = answer_text("404");
        (*listener.mutable_answers())["503"] = answer_text("503");
        must(added);
        must(activate(command::HTTP, "127.0.0.1:80"));
        must(tcp_listener("127.0.0.1:81"));
        must(backend("c", "b", "127.0.0.1:1"));
    }
    void must(const Request& request) {
        const auto applied = apply(state, request);
        EXPECT_TRUE(applied.has_value()) << applied.error().message;
    }
    const command::HttpListenerConfig& http() { return *state.table<HttpListeners>().find(address); }
    const command::AddBackend& only_backend() { return state.table<Backends>().entries().begin()->second; }
    State copy() {
        State other;
        for (const Request& change : snapshot(state)) EXPECT_TRUE(apply(other, change).has_value());
        return other;
    }
};

TEST_F(UpdateTest, changes_what_it_names_and_keeps_the_rest) {
    Request request = http_update("127.0.0.1:80");
    request.mutable_update_http_listener()->set_back_timeout(5);
    request.mutable_update_http_listener()->set_send_x_real_ip(true);
    request.mutable_update_http_listener()->set_max_body_bytes(1'000'000);
    must(request);
    EXPECT_EQ(http().back_timeout(), 5);
    EXPECT_TRUE(http().send_x_real_ip());
    EXPECT_EQ(http().max_body_bytes(), 1'000'000);
    EXPECT_EQ(http().front_timeout(), 7);
    EXPECT_EQ(http().sozu_id_header(), "X-Id");
    EXPECT_EQ(http().answers_size(), 2);
    EXPECT_TRUE(http().active());
}

TEST_F(UpdateTest, every_field_of_it_has_its_place_in_the_listener) {
    const auto expect_places = [](const google::protobuf::Descriptor& update,
                                  const google::protobuf::Descriptor& listener) {
        for (int i = 0; i < update.field_count(); ++i) {
            const auto* field = update.field(i);
            const auto* target = listener.FindFieldByName(field->name());
            ASSERT_NE(target, nullptr) << field->full_name();
            EXPECT_EQ(target->type(), field->type()) << field->full_name();
            EXPECT_EQ(target->is_repeated(), field->is_repeated()) << field->full_name();
        }
    };
    expect_places(*command::UpdateHttpListenerConfig::descriptor(), *command::HttpListenerConfig::descriptor());
    expect_places(*command::UpdateTcpListenerConfig::descriptor(), *command::TcpListenerConfig::descriptor());
}

TEST_F(UpdateTest, replaces_answers_one_by_one_and_removes_those_without_text) {
    Request request = http_update("127.0.0.1:80");
    (*request.mutable_update_http_listener()->mutable_answers())["404"] = answer_text("404", "new");
    (*request.mutable_update_http_listener()->mutable_answers())["503"] = "";
    (*request.mutable_update_http_listener()->mutable_answers())["502"] = answer_text("502");
    must(request);
    EXPECT_EQ(http().answers_size(), 2);
    EXPECT_THAT(http().answers().at("404"), testing::EndsWith("new"));
    EXPECT_TRUE(http().answers().contains("502"));
}

TEST_F(UpdateTest, replaces_lists_and_cookies_as_a_whole) {
    Request request = http_update("127.0.0.1:80");
    request.mutable_update_http_listener()->mutable_trusted_proxies()->add_values("10.0.0.0/8");
    request.mutable_update_http_listener()->mutable_sticky_cookie()->set_max_age(5);
    must(request);
    request.mutable_update_http_listener()->mutable_trusted_proxies()->clear_values();
    request.mutable_update_http_listener()->mutable_sticky_cookie()->clear_max_age();
    request.mutable_update_http_listener()->mutable_sticky_cookie()->set_path("/a");
    request.mutable_update_http_listener()->set_path_normalization(command::PathNormalization::STRICT);
    must(request);
    EXPECT_EQ(http().path_normalization(), command::PathNormalization::STRICT);
    EXPECT_TRUE(http().has_trusted_proxies());
    EXPECT_EQ(http().trusted_proxies().values_size(), 0);
    EXPECT_FALSE(http().sticky_cookie().has_max_age());
    EXPECT_EQ(http().sticky_cookie().path(), "/a");
}

TEST_F(UpdateTest, of_a_listener_that_is_not_there_is_refused) {
    const State before = copy();
    EXPECT_EQ(apply(state, http_update("127.0.0.1:81")).error().message,
              "Did not find HttpListener with address or id '127.0.0.1:81'");
    EXPECT_EQ(apply(state, tcp_update("127.0.0.1:80")).error().message,
              "Did not find TcpListener with address or id '127.0.0.1:80'");
    EXPECT_TRUE(state.same_as(before));
}

TEST_F(UpdateTest, that_the_rest_of_the_listener_excludes_is_refused) {
    Request request = http_update("127.0.0.1:80");
    request.mutable_update_http_listener()->set_max_uri_bytes(8000);
    must(request);
    request = http_update("127.0.0.1:80");
    request.mutable_update_http_listener()->set_max_header_bytes(4000);
    const auto refused = apply(state, request);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("8000 is more than max_header_bytes, 4000"));
    EXPECT_FALSE(http().has_max_header_bytes());
}

TEST_F(UpdateTest, is_taken_back_by_its_undo) {
    const State before = copy();
    Request request = tcp_update("127.0.0.1:81");
    request.mutable_update_tcp_listener()->set_front_timeout(99);
    auto undo = apply(state, request);
    ASSERT_TRUE(undo.has_value());
    EXPECT_FALSE(state.same_as(before));
    state.undo(std::move(*undo));
    EXPECT_TRUE(state.same_as(before));
}

TEST_F(UpdateTest, that_changes_nothing_has_nothing_to_undo) {
    Request request = http_update("127.0.0.1:80");
    request.mutable_update_http_listener()->set_front_timeout(7);
    const auto undo = apply(state, request);
    ASSERT_TRUE(undo.has_value());
    EXPECT_TRUE(undo->empty());
}

// ---- states of backends

TEST_F(UpdateTest, the_state_of_a_backend_is_part_of_it) {
    must(backend_state("c", "b", "127.0.0.1:1", command::DRAIN));
    EXPECT_EQ(only_backend().state(), command::DRAIN);
    EXPECT_TRUE(copy().same_as(state));
    must(backend_state("c", "b", "127.0.0.1:1", command::READY));
    EXPECT_FALSE(only_backend().has_state());
}

TEST_F(UpdateTest, the_state_of_a_backend_that_is_not_there_is_refused) {
    for (const auto& request : {backend_state("x", "b", "127.0.0.1:1", command::DRAIN),
                                backend_state("c", "x", "127.0.0.1:1", command::DRAIN),
                                backend_state("c", "b", "127.0.0.1:2", command::DRAIN)}) {
        const auto refused = apply(state, request);
        ASSERT_FALSE(refused.has_value());
        EXPECT_THAT(refused.error().message, HasSubstr("Did not find Backend"));
    }
}

TEST_F(UpdateTest, the_same_state_again_changes_nothing) {
    EXPECT_TRUE(apply(state, backend_state("c", "b", "127.0.0.1:1", command::READY))->empty());
    auto undo = apply(state, backend_state("c", "b", "127.0.0.1:1", command::MAINTENANCE));
    EXPECT_TRUE(apply(state, backend_state("c", "b", "127.0.0.1:1", command::MAINTENANCE))->empty());
    state.undo(std::move(*undo));
    EXPECT_EQ(only_backend().state(), command::READY);
}

// ---- the limit of connections

TEST_F(UpdateTest, the_limit_of_connections_is_part_of_the_state) {
    EXPECT_EQ(state.limits().max_connections_per_ip, 0);
    auto undo = apply(state, connection_limit(5));
    ASSERT_TRUE(undo.has_value());
    EXPECT_EQ(state.limits().max_connections_per_ip, 5);
    EXPECT_EQ(copy().limits().max_connections_per_ip, 5);
    EXPECT_FALSE(state.same_as(State()));
    EXPECT_TRUE(apply(state, connection_limit(5))->empty());
    state.undo(std::move(*undo));
    EXPECT_EQ(state.limits().max_connections_per_ip, 0);
}

TEST_F(UpdateTest, the_secret_of_tickets_is_part_of_the_state) {
    auto undo = apply(state, ticket_secret('a'));
    ASSERT_TRUE(undo.has_value());
    EXPECT_EQ(state.ticket_secret(), std::string(32, 'a'));
    EXPECT_EQ(copy().ticket_secret(), std::string(32, 'a'));
    EXPECT_TRUE(apply(state, ticket_secret('a'))->empty());
    State before = copy();
    auto second = apply(state, ticket_secret('b'));
    EXPECT_FALSE(state.same_as(before));
    const auto changes = diff(before, state);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].set_tls_ticket_secret(), std::string(32, 'b'));
    state.undo(std::move(*second));
    state.undo(std::move(*undo));
    EXPECT_EQ(state.ticket_secret(), "");
}

// ---- differences

TEST_F(UpdateTest, a_difference_is_an_update_where_one_leads_there) {
    State from = copy();
    Request request = http_update("127.0.0.1:80");
    request.mutable_update_http_listener()->set_back_timeout(5);
    (*request.mutable_update_http_listener()->mutable_answers())["503"] = "";
    must(request);
    must(activate(command::HTTP, "127.0.0.1:80", false));
    must(backend_state("c", "b", "127.0.0.1:1", command::DRAIN));
    must(connection_limit(5));
    const auto changes = diff(from, state);
    ASSERT_EQ(changes.size(), 4);
    EXPECT_TRUE(changes[0].has_deactivate_listener());
    EXPECT_TRUE(changes[1].has_update_http_listener());
    EXPECT_TRUE(changes[2].has_set_backend_state());
    EXPECT_EQ(changes[3].set_max_connections_per_ip(), 5);
    for (const Request& change : changes) EXPECT_TRUE(apply(from, change).has_value());
    EXPECT_TRUE(from.same_as(state));
}

TEST_F(UpdateTest, a_difference_is_a_new_listener_where_something_must_become_absent) {
    State to = copy();
    Request request = http_update("127.0.0.1:80");
    *request.mutable_update_http_listener()->mutable_public_address() = wire("192.0.2.1:80");
    must(request);
    const auto changes = diff(state, to);
    ASSERT_EQ(changes.size(), 3);
    EXPECT_TRUE(changes[0].has_remove_listener());
    EXPECT_TRUE(changes[1].has_add_http_listener());
    EXPECT_TRUE(changes[2].has_activate_listener());
    for (const Request& change : changes) EXPECT_TRUE(apply(state, change).has_value());
    EXPECT_TRUE(to.same_as(state));
}

TEST_F(UpdateTest, a_backend_that_differs_in_more_than_its_state_is_added_again) {
    State from = copy();
    Request heavier = backend("c", "b", "127.0.0.1:1");
    heavier.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(7);
    heavier.mutable_add_backend()->set_state(command::DRAIN);
    must(heavier);
    const auto changes = diff(from, state);
    ASSERT_EQ(changes.size(), 1);
    EXPECT_TRUE(changes[0].has_add_backend());
}

}  // namespace
}  // namespace seki::config
