#include "base/unix_address.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace seki {
namespace {

UniqueFd unix_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

TEST(UnixAddress, leads_to_who_is_bound_to_the_same_path) {
    std::string folder = "/tmp/seki-address-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const auto address = UnixAddress::at(folder + "/socket");
    ASSERT_TRUE(address);
    const UniqueFd server = unix_socket();
    ASSERT_EQ(address->bind(server.get()), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
    EXPECT_EQ(address->connect(unix_socket().get()), 0);
    std::filesystem::remove_all(folder);
}

TEST(UnixAddress, may_be_a_name_that_is_in_no_file_system) {
    const std::string name = "@seki-address-" + std::to_string(::getpid());
    const auto address = UnixAddress::of(name);
    ASSERT_TRUE(address);
    const UniqueFd server = unix_socket();
    ASSERT_EQ(address->bind(server.get()), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
    EXPECT_EQ(address->connect(unix_socket().get()), 0);
    EXPECT_NE(UnixAddress::of(name + "x")->connect(unix_socket().get()), 0);
    EXPECT_NE(UnixAddress::of(name.substr(0, name.size() - 1))->connect(unix_socket().get()), 0);
    EXPECT_EQ(UnixAddress::of("@").error().message, "the name behind '@' is missing");
    EXPECT_TRUE(UnixAddress::of("@" + std::string(106, 'x')));
    EXPECT_FALSE(UnixAddress::of("@" + std::string(107, 'x')));
}

TEST(UnixAddress, is_refused_for_a_path_that_no_socket_can_have) {
    const auto reason = [](size_t size) {
        const auto address = UnixAddress::at(std::string(size, 'x'));
        return address ? "" : address.error().message;
    };
    EXPECT_EQ(reason(0), "the path is missing");
    EXPECT_EQ(reason(107), "");
    EXPECT_EQ(reason(108), "a path of 108 bytes is too long for a socket (at most 107)");
}

}  // namespace
}  // namespace seki
