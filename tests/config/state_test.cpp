#include "config/state.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/random.h"
#include "config/query.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;

Checked<Request> checked(const Request& request) {
    auto checked = check(request);
    SEKI_CHECK(checked.has_value());
    return std::move(*checked);
}

Result<Undo> apply(State& state, const Request& request) { return state.apply(checked(request)); }

State state_of(const std::vector<Request>& requests) {
    State state;
    for (const Request& request : requests) EXPECT_TRUE(apply(state, request).has_value()) << verb_name(request);
    return state;
}

std::vector<Request> whole() {
    return {http_listener("127.0.0.1:80"),
            tcp_listener("[::1]:81"),
            cluster("a"),
            backend("a", "1", "127.0.0.1:9000"),
            http_frontend("a", "127.0.0.1:80", "example.com"),
            tcp_frontend("a", "[::1]:81"),
            activate(command::HTTP, "127.0.0.1:80")};
}

TEST(State, applies_changes_to_the_table_of_their_kind) {
    const State state = state_of(whole());
    EXPECT_EQ(state.table<HttpListeners>().entries().size(), 1);
    EXPECT_EQ(state.table<TcpListeners>().entries().size(), 1);
    EXPECT_EQ(state.table<Clusters>().entries().size(), 1);
    EXPECT_EQ(state.table<Backends>().entries().size(), 1);
    EXPECT_EQ(state.table<HttpFrontends>().entries().size(), 1);
    EXPECT_EQ(state.table<TcpFrontends>().entries().size(), 1);
    EXPECT_TRUE(state.table<HttpListeners>().entries().begin()->second.active());
    EXPECT_FALSE(state.table<TcpListeners>().entries().begin()->second.active());
}

TEST(State, takes_listeners_and_routes_only_once_and_replaces_clusters_and_backends) {
    State state = state_of(whole());
    EXPECT_FALSE(apply(state, http_listener("127.0.0.1:80")).has_value());
    EXPECT_FALSE(apply(state, tcp_listener("[::1]:81")).has_value());
    EXPECT_FALSE(apply(state, http_frontend("b", "127.0.0.1:80", "EXAMPLE.com")).has_value());
    EXPECT_FALSE(apply(state, tcp_frontend("b", "[::1]:81")).has_value());
    EXPECT_TRUE(state.same_as(state_of(whole())));

    Request stronger = backend("a", "1", "127.0.0.1:9000");
    stronger.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(7);
    EXPECT_TRUE(apply(state, stronger).has_value());
    EXPECT_TRUE(apply(state, cluster("a")).has_value());
    EXPECT_EQ(state.table<Backends>().entries().size(), 1);
    EXPECT_EQ(state.table<Backends>().entries().begin()->second.load_balancing_parameters().weight(), 7);
}

TEST(State, gives_an_address_to_one_listener_of_whatever_kind) {
    State state = state_of(whole());
    EXPECT_EQ(apply(state, tcp_listener("127.0.0.1:80")).error().message,
              "there is already an HTTP listener on 127.0.0.1:80");
    EXPECT_EQ(apply(state, http_listener("[::1]:81")).error().message, "there is already a TCP listener on [::1]:81");
    EXPECT_TRUE(state.same_as(state_of(whole())));

    ASSERT_TRUE(apply(state, remove_listener(command::HTTP, "127.0.0.1:80")).has_value());
    EXPECT_TRUE(apply(state, tcp_listener("127.0.0.1:80")).has_value());
}

TEST(State, refuses_to_remove_what_is_not_there) {
    State state = state_of(whole());
    EXPECT_EQ(apply(state, without_cluster("b")).error().message, "Did not find Cluster with address or id 'b'");
    EXPECT_FALSE(apply(state, remove_listener(command::TCP, "127.0.0.1:80")).has_value());
    EXPECT_FALSE(apply(state, activate(command::TCP, "127.0.0.1:80")).has_value());
    EXPECT_TRUE(state.same_as(state_of(whole())));
}

TEST(State, says_what_is_not_there_and_what_may_have_been_meant) {
    State state = state_of({cluster("shop"), cluster("blog"), backend("shop", "one", "127.0.0.1:9000")});
    const auto why = [&](const Request& change) { return apply(state, change).error().message; };
    EXPECT_EQ(why(without_cluster("shopp")), "Did not find Cluster with address or id 'shopp'; did you mean 'shop'?");
    EXPECT_EQ(why(without_cluster("unlike")), "Did not find Cluster with address or id 'unlike'");
    EXPECT_EQ(why(without_backend("shop", "two", "127.0.0.1:9000")),
              "dispatching this request did not bring any change to the state: cluster 'shop' has no backend 'two' on "
              "127.0.0.1:9000");
    EXPECT_EQ(why(without_backend("shpo", "one", "127.0.0.1:9000")),
              "Did not find Backend with address or id 'one': there is no cluster 'shpo'; did you mean 'shop'?");
    EXPECT_EQ(why(without_backend("blog", "one", "127.0.0.1:9000")),
              "Did not find Backend with address or id 'one': cluster 'blog' has none");
    EXPECT_EQ(
        why(remove_listener(command::HTTP, "127.0.0.1:80")),
        "dispatching this request did not bring any change to the state: there is no HttpListener '127.0.0.1:80'");
}

TEST(State, looks_for_what_was_meant_only_where_that_is_soon_done) {
    State state;
    for (int number = 0; number <= 100; ++number)
        ASSERT_TRUE(apply(state, cluster(fmt::format("cluster-{}", number))).has_value());
    EXPECT_EQ(apply(state, without_cluster("cluster-x")).error().message,
              "Did not find Cluster with address or id 'cluster-x'");
}

TEST(State, removes_with_a_cluster_what_belongs_to_it_alone) {
    State state = state_of(whole());
    Request denied = http_frontend("a", "127.0.0.1:80", "denied.example");
    denied.mutable_add_http_frontend()->clear_cluster_id();
    Request split = https_frontend("a", "127.0.0.1:443", "split.example");
    split.mutable_add_https_frontend()->clear_cluster_id();
    for (const char* id : {"a", "b"}) {
        command::ClusterShare& share = *split.mutable_add_https_frontend()->add_split();
        share.set_cluster_id(id);
        share.set_weight(1);
    }
    for (const Request& more : {denied, split, http_frontend("b", "127.0.0.1:80", "b.example"), cluster("b"),
                                backend("b", "1", "127.0.0.1:9000")})
        ASSERT_TRUE(apply(state, more).has_value());
    const State before = state.copy();
    auto undo = apply(state, without_cluster("a"));
    ASSERT_TRUE(undo.has_value());
    std::vector<std::string> removals;
    for (const Request& removal : undo->removals()) removals.push_back(verb_name(removal));
    EXPECT_THAT(removals, testing::UnorderedElementsAre("RemoveHttpFrontend", "RemoveTcpFrontend", "RemoveBackend"));
    EXPECT_EQ(state.table<HttpFrontends>().entries().size(), 2);
    EXPECT_EQ(state.table<HttpsFrontends>().entries().size(), 1) << "half of its requests go elsewhere";
    EXPECT_EQ(state.table<TcpFrontends>().entries().size(), 0);
    EXPECT_EQ(state.table<Backends>().entries().size(), 1);
    state.undo(std::move(*undo));
    EXPECT_TRUE(state.same_as(before));
}

TEST(State, takes_it_well_when_what_went_with_its_cluster_is_removed_afterwards) {
    State state = state_of(whole());
    ASSERT_TRUE(apply(state, without_cluster("a")).has_value());
    EXPECT_FALSE(apply(state, without_cluster("a")).has_value());
    Request http = http_frontend("a", "127.0.0.1:80", "example.com");
    Request removal;
    *removal.mutable_remove_http_frontend() = http.add_http_frontend();
    Request tunnel;
    *tunnel.mutable_remove_tcp_frontend() = tcp_frontend("a", "[::1]:81").add_tcp_frontend();
    for (const Request& request : {removal, tunnel, without_backend("a", "1", "127.0.0.1:9000")}) {
        const auto undo = apply(state, request);
        ASSERT_TRUE(undo.has_value()) << verb_name(request);
        EXPECT_TRUE(undo->empty());
    }
    EXPECT_FALSE(apply(state, without_backend("a", "2", "127.0.0.1:9000")).has_value()) << "that one never was";
    removal.mutable_remove_http_frontend()->set_hostname("other.example");
    EXPECT_FALSE(apply(state, removal).has_value());
}

TEST(State, knows_a_listener_by_its_interface_too) {
    State state;
    Request bound = http_listener("127.0.0.1:80");
    bound.mutable_add_http_listener()->set_interface("lo");
    ASSERT_TRUE(apply(state, bound).has_value());
    EXPECT_FALSE(apply(state, http_listener("127.0.0.1:80")).has_value()) << "an address has one listener";
    Request named = activate(command::HTTP, "127.0.0.1:80");
    EXPECT_FALSE(apply(state, named).has_value());
    named.mutable_activate_listener()->set_interface("lo");
    EXPECT_TRUE(apply(state, named).has_value());
    EXPECT_EQ(interface_of(state, {command::HTTP, checked_address(wire("127.0.0.1:80"))}), "lo");
    Request removal = remove_listener(command::HTTP, "127.0.0.1:80");
    EXPECT_FALSE(apply(state, removal).has_value());
    std::vector<Request> changes = diff(state, State());
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].remove_listener().interface(), "lo");
    changes = diff(State(), state);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[1].activate_listener().interface(), "lo");
    EXPECT_TRUE(list_listeners(state).http_listeners().contains("127.0.0.1:80%lo"));
    EXPECT_TRUE(apply(state, changes[1]).has_value());
}

TEST(State, is_undone_by_the_entry_of_the_change) {
    State state = state_of(whole());
    auto undo = apply(state, remove_listener(command::HTTP, "127.0.0.1:80"));
    ASSERT_TRUE(undo.has_value());
    EXPECT_FALSE(state.same_as(state_of(whole())));
    state.undo(std::move(*undo));
    EXPECT_TRUE(state.same_as(state_of(whole())));
}

TEST(State, a_change_that_changes_nothing_has_nothing_to_undo) {
    State state = state_of(whole());
    const auto undo = apply(state, activate(command::HTTP, "127.0.0.1:80"));
    ASSERT_TRUE(undo.has_value());
    EXPECT_TRUE(undo->empty());
}

TEST(State, what_is_sent_again_changes_nothing) {
    State state = state_of(whole());
    EXPECT_TRUE(apply(state, cluster("a"))->empty());
    EXPECT_TRUE(apply(state, backend("a", "1", "127.0.0.1:9000"))->empty());
    Request patient = cluster("a");
    patient.mutable_add_cluster()->set_retry_after(7);
    EXPECT_FALSE(apply(state, patient)->empty());
    EXPECT_FALSE(apply(state, cluster("a"))->empty());
}

TEST(State, a_backend_that_is_sent_again_keeps_the_state_that_was_set_meanwhile) {
    State state = state_of(whole());
    ASSERT_TRUE(apply(state, backend_state("a", "1", "127.0.0.1:9000", command::MAINTENANCE)));
    EXPECT_TRUE(apply(state, backend("a", "1", "127.0.0.1:9000"))->empty());
    Request stronger = backend("a", "1", "127.0.0.1:9000");
    stronger.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(7);
    EXPECT_FALSE(apply(state, stronger)->empty());
    const command::AddBackend& known = state.table<Backends>().entries().begin()->second;
    EXPECT_EQ(known.load_balancing_parameters().weight(), 7);
    EXPECT_EQ(known.state(), command::MAINTENANCE);
    stronger.mutable_add_backend()->set_state(command::DRAIN);
    EXPECT_FALSE(apply(state, stronger)->empty());
    EXPECT_EQ(state.table<Backends>().entries().begin()->second.state(), command::DRAIN);
}

TEST(State, counts_every_verb_that_was_asked_for) {
    State state = state_of(whole());
    EXPECT_FALSE(apply(state, http_listener("127.0.0.1:80")).has_value());
    EXPECT_EQ(state.counts().at("AddHttpListener"), 2);
    EXPECT_EQ(state.counts().at("AddCluster"), 1);
}

TEST(Diff, of_equal_states_is_empty) {
    EXPECT_TRUE(diff(state_of(whole()), state_of(whole())).empty());
    EXPECT_TRUE(snapshot(State()).empty());
}

TEST(Diff, touches_only_what_differs) {
    std::vector<Request> more = whole();
    more.push_back(backend("a", "2", "127.0.0.1:9001"));
    const auto changes = diff(state_of(whole()), state_of(more));
    ASSERT_EQ(changes.size(), 1);
    EXPECT_EQ(changes[0].add_backend().backend_id(), "2");
    const auto back = diff(state_of(more), state_of(whole()));
    ASSERT_EQ(back.size(), 1);
    EXPECT_EQ(back[0].remove_backend().backend_id(), "2");
}

TEST(Diff, only_switches_a_listener_that_differs_in_nothing_else) {
    std::vector<Request> passive = whole();
    passive.pop_back();
    const auto on = diff(state_of(passive), state_of(whole()));
    ASSERT_EQ(on.size(), 1);
    EXPECT_TRUE(on[0].has_activate_listener());
    const auto off = diff(state_of(whole()), state_of(passive));
    ASSERT_EQ(off.size(), 1);
    EXPECT_TRUE(off[0].has_deactivate_listener());
}

// Random changes over few keys, so that things are often there already, or gone.
class Dice {
public:
    explicit Dice(uint64_t seed) : random_(seed) {}

    Request change() {
        switch (random_.below(18)) {
            case 0:
                return listener_with_timeout(http_listener(address()));
            case 1:
                return listener_with_timeout(tcp_listener(address()));
            case 2:
                return cluster_with_retry();
            case 3:
            case 4:
                return weighted_backend();
            case 5:
            case 6:
                return http_frontend(cluster_id(), address(), host());
            case 7:
                return tcp_frontend(cluster_id(), address());
            case 8:
                return remove_listener(random_.below(2) == 0 ? command::HTTP : command::TCP, address());
            case 9:
                return removed_cluster();
            case 10:
                return removed_backend();
            case 11:
                return removed_frontend();
            case 12:
                return updated_listener();
            case 13:
                return backend_in_a_state();
            case 14:
                return connection_limit(random_.below(3));
            default:
                return activate(random_.below(2) == 0 ? command::HTTP : command::TCP, address(), random_.below(3) > 0);
        }
    }

    uint32_t below(uint32_t bound) { return random_.below(bound); }

private:
    std::string address() {
        return random_.below(2) == 0 ? fmt::format("127.0.0.1:{}", 80 + random_.below(3))
                                     : fmt::format("[2001:db8::{}]:80", 1 + random_.below(2));
    }
    std::string cluster_id() { return fmt::format("c{}", random_.below(4)); }
    std::string host() { return fmt::format("h{}.example", random_.below(4)); }

    Request listener_with_timeout(Request request) {
        const uint32_t seconds = 1 + random_.below(2);
        if (request.has_add_http_listener()) {
            request.mutable_add_http_listener()->set_front_timeout(seconds);
            if (random_.below(2) == 0) {
                (*request.mutable_add_http_listener()->mutable_answers())["404"] = answer_text("404");
            }
        }
        if (request.has_add_tcp_listener()) request.mutable_add_tcp_listener()->set_front_timeout(seconds);
        return request;
    }
    Request cluster_with_retry() {
        Request request = cluster(cluster_id());
        if (random_.below(2) == 0) request.mutable_add_cluster()->set_retry_after(random_.below(3));
        return request;
    }
    Request weighted_backend() {
        Request request = backend(cluster_id(), fmt::format("b{}", random_.below(3)), address());
        request.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(
            static_cast<int32_t>(random_.below(2)));
        return request;
    }
    Request updated_listener() {
        if (random_.below(2) == 0) {
            Request request = tcp_update(address());
            request.mutable_update_tcp_listener()->set_back_timeout(1 + random_.below(2));
            return request;
        }
        Request request = http_update(address());
        command::UpdateHttpListenerConfig& update = *request.mutable_update_http_listener();
        if (random_.below(2) == 0) update.set_back_timeout(1 + random_.below(2));
        if (random_.below(4) == 0) update.set_tunnel_timeout(1 + random_.below(2));
        const std::string status = random_.below(2) == 0 ? "404" : "503";
        if (random_.below(2) == 0) (*update.mutable_answers())[status] = "";
        if (random_.below(2) == 0) (*update.mutable_answers())["502"] = answer_text("502", host());
        return request;
    }
    Request backend_in_a_state() {
        const Request added = weighted_backend();
        Request request = backend_state(added.add_backend().cluster_id(), added.add_backend().backend_id(), address(),
                                        static_cast<command::BackendState>(random_.below(3)));
        *request.mutable_set_backend_state()->mutable_address() = added.add_backend().address();
        return request;
    }
    Request removed_cluster() {
        Request request;
        request.set_remove_cluster(cluster_id());
        return request;
    }
    Request removed_backend() {
        const Request added = weighted_backend();
        Request request;
        request.mutable_remove_backend()->set_cluster_id(added.add_backend().cluster_id());
        request.mutable_remove_backend()->set_backend_id(added.add_backend().backend_id());
        *request.mutable_remove_backend()->mutable_address() = added.add_backend().address();
        return request;
    }
    Request removed_frontend() {
        Request request;
        if (random_.below(2) == 0) {
            *request.mutable_remove_http_frontend() =
                http_frontend(cluster_id(), address(), host()).add_http_frontend();
        } else {
            *request.mutable_remove_tcp_frontend() = tcp_frontend(cluster_id(), address()).add_tcp_frontend();
        }
        return request;
    }

    Random random_;
};

State random_state(Dice& dice) {
    State state;
    for (uint32_t i = dice.below(60); i > 0; --i) std::ignore = apply(state, dice.change());
    return state;
}

State rebuilt(const State& state) { return state_of(snapshot(state)); }

class RandomStates : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomStates, undoing_in_reverse_restores_exactly) {
    Dice dice(GetParam());
    State state = random_state(dice);
    const State before = rebuilt(state);
    std::vector<Undo> undos;
    for (int i = 0; i < 40; ++i) {
        auto undo = apply(state, dice.change());
        if (undo) undos.push_back(std::move(*undo));
    }
    while (!undos.empty()) {
        state.undo(std::move(undos.back()));
        undos.pop_back();
    }
    EXPECT_TRUE(state.same_as(before));
}

TEST_P(RandomStates, a_refused_change_leaves_everything_as_it_was) {
    Dice dice(GetParam());
    State state = random_state(dice);
    for (int i = 0; i < 40; ++i) {
        const State before = rebuilt(state);
        if (apply(state, dice.change())) continue;
        EXPECT_TRUE(state.same_as(before));
    }
}

TEST_P(RandomStates, a_snapshot_is_the_difference_to_nothing) {
    Dice dice(GetParam());
    const State state = random_state(dice);
    const std::vector<Request> walked = snapshot(state);
    const std::vector<Request> changes = diff(State(), state);
    ASSERT_EQ(walked.size(), changes.size());
    for (size_t n = 0; n < changes.size(); ++n) EXPECT_TRUE(same_message(walked[n], changes[n]));
}

TEST_P(RandomStates, the_difference_leads_from_one_to_the_other) {
    Dice dice(GetParam());
    State from = random_state(dice);
    const State to = random_state(dice);
    for (const Request& change : diff(from, to)) {
        ASSERT_TRUE(apply(from, change).has_value()) << change.ShortDebugString();
    }
    EXPECT_TRUE(from.same_as(to));
    EXPECT_TRUE(diff(from, to).empty());
}

TEST_P(RandomStates, a_snapshot_rebuilds_the_state) {
    Dice dice(GetParam());
    const State state = random_state(dice);
    EXPECT_TRUE(rebuilt(state).same_as(state));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomStates, testing::Range<uint64_t>(1, 201));

}  // namespace
}  // namespace seki::config
