#include "config/rebase.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/random.h"
#include "config/difference.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::IsEmpty;

void make(State& state, const Request& request) {
    auto checked = check(request);
    ASSERT_TRUE(checked) << checked.error().message;
    const auto applied = state.apply(*checked);
    ASSERT_TRUE(applied) << applied.error().message;
}

State state_of(const std::vector<Request>& requests) {
    State state;
    for (const Request& request : requests) make(state, request);
    return state;
}

std::vector<Request> file() {
    return {http_listener("127.0.0.1:80"), cluster("a"), backend("a", "1", "127.0.0.1:9000"),
            http_frontend("a", "127.0.0.1:80", "example.com"), activate(command::HTTP, "127.0.0.1:80")};
}

Request weighted(int weight) {
    Request request = backend("a", "1", "127.0.0.1:9000");
    request.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(weight);
    return request;
}

std::vector<std::string> lines(const State& from, const State& to) {
    std::vector<std::string> lines;
    const command::Differences all = differences(from, to, 100);
    for (const command::Difference& found : all.vec()) {
        std::string line = fmt::format("{} {} {}", DifferenceKind_Name(found.kind()), found.thing(), found.name());
        for (const std::string& field : found.fields()) line += " " + field;
        lines.push_back(line);
    }
    return lines;
}

TEST(Rebase, a_file_that_was_not_edited_changes_nothing) {
    State running = state_of(file());
    make(running, cluster("b"));
    make(running, backend_state("a", "1", "127.0.0.1:9000", command::DRAIN));
    const auto target = rebase(state_of(file()), state_of(file()), running);
    ASSERT_TRUE(target);
    EXPECT_TRUE(target->same_as(running));
}

TEST(Rebase, what_came_became_otherwise_or_went_in_the_file_does_so) {
    const State said = state_of(file());
    std::vector<Request> edited = file();
    edited[2] = weighted(7);
    edited.erase(edited.begin() + 3);
    edited.push_back(cluster("c"));
    State running = state_of(file());
    make(running, cluster("b"));
    const auto target = rebase(said, state_of(edited), running);
    ASSERT_TRUE(target);
    EXPECT_THAT(lines(running, *target),
                ElementsAre("ADDED Cluster c", "CHANGED Backend a 1 127.0.0.1:9000 load_balancing_parameters",
                            "REMOVED HttpFrontend 127.0.0.1:80;example.com;P"));
}

TEST(Rebase, what_was_set_at_run_time_stays_unless_the_file_says_otherwise_now) {
    std::vector<Request> edited = file();
    edited[2] = weighted(7);
    State running = state_of(file());
    make(running, backend_state("a", "1", "127.0.0.1:9000", command::DRAIN));
    const auto target = rebase(state_of(file()), state_of(edited), running);
    ASSERT_TRUE(target);
    const auto* backend = target->table<Backends>().find({"a", "1", *SocketAddress::parse("127.0.0.1:9000")});
    ASSERT_NE(backend, nullptr);
    EXPECT_EQ(backend->state(), command::DRAIN);
    EXPECT_EQ(backend->load_balancing_parameters().weight(), 7);
}

TEST(Rebase, a_state_of_a_backend_that_the_file_takes_back_is_gone) {
    std::vector<Request> drained = file();
    drained[2].mutable_add_backend()->set_state(command::DRAIN);
    for (const Request& says : {file()[2], weighted(7)}) {
        std::vector<Request> edited = file();
        edited[2] = says;
        const auto target = rebase(state_of(drained), state_of(edited), state_of(drained));
        ASSERT_TRUE(target);
        EXPECT_TRUE(target->same_as(state_of(edited)));
    }
}

TEST(Rebase, a_cluster_that_was_removed_at_run_time_stays_away_with_what_was_its) {
    State running = state_of(file());
    Request removed;
    removed.set_remove_cluster("a");
    make(running, removed);
    const auto target = rebase(state_of(file()), state_of(file()), running);
    ASSERT_TRUE(target);
    EXPECT_TRUE(target->same_as(running));
}

TEST(Rebase, an_address_goes_from_one_kind_of_listener_to_another) {
    const State said = state_of({http_listener("127.0.0.1:80"), activate(command::HTTP, "127.0.0.1:80")});
    const State says = state_of({tcp_listener("127.0.0.1:80"), activate(command::TCP, "127.0.0.1:80")});
    const auto target = rebase(said, says, said);
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_TRUE(target->same_as(says));
}

TEST(Rebase, what_is_in_the_way_is_told) {
    State running;
    make(running, tcp_listener("127.0.0.1:80"));
    const auto target = rebase(State(), state_of(file()), running);
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().message, "there is already a TCP listener on 127.0.0.1:80");
}

TEST(Rebase, a_limit_is_one_of_the_things) {
    State running;
    make(running, connection_limit(9));
    EXPECT_EQ(rebase(State(), State(), running)->limits().max_connections_per_ip, 9U);
    EXPECT_EQ(rebase(State(), state_of({connection_limit(3)}), running)->limits().max_connections_per_ip, 3U);
}

TEST(Rebase, a_secret_of_tickets_that_was_set_at_run_time_stays) {
    const State running = state_of({ticket_secret('s')});
    EXPECT_EQ(rebase(State(), State(), running)->ticket_secret(), std::string(32, 's'));
    const auto found = differences(State(), running, 10);
    ASSERT_EQ(found.vec_size(), 1);
    EXPECT_EQ(found.vec(0).thing(), "TlsTicketSecret");
    EXPECT_THAT(found.DebugString(), testing::Not(testing::HasSubstr("sss")));
}

TEST(Differences, there_are_none_between_equals_and_what_has_no_room_is_counted) {
    const State state = state_of(file());
    EXPECT_THAT(lines(state, state), IsEmpty());
    const auto found = differences(State(), state, 1);
    EXPECT_EQ(found.vec_size(), 1);
    EXPECT_EQ(found.omitted(), 3U);
}

State random_state(Random& random) {
    State state;
    const auto some = [&](uint32_t below) { return static_cast<uint32_t>(random.below(below)); };
    for (uint32_t count = some(40); count > 0; --count) {
        const std::string id(1, static_cast<char>('a' + some(4)));
        const std::string address = fmt::format("127.0.0.{}:80", 1 + some(3));
        std::vector<Request> choices{http_listener(address),
                                     tcp_listener(address),
                                     https_listener(address),
                                     activate(command::HTTP, address),
                                     activate(command::TCP, address),
                                     cluster(id),
                                     weighted(static_cast<int>(1 + some(3))),
                                     backend(id, "1", address),
                                     http_frontend(id, address, id + ".example"),
                                     https_frontend(id, address, id + ".example"),
                                     tcp_frontend(id, address),
                                     connection_limit(some(3))};
        auto checked = check(choices[some(static_cast<uint32_t>(choices.size()))]);
        if (checked) static_cast<void>(state.apply(*checked));
    }
    return state;
}

TEST(Rebase, an_edit_of_all_that_there_is_leads_to_what_the_file_says) {
    for (uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        const State said = random_state(random);
        const State says = random_state(random);
        const auto target = rebase(said, says, said);
        ASSERT_TRUE(target) << target.error().message << " seed " << seed;
        EXPECT_TRUE(target->same_as(says)) << "seed " << seed;
        EXPECT_EQ(differences(said, says, 1000).vec().empty(), said.same_as(says)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace seki::config
