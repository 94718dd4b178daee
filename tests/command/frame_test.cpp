#include "command/frame.h"

#include <gtest/gtest.h>

#include "command.pb.h"

namespace seki::command {
namespace {

using namespace std::string_view_literals;

std::string frame_of(const google::protobuf::MessageLite& message) {
    std::string out;
    EXPECT_TRUE(append_frame(out, message, 1000));
    return out;
}

std::string prefix(uint64_t size) {
    std::string bytes;
    for (int index = 0; index < 8; ++index) bytes.push_back(static_cast<char>(size >> (8 * index)));
    return bytes;
}

TEST(Frame, has_the_bytes_that_other_implementations_send) {
    ::command::Request status;
    status.mutable_status();
    EXPECT_EQ(frame_of(status), "\x0a\0\0\0\0\0\0\0\x62\0"sv);

    ::command::Response ok;
    ok.set_status(::command::OK);
    ok.set_message("");
    EXPECT_EQ(frame_of(ok), "\x0c\0\0\0\0\0\0\0\x08\0\x12\0"sv);
}

TEST(Frame, is_incomplete_at_every_split_and_whole_at_its_last_byte) {
    ::command::Request request;
    request.set_remove_cluster("shop");
    const std::string frame = frame_of(request);
    for (size_t size = 0; size < frame.size(); ++size) {
        const Decoded decoded = decode_frame(std::string_view(frame).substr(0, size), 1000);
        ASSERT_TRUE(std::holds_alternative<Incomplete>(decoded)) << size;
        EXPECT_EQ(std::get<Incomplete>(decoded).frame_bytes, size < 8 ? 0 : frame.size());
    }
    const std::string bytes = frame + "more";
    const Decoded decoded = decode_frame(bytes, 1000);
    ASSERT_TRUE(std::holds_alternative<Frame>(decoded));
    EXPECT_EQ(std::get<Frame>(decoded).consumed, frame.size());
    EXPECT_EQ(std::get<Frame>(decoded).payload, request.SerializeAsString());
}

TEST(Frame, may_be_empty) {
    const std::string bytes = prefix(8);
    const Decoded decoded = decode_frame(bytes, 8);
    ASSERT_TRUE(std::holds_alternative<Frame>(decoded));
    EXPECT_EQ(std::get<Frame>(decoded).payload, "");
}

TEST(Frame, a_size_below_that_of_the_prefix_is_skipped_as_a_prefix) {
    const Decoded decoded = decode_frame(prefix(7), 1000);
    ASSERT_TRUE(std::holds_alternative<Malformed>(decoded));
    EXPECT_EQ(std::get<Malformed>(decoded).skip, 8U);
}

TEST(Frame, a_size_above_the_limit_is_known_from_the_prefix_alone) {
    EXPECT_TRUE(std::holds_alternative<Incomplete>(decode_frame(prefix(1000), 1000)));
    for (const uint64_t size : {uint64_t{1001}, uint64_t{1} << 32U, UINT64_MAX}) {
        const Decoded decoded = decode_frame(prefix(size), 1000);
        ASSERT_TRUE(std::holds_alternative<Malformed>(decoded));
        EXPECT_EQ(std::get<Malformed>(decoded).skip, size);
    }
}

TEST(Frame, that_would_be_too_large_is_not_written) {
    ::command::Request request;
    request.set_remove_cluster(std::string(100, 'x'));
    std::string out = "before";
    EXPECT_FALSE(append_frame(out, request, 100));
    EXPECT_EQ(out, "before");
}

}  // namespace
}  // namespace seki::command
