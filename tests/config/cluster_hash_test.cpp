// The values are those that Sōzu 2.3.3 computes for the same things.

#include "config/cluster_hash.h"

#include <gtest/gtest.h>

#include "config/state.h"
#include "config/things.h"

namespace seki::config {
namespace {

constexpr uint64_t of_the_cluster = 5'721'835'684'237'481'157U;
constexpr uint64_t with_a_backend = 5'588'247'955'322'450'172U;
constexpr uint64_t with_a_tcp_frontend = 10'406'025'256'234'216'063U;
constexpr uint64_t with_an_http_frontend = 16'042'422'876'420'069'986U;

uint64_t hash_of(const std::vector<command::Request>& requests) {
    State state;
    for (const command::Request& request : requests) {
        auto checked = check(request);
        SEKI_CHECK(checked.has_value());
        EXPECT_TRUE(state.apply(*checked).has_value());
    }
    return cluster_hash(state, "app-1");
}

command::Request weighted_backend() {
    command::Request request = backend("app-1", "app-1-0", "127.0.0.1:8080");
    request.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(100);
    return request;
}

command::Request tagged_frontend() {
    command::Request request = http_frontend("app-1", "127.0.0.1:80", "example.com");
    request.mutable_add_http_frontend()->mutable_path()->set_value("/");
    (*request.mutable_add_http_frontend()->mutable_tags())["k"] = "v";
    return request;
}

TEST(ClusterHash, of_what_sozu_knows_is_the_one_that_sozu_computes) {
    EXPECT_EQ(hash_of({cluster("app-1")}), of_the_cluster);
    EXPECT_EQ(hash_of({cluster("app-1"), weighted_backend()}), with_a_backend);
    EXPECT_EQ(hash_of({cluster("app-1"), weighted_backend(), tcp_frontend("app-1", "127.0.0.1:9000")}),
              with_a_tcp_frontend);
    EXPECT_EQ(
        hash_of({cluster("app-1"), weighted_backend(), tcp_frontend("app-1", "127.0.0.1:9000"), tagged_frontend()}),
        with_an_http_frontend);
}

TEST(ClusterHash, tells_our_own_fields_apart_when_they_are_there) {
    command::Request front = cluster("app-1");
    front.mutable_add_cluster()->set_front_timeout(5);
    command::Request back = cluster("app-1");
    back.mutable_add_cluster()->set_back_timeout(5);
    command::Request limited = cluster("app-1");
    limited.mutable_add_cluster()->mutable_rate_limit()->set_requests_per_second(5);
    EXPECT_NE(hash_of({front}), of_the_cluster);
    EXPECT_NE(hash_of({front}), hash_of({back}));
    EXPECT_NE(hash_of({limited}), of_the_cluster);
}

TEST(ClusterHash, of_a_backend_that_is_ready_again_is_the_one_before) {
    command::Request drained = weighted_backend();
    drained.mutable_add_backend()->set_state(command::DRAIN);
    command::Request ready = weighted_backend();
    ready.mutable_add_backend()->set_state(command::READY);
    EXPECT_NE(hash_of({cluster("app-1"), drained}), with_a_backend);
    EXPECT_EQ(hash_of({cluster("app-1"), ready}), with_a_backend);
}

}  // namespace
}  // namespace seki::config
