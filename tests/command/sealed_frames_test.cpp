#include "command/sealed_frames.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "base/few_descriptors.h"
#include "command/frame.h"

namespace seki::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

::command::Request say(std::string text) {
    ::command::Request request;
    request.set_remove_cluster(std::move(text));
    return request;
}

SealedFrames::Memory sealed(const std::vector<std::string>& texts) {
    auto writer = SealedFrames::Writer::create("test");
    EXPECT_TRUE(writer);
    for (const std::string& text : texts) EXPECT_TRUE(writer->append(say(text)));
    return std::move(writer->seal().value());
}

// What is in it, or the error.
std::vector<std::string> read(UniqueFd fd, uint64_t bytes) {
    auto frames = SealedFrames::open(std::move(fd), bytes);
    if (!frames) return {frames.error().message};
    std::vector<std::string> texts;
    for (;;) {
        const auto frame = frames->next();
        if (!frame) {
            texts.push_back(frame.error().message);
            return texts;
        }
        if (!*frame) return texts;
        ::command::Request request;
        EXPECT_TRUE(request.ParsePartialFromArray((*frame)->data(), static_cast<int>((*frame)->size())));
        texts.push_back(request.remove_cluster());
    }
}

// One that nobody could change any more.
UniqueFd holding(std::string_view bytes) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    return fd;
}

TEST(SealedFrames, are_read_in_order_by_each_who_has_a_copy) {
    const auto memory = sealed({"one", std::string(100'000, 'x'), "three"});
    for (int reader = 0; reader < 2; ++reader) {
        EXPECT_THAT(read(memory.copy().value(), memory.bytes), ElementsAre("one", std::string(100'000, 'x'), "three"));
    }
}

TEST(SealedFrames, may_be_none) { EXPECT_THAT(read(sealed({}).copy().value(), 0), IsEmpty()); }

TEST(SealedFrames, cannot_be_changed_by_anybody) {
    const auto memory = sealed({"one"});
    EXPECT_LT(::pwrite(memory.fd.get(), "x", 1, 0), 0);
    EXPECT_NE(::ftruncate(memory.fd.get(), 0), 0);
    EXPECT_EQ(::mmap(nullptr, memory.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd.get(), 0), MAP_FAILED);
}

TEST(SealedFrames, that_are_not_sealed_are_refused) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::write(fd.get(), "12345678", 8), 8);
    EXPECT_THAT(read(std::move(fd), 8), ElementsAre("the shared memory is not sealed"));
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const UniqueFd other(pipe[1]);
    EXPECT_THAT(read(UniqueFd(pipe[0]), 0), ElementsAre("the shared memory is not sealed"));
}

TEST(SealedFrames, of_another_size_are_refused) {
    auto memory = sealed({"one"});
    EXPECT_THAT(read(std::move(memory.fd), memory.bytes + 1), ElementsAre(HasSubstr("bytes and not")));
}

TEST(SealedFrames, that_end_in_the_middle_or_have_no_size_are_refused_where_that_is) {
    std::string good;
    ASSERT_TRUE(append_frame(good, say("one"), 1000));
    for (const std::string& rest :
         {good.substr(0, good.size() - 1), std::string("123"), std::string(8, '\0'), std::string(8, '\xff')}) {
        const std::string bytes = good + rest;
        EXPECT_THAT(read(holding(bytes), bytes.size()),
                    ElementsAre("one", "the shared memory ends in the middle of a frame, or one has no size"));
    }
}

TEST(SealedFrames, that_there_is_no_room_for_are_an_error) {
    auto writer = SealedFrames::Writer::create("test");
    ASSERT_TRUE(writer);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit few{100, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &few), 0);
    const auto written = writer->append(say(std::string(1000, 'x')));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, ignored);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, "cannot write memory to share: File too large");
}

TEST(SealedFrames, without_a_descriptor_are_an_error) {
    const auto memory = sealed({"one"});
    const FewDescriptors none(0);
    EXPECT_FALSE(SealedFrames::Writer::create("test"));
    EXPECT_FALSE(memory.copy());
}

}  // namespace
}  // namespace seki::command
