#include "supervisor/listening_sockets.h"

#include <netinet/tcp.h>

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

int option(const UniqueFd& fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(fd.get(), level, name, &value, &size), 0);
    return value;
}

TEST(ListeningSockets, are_one_for_each_slot_of_a_listener) {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets sockets(3, 16);
    ASSERT_TRUE(sockets.open(key));
    for (uint32_t slot = 0; slot < 3; ++slot) {
        const auto copy = sockets.copy(key, slot);
        ASSERT_TRUE(copy);
        EXPECT_EQ(option(*copy, SOL_SOCKET, SO_ACCEPTCONN), 1);
        EXPECT_EQ(option(*copy, SOL_SOCKET, SO_REUSEPORT), 1);
        EXPECT_EQ(option(*copy, IPPROTO_TCP, TCP_NODELAY), 1);
    }
}

TEST(ListeningSockets, an_ipv6_listener_is_for_ipv6_only) {
    SocketAddress address = SocketAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, free_address().port());
    ListeningSockets sockets(1, 16);
    const auto opened = sockets.open({command::TCP, address});
    if (!opened) GTEST_SKIP() << "no IPv6 here: " << opened.error().message;
    const auto copy = sockets.copy({command::TCP, address}, 0);
    ASSERT_TRUE(copy);
    EXPECT_EQ(option(*copy, IPPROTO_IPV6, IPV6_V6ONLY), 1);
}

TEST(ListeningSockets, an_address_that_others_share_by_reuseport_is_in_use) {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets others(1, 16);
    ASSERT_TRUE(others.open(key));
    ListeningSockets sockets(1, 16);
    const auto opened = sockets.open(key);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr(key.address.text() + ": the address is already in use"));
    EXPECT_FALSE(sockets.is_open(key));
}

TEST(ListeningSockets, live_as_long_as_somebody_has_a_copy) {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets sockets(1, 16);
    ASSERT_TRUE(sockets.open(key));
    auto copy = sockets.copy(key, 0);
    ASSERT_TRUE(copy);
    sockets.close_all();
    EXPECT_TRUE(accepts(key.address));
    copy->reset();
    EXPECT_FALSE(accepts(key.address));
}

TEST(ListeningSockets, taken_out_are_not_open_but_not_closed_either) {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets sockets(2, 16);
    ASSERT_TRUE(sockets.open(key));
    auto out = sockets.take_out(key);
    EXPECT_THAT(out, SizeIs(2));
    EXPECT_FALSE(sockets.is_open(key));
    EXPECT_TRUE(accepts(key.address));
    out.clear();
    EXPECT_FALSE(accepts(key.address));
    EXPECT_TRUE(sockets.open(key)) << "the address is free again";
}

}  // namespace
}  // namespace seki::supervisor
