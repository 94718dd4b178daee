#include "net/address.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace seki {
namespace {

SocketAddress address(std::string_view text) { return SocketAddress::parse(text).value(); }

SocketAddress through_the_kernel_form(const SocketAddress& from) {
    sockaddr_storage storage{};
    EXPECT_GT(from.to_kernel(storage), 0U);
    return SocketAddress::from_kernel(storage).value();
}

TEST(Address, is_written_as_it_was_read) {
    for (const char* text : {"1.2.3.4:80", "0.0.0.0:0", "255.255.255.255:65535", "[::]:443", "[::1]:80",
                             "[2001:db8::8a2e:370:7334]:8080", "[fe80::1:2:3:4]:1"}) {
        EXPECT_EQ(address(text).text(), text);
    }
    EXPECT_EQ(address("[2001:0DB8:0:0:0:0:0:1]:80").text(), "[2001:db8::1]:80");
}

TEST(Address, the_ip_alone_has_no_brackets) {
    EXPECT_EQ(address("10.0.0.9:80").ip_text(), "10.0.0.9");
    EXPECT_EQ(address("[::1]:80").ip_text(), "::1");
}

TEST(Address, the_longest_texts_fit_the_named_sizes) {
    EXPECT_LE(address("[1111:2222:3333:4444:5555:6666:7777:8888]:65535").text().size(), SocketAddress::max_text_size);
    EXPECT_LE(address("255.255.255.255:65535").ip_text().size(), SocketAddress::max_ip_text_size);
}

TEST(Address, what_is_no_address_is_refused_with_a_reason) {
    for (const char* text : {"",
                             ":",
                             "1.2.3.4",
                             "1.2.3.4:",
                             ":80",
                             "1.2.3.4:65536",
                             "1.2.3.4:-1",
                             "1.2.3.4:+1",
                             "1.2.3.4: 80",
                             "1.2.3:80",
                             "01.2.3.4:80",
                             "1.2.3.256:80",
                             "localhost:80",
                             "::1:80",
                             "[::1]",
                             "[::1:80",
                             "[]:80",
                             "[1.2.3.4]:80",
                             "[fe80::1%eth0]:80",
                             "[:::1]:80",
                             "1.2.3.4:80 ",
                             " 1.2.3.4:80"}) {
        const auto parsed = SocketAddress::parse(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_THAT(parsed.error().message, testing::HasSubstr("is no address")) << text;
    }
    EXPECT_FALSE(SocketAddress::parse(std::string_view("1.2.3.4\0:80", 11)).has_value());
    EXPECT_FALSE(SocketAddress::parse(std::string(1000, '1') + ":80").has_value());
}

TEST(Address, survives_the_form_of_the_kernel) {
    for (const char* text : {"1.2.3.4:80", "[2001:db8::1]:443"}) {
        EXPECT_EQ(through_the_kernel_form(address(text)), address(text));
    }
    sockaddr_storage unix_socket{};
    unix_socket.ss_family = AF_UNIX;
    EXPECT_FALSE(SocketAddress::from_kernel(unix_socket).has_value());
}

TEST(Address, ipv4_inside_ipv6_is_ipv4) {
    sockaddr_storage storage{};
    auto* in = reinterpret_cast<sockaddr_in6*>(&storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(80);
    in->sin6_addr = in6_addr{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1}}};
    EXPECT_EQ(SocketAddress::from_kernel(storage).value(), address("192.0.2.1:80"));
    EXPECT_EQ(address("[::ffff:192.0.2.1]:80"), address("192.0.2.1:80"));
    EXPECT_TRUE(address("[::ffff:192.0.2.1]:80").is_v4());
}

TEST(Address, an_integer_is_an_ipv4_address) {
    EXPECT_EQ(SocketAddress::v4(0x7F000001, 8080), address("127.0.0.1:8080"));
    EXPECT_EQ(address("127.0.0.1:8080").with_port(1).text(), "127.0.0.1:1");
}

TEST(Address, orders_by_family_then_ip_then_port) {
    std::vector<SocketAddress> addresses{address("[::1]:1"),     address("10.0.0.2:1"),  address("10.0.0.1:2"),
                                         address("10.0.0.1:10"), address("9.0.0.255:9"), address("[::]:99")};
    std::ranges::sort(addresses);
    std::vector<std::string> texts;
    for (const SocketAddress& each : addresses) texts.push_back(each.text());
    EXPECT_THAT(texts,
                testing::ElementsAre("9.0.0.255:9", "10.0.0.1:2", "10.0.0.1:10", "10.0.0.2:1", "[::]:99", "[::1]:1"));
}

TEST(Address, equal_addresses_hash_alike_and_others_hardly_ever) {
    EXPECT_EQ(address("1.2.3.4:5").hash(), address("1.2.3.4:5").hash());
    std::vector<size_t> hashes;
    for (uint32_t ip = 0; ip < 100; ++ip) {
        for (uint16_t port = 0; port < 100; ++port) hashes.push_back(SocketAddress::v4(0x0A000000 + ip, port).hash());
    }
    hashes.push_back(address("[::]:0").hash());
    std::ranges::sort(hashes);
    EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end());
}

TEST(Address, of_this_machine_are_known) {
    for (const char* text : {"127.0.0.1:1", "127.255.255.255:1", "[::1]:1", "[::ffff:127.0.0.1]:1"})
        EXPECT_TRUE(SocketAddress::parse(text)->is_loopback()) << text;
    for (const char* text : {"126.255.255.255:1", "128.0.0.1:1", "0.0.0.0:1", "[::]:1", "[::2]:1", "[1::1]:1"})
        EXPECT_FALSE(SocketAddress::parse(text)->is_loopback()) << text;
}

}  // namespace
}  // namespace seki
