#include "supervisor/lifelines.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/check.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct LifelinesTest : ::testing::Test {
    static constexpr Duration patience = std::chrono::seconds(60);
    std::string folder = made_folder();
    Lifelines lifelines{folder + "/seki.sock"};

    ~LifelinesTest() override { std::filesystem::remove_all(folder); }
    static std::string made_folder() {
        char name[] = "/tmp/seki-lifelines-XXXXXX";
        SEKI_CHECK(::mkdtemp(name) != nullptr);
        return name;
    }
    [[nodiscard]] std::string path(const std::string& end) const { return folder + "/seki.sock.worker-" + end; }
};

TEST_F(LifelinesTest, are_found_by_the_number_of_the_process_and_are_for_our_user_only) {
    const auto socket = lifelines.open(4242);
    ASSERT_TRUE(socket) << socket.error().message;
    struct stat about{};
    ASSERT_EQ(::stat(path("4242").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    for (const char* other : {"x", "", "12x", "-5", "0", "99999999999999999999"}) std::ofstream(path(other)) << "none";
    EXPECT_THAT(lifelines.workers(), ElementsAre(4242));
    const auto connected = lifelines.connect(4242, patience);
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_TRUE(connected->valid());
    EXPECT_TRUE(lifelines.any());
    lifelines.remove(4242);
    EXPECT_THAT(lifelines.workers(), IsEmpty());
    EXPECT_FALSE(lifelines.any());
}

TEST_F(LifelinesTest, whose_worker_has_ended_connect_to_nobody_and_make_room_for_the_next_of_that_number) {
    lifelines.open(4242).value().reset();
    auto connected = lifelines.connect(4242, patience);
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_FALSE(connected->valid());
    EXPECT_FALSE(lifelines.any());
    const auto next = lifelines.open(4242);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_TRUE(lifelines.connect(4242, patience)->valid());
    EXPECT_FALSE(lifelines.connect(4243, patience)->valid()) << "there is no such file";
}

TEST_F(LifelinesTest, are_no_other_files) {
    std::ofstream(path("4242")) << "none";
    const auto connected = lifelines.connect(4242, patience);
    ASSERT_FALSE(connected);
    EXPECT_THAT(connected.error().message, HasSubstr("a file that is no socket"));
}

TEST_F(LifelinesTest, cannot_be_where_the_path_is_too_long) {
    const Lifelines far(folder + "/" + std::string(100, 'x'));
    const auto socket = far.open(4242);
    ASSERT_FALSE(socket);
    EXPECT_THAT(socket.error().message, HasSubstr("too long for a socket"));
}

}  // namespace
}  // namespace seki::supervisor
