#include "config/listener_key.h"

#include <gtest/gtest.h>

#include "worker.pb.h"

namespace seki::config {
namespace {

worker::ListeningSocket socket_of(uint32_t type) {
    worker::ListeningSocket socket;
    socket.set_type(command::HTTP);
    *socket.mutable_address() = to_wire(SocketAddress::v4(0x7F000001, 80));
    socket.set_slot(0);
    // As another version would write it.
    std::string bytes = socket.SerializeAsString();
    const auto* field = worker::ListeningSocket::descriptor()->FindFieldByName("type");
    bytes[1] = static_cast<char>(type);
    EXPECT_EQ(bytes[0], static_cast<char>(field->number() << 3));
    worker::ListeningSocket read;
    EXPECT_TRUE(read.ParsePartialFromString(bytes));
    return read;
}

TEST(ListenerKey, knows_every_kind_of_the_schema) {
    for (const auto type : {command::HTTP, command::HTTPS, command::TCP, command::UDP}) {
        const auto key = listener_key(socket_of(type));
        ASSERT_TRUE(key) << key.error().message;
        EXPECT_EQ(key->type, type);
        EXPECT_EQ(key->text(), "127.0.0.1:80");
    }
}

TEST(ListenerKey, of_a_kind_that_is_not_known_is_none) {
    const auto key = listener_key(socket_of(9));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().message, "a listener of no kind that this version knows");
}

TEST(ListenerKey, of_an_address_that_is_none_is_none) {
    worker::ListeningSocket socket = socket_of(command::TCP);
    socket.mutable_address()->set_port(70'000);
    EXPECT_FALSE(listener_key(socket));
}

TEST(ListenerKey, tells_kinds_at_one_address_apart) {
    const SocketAddress address = SocketAddress::v4(0x7F000001, 53);
    EXPECT_NE((ListenerKey{command::TCP, address}), (ListenerKey{command::UDP, address}));
    EXPECT_NE((ListenerKey{command::HTTP, address}), (ListenerKey{command::HTTPS, address}));
}

TEST(ListenerKey, only_udp_has_ports_of_its_own) {
    EXPECT_FALSE(share_ports(command::TCP, command::UDP));
    EXPECT_FALSE(share_ports(command::UDP, command::HTTPS));
    EXPECT_TRUE(share_ports(command::UDP, command::UDP));
    EXPECT_TRUE(share_ports(command::HTTP, command::TCP));
    EXPECT_TRUE(share_ports(command::HTTP, command::HTTPS));
}

}  // namespace
}  // namespace seki::config
