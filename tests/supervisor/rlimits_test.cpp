#include "supervisor/rlimits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/convert.h"

namespace seki::supervisor {
namespace {

using ::testing::HasSubstr;

DescriptorNeed need(uint64_t max_connections) {
    command::ServerConfig config;
    config::fill_required(config);
    config.set_max_connections(max_connections);
    return descriptor_need(config, 2, 1);
}

TEST(DescriptorLimit, is_raised_to_what_is_wanted_and_no_further) {
    const auto chosen = choose_limit(need(1000), {1024, 1'000'000}, 1000);
    ASSERT_TRUE(chosen);
    EXPECT_EQ(*chosen, need(1000).wanted);
    EXPECT_GE(*chosen, 2000U);
}

TEST(DescriptorLimit, has_room_for_every_listening_socket_and_its_copy) {
    command::ServerConfig config;
    config::fill_required(config);
    config.set_max_connections(10);
    const DescriptorNeed many = descriptor_need(config, 8, 1000);
    EXPECT_GE(many.minimum, 2U * 8 * 1000);
    EXPECT_GE(many.wanted, many.minimum);
}

TEST(DescriptorLimit, is_never_lowered) {
    EXPECT_EQ(choose_limit(need(10), {500'000, 1'000'000}, 10).value(), 500'000U);
}

TEST(DescriptorLimit, may_be_less_than_wanted_as_long_as_half_of_the_clients_can_have_a_backend) {
    const auto chosen = choose_limit(need(12'000), {1024, 20'000}, 12'000);
    ASSERT_TRUE(chosen) << chosen.error().message;
    EXPECT_EQ(*chosen, 20'000U);
    EXPECT_LT(*chosen, need(12'000).wanted);
}

TEST(DescriptorLimit, that_cannot_do_is_refused_with_the_numbers) {
    const auto chosen = choose_limit(need(20'000), {1024, 20'000}, 20'000);
    ASSERT_FALSE(chosen);
    EXPECT_THAT(chosen.error().message, HasSubstr("max_connections = 20000"));
    EXPECT_THAT(chosen.error().message, HasSubstr("hard limit is 20000"));
}

}  // namespace
}  // namespace seki::supervisor
