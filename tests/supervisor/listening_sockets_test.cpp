#include "supervisor/listening_sockets.h"

#include <netinet/tcp.h>
#include <sys/stat.h>

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

// Whether both are descriptors of one socket.
bool are_one(const UniqueFd& a, const UniqueFd& b) {
    struct stat of_a{};
    struct stat of_b{};
    return ::fstat(a.get(), &of_a) == 0 && ::fstat(b.get(), &of_b) == 0 && of_a.st_ino == of_b.st_ino;
}

TEST(ListeningSockets, those_that_are_adopted_are_listened_with_and_others_where_there_are_none) {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets former(3, 16);
    ASSERT_TRUE(former.open(key));
    ListeningSockets sockets(1, 16);
    sockets.adopt(key.address, 2, std::move(*former.copy(key, 2)), "");
    EXPECT_EQ(sockets.slots(), 3U) << "nobody who waits there is forgotten";
    const ListenerKey of_another_kind{command::TCP, key.address};
    ASSERT_TRUE(sockets.open(of_another_kind));
    EXPECT_TRUE(are_one(*sockets.copy(of_another_kind, 2), *former.copy(key, 2)));
    EXPECT_FALSE(are_one(*sockets.copy(of_another_kind, 0), *former.copy(key, 0)));
    EXPECT_EQ(option(*sockets.copy(of_another_kind, 2), SOL_SOCKET, SO_KEEPALIVE), 1) << "a tunnel may be silent";
}

TEST(ListeningSockets, who_is_adopted_is_not_in_the_way_of_an_address_that_covers_it_and_is_of_one_that_does_not) {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets former(1, 16);
    ASSERT_TRUE(former.open(key));
    const ListenerKey other{command::HTTP, free_address()};
    ListeningSockets foreign(1, 16);
    ASSERT_TRUE(foreign.open(other));
    ListeningSockets sockets(1, 16);
    sockets.adopt(key.address, 0, std::move(*former.copy(key, 0)), "");
    EXPECT_TRUE(sockets.open({command::HTTP, SocketAddress::v4(0, key.address.port())}));
    EXPECT_FALSE(sockets.open(other));
    sockets.drop_adopted();
    sockets.close_all();
    EXPECT_FALSE(sockets.open(key)) << "it is somebody else's from then on";
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
