#include "observe/log_sink.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/unix_address.h"
#include "sink_fixture.h"

namespace seki::observe {
namespace {

constexpr WallTime later = noon + std::chrono::seconds(1);

struct LogSinkTest : SinkFixture {
    // A line that tells its number and carries its own checksum: its length depends on the number.
    static std::string numbered(int number) {
        return fmt::format("line {} {}", number, std::string(static_cast<size_t>(number) % 700, 'x'));
    }
};

struct Folder {
    Folder() {
        char name[] = "/tmp/seki-observe-XXXXXX";
        SEKI_CHECK(mkdtemp(name) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(LogSinkTest, lines_wait_for_the_end_of_the_turn) {
    write_line(*sink, "one");
    write_line(*sink, "two");
    EXPECT_EQ(read_all(reader.get()), "");
    EXPECT_EQ(sink->pending_bytes(), 8U);
    EXPECT_EQ(received(), "one\ntwo\n");
    EXPECT_EQ(sink->pending_bytes(), 0U);
}

TEST_F(LogSinkTest, a_stalled_pipe_blocks_nobody_and_loses_only_what_does_not_fit) {
    int kept = 0;
    while (write_line(*sink, numbered(kept))) ++kept;
    for (int i = 0; i < 41; ++i) EXPECT_FALSE(write_line(*sink, "too many"));
    EXPECT_EQ(sink->lost_lines(), 42U);

    std::string all;
    for (WallTime now = later; sink->pending_bytes() != 0; now += LogSink::pause) {
        sink->flush(now);
        all += read_all(reader.get());
    }
    const std::vector<std::string> lines = lines_of(all);
    ASSERT_EQ(lines.size(), static_cast<size_t>(kept) + 1);
    for (int i = 0; i < kept; ++i) ASSERT_EQ(lines[static_cast<size_t>(i)], numbered(i));
    EXPECT_NE(lines.back().find(" WARN  WRK-01\t42 lines of this log are lost"), std::string::npos) << lines.back();
}

TEST_F(LogSinkTest, lines_that_come_after_a_loss_stand_behind_the_line_that_tells_of_it) {
    int kept = 0;
    while (write_line(*sink, numbered(kept))) ++kept;
    read_all(reader.get());
    ASSERT_TRUE(write_line(*sink, "after", later));
    std::string all;
    for (WallTime now = later; sink->pending_bytes() != 0; now += LogSink::pause) {
        sink->flush(now);
        all += read_all(reader.get());
    }
    const std::vector<std::string> lines = lines_of(all);
    EXPECT_EQ(lines.back(), "after");
    EXPECT_NE(lines[lines.size() - 2].find("1 line of this log is lost"), std::string::npos);
    EXPECT_EQ(sink->lost_lines(), 1U);
}

TEST_F(LogSinkTest, a_stalled_target_is_left_alone_for_a_while) {
    while (write_line(*sink, numbered(600))) continue;
    sink->flush(later);  // stalls
    read_all(reader.get());
    const size_t pending = sink->pending_bytes();
    sink->flush(later + LogSink::pause / 2);
    EXPECT_EQ(sink->pending_bytes(), pending);
    sink->flush(later + LogSink::pause);
    EXPECT_LT(sink->pending_bytes(), pending);
}

TEST_F(LogSinkTest, two_sinks_on_one_pipe_do_not_tear_each_others_lines) {
    auto other = LogSink::over(writer.get(), head).value();
    std::string all;
    WallTime now = noon;
    for (int i = 0; i < 3000; ++i, now += LogSink::pause) {
        write_line(*sink, numbered(i), now);
        write_line(*other, numbered(i), now);
        if (i % 16 != 0) continue;
        sink->flush(now);
        other->flush(now);
        // Less than was written: the pipe is full most of the time.
        char piece[5000];
        const ssize_t got = ::read(reader.get(), piece, sizeof piece);
        if (got > 0) all.append(piece, static_cast<size_t>(got));
    }
    for (; sink->pending_bytes() + other->pending_bytes() != 0; now += LogSink::pause) {
        sink->flush(now);
        other->flush(now);
        all += read_all(reader.get());
    }
    for (const std::string& line : lines_of(all)) {
        if (line.find("lost") != std::string::npos) continue;
        int number = -1;
        ASSERT_EQ(sscanf(line.c_str(), "line %d ", &number), 1) << line;
        ASSERT_EQ(line, numbered(number));
    }
}

TEST_F(LogSinkTest, the_descriptor_of_others_keeps_its_flags) {
    write_line(*sink, "a");
    sink->flush(noon);
    EXPECT_EQ(fcntl(writer.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(LogSinkTest, a_line_without_end_is_cut_and_ended) {
    write_line(*sink, std::string(10'000, 'y'));
    EXPECT_EQ(received(), std::string(LogSink::max_line_size - 1, 'y') + "\n");
}

TEST_F(LogSinkTest, a_pipe_whose_reader_is_gone_kills_nobody) {
    signal(SIGPIPE, SIG_IGN);
    reader.reset();
    write_line(*sink, "nobody reads this");
    sink->flush(noon);
    EXPECT_GT(sink->pending_bytes(), 0U);
}

TEST_F(LogSinkTest, a_slow_socket_blocks_nobody_and_tears_nothing) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    fcntl(theirs.get(), F_SETFL, O_NONBLOCK);
    auto socket = LogSink::over(ours.get(), head).value();
    int kept = 0;
    while (write_line(*socket, numbered(kept))) ++kept;
    std::string all;
    for (WallTime now = later; socket->pending_bytes() != 0; now += LogSink::pause) {
        socket->flush(now);
        all += read_all(theirs.get());
    }
    const std::vector<std::string> lines = lines_of(all);
    ASSERT_EQ(lines.size(), static_cast<size_t>(kept) + 1);
    for (int i = 0; i < kept; ++i) ASSERT_EQ(lines[static_cast<size_t>(i)], numbered(i));
}

TEST_F(LogSinkTest, a_file_is_created_and_appended_to) {
    const Folder folder;
    const std::string target = "file://" + (folder.path / "a.log").string();
    {
        auto file = LogSink::open(target, head).value();
        write_line(*file, "one");
    }
    auto file = LogSink::open(target, head).value();
    write_line(*file, "two");
    file->flush(noon);
    EXPECT_EQ(contents(folder.path / "a.log"), "one\ntwo\n");
}

TEST_F(LogSinkTest, after_a_rotation_reopening_goes_on_in_a_new_file) {
    const Folder folder;
    auto file = LogSink::open("file://" + (folder.path / "a.log").string(), head).value();
    write_line(*file, "old");
    std::filesystem::rename(folder.path / "a.log", folder.path / "a.log.1");
    ASSERT_TRUE(file->reopen(noon));
    write_line(*file, "new");
    file->flush(noon);
    EXPECT_EQ(contents(folder.path / "a.log.1"), "old\n");
    EXPECT_EQ(contents(folder.path / "a.log"), "new\n");
}

TEST_F(LogSinkTest, when_reopening_fails_the_old_file_goes_on) {
    const Folder folder;
    std::filesystem::create_directory(folder.path / "sub");
    auto file = LogSink::open("file://" + (folder.path / "sub/a.log").string(), head).value();
    std::filesystem::rename(folder.path / "sub", folder.path / "moved");
    EXPECT_FALSE(file->reopen(noon));
    write_line(*file, "still here");
    file->flush(noon);
    EXPECT_EQ(contents(folder.path / "moved/a.log"), "still here\n");
}

TEST_F(LogSinkTest, a_full_disk_loses_lines_and_says_how_many) {
    auto full = LogSink::open("file:///dev/full", head).value();
    int kept = 0;
    while (write_line(*full, numbered(kept))) ++kept;
    EXPECT_GT(kept, 100);
    EXPECT_EQ(full->lost_lines(), 1U);
}

// While it lives, files of this process may not grow beyond so many bytes: a disk that is full in the midst of a line.
class SmallFiles {
public:
    explicit SmallFiles(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
        SEKI_CHECK(getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit few{bytes, before_.rlim_max};
        SEKI_CHECK(setrlimit(RLIMIT_FSIZE, &few) == 0);
    }
    SmallFiles(const SmallFiles&) = delete;
    SmallFiles& operator=(const SmallFiles&) = delete;
    ~SmallFiles() {
        SEKI_CHECK(setrlimit(RLIMIT_FSIZE, &before_) == 0);
        signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    sighandler_t handler_;
};

TEST_F(LogSinkTest, a_line_that_a_full_disk_cut_is_whole_in_the_file_after_a_rotation) {
    const Folder folder;
    const auto path = folder.path / "log";
    auto file = std::move(LogSink::open("file://" + path.string(), head).value());
    write_line(*file, "one");
    write_line(*file, "two and more");
    {
        const SmallFiles limit(10);
        file->flush(noon);
    }
    EXPECT_EQ(contents(path), "one\ntwo an");
    std::filesystem::rename(path, folder.path / "log.1");
    ASSERT_TRUE(file->reopen(noon));
    write_line(*file, "three");
    file->flush(later);
    EXPECT_EQ(contents(path), "two and more\nthree\n");
    EXPECT_EQ(file->lost_lines(), 0U);
}

TEST_F(LogSinkTest, a_line_that_a_full_disk_cut_goes_on_where_it_was_cut_when_there_is_room_again) {
    const Folder folder;
    const auto path = folder.path / "log";
    auto file = std::move(LogSink::open("file://" + path.string(), head).value());
    write_line(*file, "one");
    write_line(*file, "two and more");
    {
        const SmallFiles limit(10);
        file->flush(noon);
    }
    ASSERT_TRUE(file->reopen(noon));  // it is the same file
    file->flush(later);
    EXPECT_EQ(contents(path), "one\ntwo and more\n");
}

TEST_F(LogSinkTest, a_unix_socket_gets_a_datagram_for_each_line_and_may_be_made_anew) {
    const Folder folder;
    const std::string path = (folder.path / "log.sock").string();
    const auto receiver = [&] {
        ::unlink(path.c_str());
        UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        SEKI_CHECK(UnixAddress::at(path)->bind(socket.get()) == 0);
        return socket;
    };
    const auto next = [](const UniqueFd& socket) {
        char datagram[100];
        const ssize_t got = ::recv(socket.get(), datagram, sizeof datagram, 0);
        return got < 0 ? std::string("nothing") : std::string(datagram, static_cast<size_t>(got));
    };

    UniqueFd first = receiver();
    auto unix_sink = LogSink::open("unix://" + path, head).value();
    write_line(*unix_sink, "one");
    write_line(*unix_sink, "two");
    unix_sink->flush(noon);
    EXPECT_EQ(next(first), "one\n");
    EXPECT_EQ(next(first), "two\n");

    first.reset();
    const UniqueFd second = receiver();
    write_line(*unix_sink, "three");
    unix_sink->flush(noon);
    EXPECT_EQ(next(second), "three\n");
}

TEST_F(LogSinkTest, targets_that_cannot_be_are_refused_with_a_reason) {
    const auto reason = [this](std::string_view target) { return LogSink::open(target, head).error().message; };
    EXPECT_EQ(reason("syslog"), "log target 'syslog': it must be stdout, stderr, file://PATH or unix://PATH");
    EXPECT_EQ(reason("udp://127.0.0.1:514"),
              "log target 'udp://127.0.0.1:514': udp:// and tcp:// are not available yet");
    EXPECT_EQ(reason("file://"), "log target 'file://': the path is missing");
    EXPECT_EQ(reason("file:///nowhere/a.log"), "log target 'file:///nowhere/a.log': No such file or directory");
}

}  // namespace
}  // namespace seki::observe
