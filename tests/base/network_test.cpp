#include "base/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace seki {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

Network network(std::string_view text) { return Network::parse(text).value(); }

std::vector<Network> networks(const std::vector<const char*>& texts) {
    std::vector<Network> parsed;
    for (const char* text : texts) parsed.push_back(network(text));
    return parsed;
}

TEST(IpAddress, is_written_as_it_was_read) {
    for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::8a2e:370:7334"}) {
        EXPECT_EQ(ip(text).text(), text);
    }
}

TEST(IpAddress, ipv4_inside_ipv6_is_ipv4) {
    EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
    EXPECT_EQ(ip("::ffff:c000:201"), ip("192.0.2.1"));
    EXPECT_NE(ip("::192.0.2.1"), ip("192.0.2.1"));
}

TEST(IpAddress, what_is_no_address_is_none) {
    for (const char* text : {"", "1.2.3", "01.2.3.4", "1.2.3.4:80", "[::1]", "fe80::1%eth0", "localhost", " ::1"}) {
        EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
    }
}

TEST(Network, is_written_as_it_was_read) {
    for (const char* text :
         {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1", "::/0", "2001:db8::/32", "::1"}) {
        EXPECT_EQ(network(text).text(), text);
    }
    EXPECT_EQ(network("192.0.2.1/32").text(), "192.0.2.1");
}

TEST(Network, of_an_address_is_the_one_of_that_size_around_it) {
    EXPECT_EQ(Network::around(ip("192.0.2.77"), 24), network("192.0.2.0/24"));
    EXPECT_EQ(Network::around(ip("192.0.2.77"), 0), network("0.0.0.0/0"));
    EXPECT_EQ(Network::around(ip("192.0.2.77"), 128), network("192.0.2.77"));
    EXPECT_EQ(Network::around(ip("2001:db8:0:1::7"), 64), network("2001:db8:0:1::/64"));
    EXPECT_EQ(Network::around(ip("::ffff:192.0.2.77"), 24), network("192.0.2.0/24"));
}

TEST(Network, contains_the_addresses_that_begin_like_it) {
    EXPECT_TRUE(network("10.0.0.0/8").contains(ip("10.255.0.1")));
    EXPECT_FALSE(network("10.0.0.0/8").contains(ip("11.0.0.0")));
    EXPECT_TRUE(network("192.0.2.128/25").contains(ip("192.0.2.255")));
    EXPECT_FALSE(network("192.0.2.128/25").contains(ip("192.0.2.127")));
    EXPECT_TRUE(network("192.0.2.1").contains(ip("192.0.2.1")));
    EXPECT_FALSE(network("192.0.2.1").contains(ip("192.0.2.0")));
    EXPECT_TRUE(network("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
    EXPECT_FALSE(network("2001:db8::/33").contains(ip("2001:db8:8000::1")));
}

TEST(Network, each_family_has_its_own) {
    EXPECT_TRUE(network("::/0").contains(ip("2001:db8::1")));
    EXPECT_FALSE(network("::/0").contains(ip("192.0.2.1")));
    EXPECT_TRUE(network("0.0.0.0/0").contains(ip("192.0.2.1")));
    EXPECT_FALSE(network("0.0.0.0/0").contains(ip("::")));
}

TEST(Network, of_ipv4_inside_ipv6_is_one_of_ipv4) {
    EXPECT_EQ(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
    EXPECT_EQ(network("::ffff:0:0/96"), network("0.0.0.0/0"));
    EXPECT_TRUE(network("192.0.2.0/24").contains(ip("::ffff:192.0.2.9")));
}

TEST(Network, what_is_no_network_is_refused_with_a_reason) {
    for (const char* text :
         {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0/8", "::/129",
          "::ffff:10.0.0.0/95", "localhost/8", "10.0.0.1/8", "2001:db8::1/32"}) {
        const auto parsed = Network::parse(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_THAT(parsed.error().message, testing::HasSubstr("is no network")) << text;
    }
    EXPECT_EQ(Network::parse("10.1.2.3/8").error().message,
              "'10.1.2.3/8' is no network: it has bits beyond its prefix; write 10.0.0.0/8 or 10.1.2.3");
}

TEST(NetworkSet, contains_what_one_of_its_networks_contains) {
    const NetworkSet set(networks({"192.0.2.0/24", "10.1.0.0/16", "10.0.0.0/8", "2001:db8::/32", "10.0.0.0/9"}));
    for (const char* inside : {"10.0.0.0", "10.1.2.3", "10.255.255.255", "192.0.2.77", "2001:db8::1"}) {
        EXPECT_TRUE(set.contains(ip(inside))) << inside;
    }
    for (const char* outside : {"9.255.255.255", "11.0.0.0", "192.0.3.0", "0.0.0.0", "2001:db9::", "::"}) {
        EXPECT_FALSE(set.contains(ip(outside))) << outside;
    }
    EXPECT_FALSE(NetworkSet().contains(ip("10.0.0.1")));
    EXPECT_TRUE(NetworkSet().empty());
}

TEST(NetworkSet, agrees_with_asking_one_network_after_the_other) {
    Random random(20261125);
    for (int round = 0; round < 200; ++round) {
        std::vector<Network> list;
        for (uint32_t n = random.below(12); n > 0; --n) {
            const uint32_t prefix = random.below(33);
            const uint64_t mask = ~uint64_t{0} << (32 - prefix);
            const auto address = IpAddress::v4(static_cast<uint32_t>(random.below(1 << 16) * 0x10001U & mask));
            list.push_back(network(fmt::format("{}/{}", address.text(), prefix)));
        }
        const NetworkSet set(list);
        for (int n = 0; n < 100; ++n) {
            const auto address = IpAddress::v4(random.below(1 << 16) * 0x10001U + random.below(3) - 1);
            const bool expected =
                std::ranges::any_of(list, [&](const Network& each) { return each.contains(address); });
            EXPECT_EQ(set.contains(address), expected) << address.text();
        }
    }
}

}  // namespace
}  // namespace seki
