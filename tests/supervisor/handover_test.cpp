// What one supervisor leaves to the next (proto/handover.proto).

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "supervisor/handover/message.h"

namespace seki::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

handover::Handover one() {
    handover::Handover left;
    left.set_least_reader(handover::FORMAT);
    left.set_version("0.1.0");
    left.set_state_version(7);
    left.mutable_state()->set_fd(40);
    left.mutable_file()->set_fd(41);
    left.mutable_workers()->set_source_table(42);
    left.mutable_workers()->add_vec()->set_channel(43);
    left.mutable_command_socket()->set_fd(44);
    left.mutable_command_socket()->add_clients()->set_fd(45);
    left.add_listeners()->add_sockets(47);
    left.mutable_listeners(0)->add_sockets(46);
    return left;
}

TEST(Handover, names_each_descriptor_once_and_no_standard_stream) {
    EXPECT_THAT(descriptors_of(one()), ElementsAre(40, 41, 42, 43, 44, 45, 46, 47));
    handover::Handover less = one();
    less.clear_file();
    less.mutable_workers()->mutable_vec(0)->set_channel(44);
    EXPECT_THAT(descriptors_of(less), ElementsAre(40, 42, 44, 45, 46, 47));
}

TEST(Handover, is_read_as_it_was_written) {
    const auto memory = write_handover(one());
    ASSERT_TRUE(memory);
    const auto left = read_handover(*memory);
    ASSERT_TRUE(left) << left.error().message;
    EXPECT_EQ(left->SerializeAsString(), one().SerializeAsString());
}

TEST(Handover, of_a_later_format_is_refused_where_it_says_that_it_must_be) {
    handover::Handover later = one();
    later.set_least_reader(handover::FORMAT + 1);
    later.set_version("9.0.0");
    const auto memory = write_handover(later);
    ASSERT_TRUE(memory);
    const auto left = read_handover(*memory);
    ASSERT_FALSE(left);
    EXPECT_THAT(left.error().message, HasSubstr("version 9.0.0, left it in format 2"));
}

TEST(Handover, that_is_none_is_refused) {
    auto writer = command::SealedFrames::Writer::create("test");
    ASSERT_TRUE(writer);
    const auto empty = writer->seal();
    ASSERT_TRUE(empty);
    EXPECT_FALSE(read_handover(*empty));
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(read_handover({UniqueFd(::dup(file.get())), 100}));
}

TEST(Handover, is_taken_by_copies) {
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto copy = copy_left(file.get());
    ASSERT_TRUE(copy);
    EXPECT_NE(copy->get(), file.get());
    EXPECT_EQ(::fcntl(copy->get(), F_GETFD), FD_CLOEXEC);
    EXPECT_FALSE(copy_left(0)) << "a standard stream is nobody's to leave";
    EXPECT_FALSE(copy_left(1 << 20));
}

}  // namespace
}  // namespace seki::supervisor
