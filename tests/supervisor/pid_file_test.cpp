#include "supervisor/pid_file.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

struct PidFiles : Scene {
    const std::string path = folder + "/pid";

    void put(const std::string& text) const { std::ofstream(path) << text; }
    [[nodiscard]] std::string content() const {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
};

// No file may grow while it lives.
class FullDisk {
public:
    FullDisk() {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

TEST_F(PidFiles, hold_our_number_alone_whatever_was_there_and_go_with_us) {
    put("12345678901234567890\n");
    {
        const auto file = PidFile::write(path);
        ASSERT_TRUE(file) << file.error().message;
        EXPECT_EQ(content(), std::to_string(::getpid()));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(PidFiles, of_a_successor_stay) {
    {
        const auto file = PidFile::write(path);
        ASSERT_TRUE(file);
        put("1");
    }
    EXPECT_EQ(content(), "1");
}

TEST_F(PidFiles, of_another_instance_stay_as_they_are_where_the_disk_is_full) {
    put("1");
    {
        const FullDisk full;
        EXPECT_FALSE(PidFile::write(path));
        EXPECT_FALSE(PidFile::write(folder + "/new"));
    }
    EXPECT_EQ(content(), "1");
    EXPECT_FALSE(std::filesystem::exists(folder + "/new"));
}

TEST_F(PidFiles, are_regular_files_and_nothing_else_is_touched_or_waited_for) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(PidFile::write(path));
    EXPECT_TRUE(std::filesystem::is_fifo(path));
    const std::string device = folder + "/device";  // a link, since who is root could remove the device itself
    std::filesystem::create_symlink("/dev/null", device);
    EXPECT_FALSE(PidFile::write(device));
    EXPECT_TRUE(std::filesystem::is_symlink(device));
    std::filesystem::remove(device);
}

}  // namespace
}  // namespace seki::supervisor
