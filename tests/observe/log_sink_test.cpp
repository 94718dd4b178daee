#include "observe/log_sink.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
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
    EXPECT_EQ(reason("syslog"),
              "'syslog' is no log target (stdout, stderr, file://PATH, unix://PATH, udp://IP:PORT or tcp://IP:PORT)");
    EXPECT_THAT(reason("udp://localhost:514"), testing::HasSubstr("names are not resolved"));
    EXPECT_THAT(reason("tcp://[::1]"), testing::HasSubstr("is no address"));
    EXPECT_EQ(reason("tcp://127.0.0.1:0"), "'tcp://127.0.0.1:0' is no log target: the port must not be 0");
    EXPECT_EQ(reason("file://"), "'file://' is no log target: what follows file:// is missing");
    EXPECT_EQ(reason("file:///nowhere/a.log"), "log target 'file:///nowhere/a.log': No such file or directory");
}

// ---- targets that are gone

// Listens, takes what comes, and may go and come again at the same place.
class Collector {
public:
    Collector(const SocketAddress& address, int type) : address_(address), type_(type) { listen(); }
    Collector(std::string path, int type) : path_(std::move(path)), type_(type) { listen(); }

    void listen() {
        socket_.reset(::socket(path_.empty() ? address_.family() : AF_UNIX, type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const int yes = 1;
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (path_.empty()) {
            sockaddr_storage at;
            socklen_t size = address_.to_kernel(at);
            SEKI_CHECK(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
            size = sizeof at;
            SEKI_CHECK(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
            address_ = *SocketAddress::from_kernel(at);
        } else {
            ::unlink(path_.c_str());
            SEKI_CHECK(UnixAddress::at(path_)->bind(socket_.get()) == 0);
        }
        if (type_ == SOCK_STREAM) SEKI_CHECK(::listen(socket_.get(), 8) == 0);
    }
    void die() {
        connection_.reset();
        socket_.reset();
    }
    void hang_up() { connection_.reset(); }
    // Of the connection; a stream's is accepted when there is none.
    std::string take() {
        if (type_ == SOCK_DGRAM) return read_all(socket_.get());
        if (!connection_.valid()) {
            connection_.reset(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        }
        return connection_.valid() ? read_all(connection_.get()) : "";
    }
    [[nodiscard]] std::string target() const {
        if (!path_.empty()) return "unix://" + path_;
        return (type_ == SOCK_STREAM ? "tcp://" : "udp://") + address_.text();
    }

private:
    SocketAddress address_;
    std::string path_;
    int type_;
    UniqueFd socket_;
    UniqueFd connection_;
};

struct AbsentTargetTest : LogSinkTest, testing::WithParamInterface<int> {
    static std::unique_ptr<Collector> make(const Folder& folder) {
        switch (GetParam()) {
            case 0:
                return std::make_unique<Collector>(SocketAddress::parse("127.0.0.1:0").value(), SOCK_STREAM);
            case 1:
                return std::make_unique<Collector>(SocketAddress::parse("127.0.0.1:0").value(), SOCK_DGRAM);
            case 2:
                return std::make_unique<Collector>(SocketAddress::parse("[::1]:0").value(), SOCK_STREAM);
            case 3:
                return std::make_unique<Collector>((folder.path / "log.sock").string(), SOCK_STREAM);
            default:
                return std::make_unique<Collector>((folder.path / "log.sock").string(), SOCK_DGRAM);
        }
    }
    // Flushes until the collector has got something.
    static std::string flush_into(LogSink& sink, Collector& collector, WallTime& now) {
        std::string got;
        for (int i = 0; i < 1000 && (sink.pending_bytes() != 0 || got.empty()); ++i) {
            now += LogSink::absence;
            sink.flush(now);
            got += collector.take();
        }
        return got;
    }
};

TEST_P(AbsentTargetTest, who_is_absent_at_the_start_gets_the_lines_when_it_comes) {
    const Folder folder;
    const auto collector = make(folder);
    collector->die();
    ::unlink((folder.path / "log.sock").c_str());
    auto socket = LogSink::open(collector->target(), head).value();
    write_line(*socket, "one");
    WallTime now = noon;
    if (GetParam() != 1) {  // nobody notices that the first datagram of UDP finds nobody
        socket->flush(now);
        socket->flush(now += LogSink::pause);
        EXPECT_GT(socket->pending_bytes(), 0U);
    }
    collector->listen();
    write_line(*socket, "two");
    EXPECT_EQ(flush_into(*socket, *collector, now), "one\ntwo\n");
    EXPECT_EQ(socket->lost_lines(), 0U);
}

TEST_P(AbsentTargetTest, who_dies_and_comes_again_gets_whole_lines_and_the_number_of_those_lost) {
    const Folder folder;
    const auto collector = make(folder);
    auto socket = LogSink::open(collector->target(), head).value();
    WallTime now = noon;
    write_line(*socket, "before");
    EXPECT_EQ(flush_into(*socket, *collector, now), "before\n");
    collector->die();
    int written = 0;
    while (write_line(*socket, numbered(written), now)) ++written;
    write_line(*socket, "too many", now);
    EXPECT_GE(socket->lost_lines(), 2U);
    EXPECT_EQ(socket->lost_lines() - (GetParam() == 1 ? 1U : 0U), 2U) << "but one that UDP took and nobody got";
    collector->listen();
    const std::vector<std::string> lines = lines_of(flush_into(*socket, *collector, now));
    ASSERT_GT(lines.size(), 100U);
    EXPECT_EQ(lines.front(), numbered(GetParam() == 1 ? 1 : 0));
    size_t reports = 0;
    for (size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].contains(" of this log are lost") || lines[i].contains(" of this log is lost")) {
            ++reports;
        } else {
            int number = -1;
            ASSERT_EQ(sscanf(lines[i].c_str(), "line %d ", &number), 1) << lines[i];
            ASSERT_EQ(lines[i], numbered(number));
            // Of UDP the kernel of the receiver may drop some.
            ASSERT_TRUE(GetParam() == 1 || number == static_cast<int>(i - reports)) << number;
        }
    }
    EXPECT_TRUE(GetParam() == 1 || reports >= 1U);
}

std::string kind_of_target(const testing::TestParamInfo<int>& info) {
    constexpr std::array names{"tcp", "udp", "tcp_over_ipv6", "unix_stream", "unix_datagrams"};
    return names[static_cast<size_t>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Targets, AbsentTargetTest, testing::Values(0, 1, 2, 3, 4), kind_of_target);

TEST_F(LogSinkTest, a_connection_that_is_closed_and_made_anew_loses_nothing_that_was_not_sent) {
    Collector collector(SocketAddress::parse("127.0.0.1:0").value(), SOCK_STREAM);
    auto socket = LogSink::open(collector.target(), head).value();
    write_line(*socket, "one");
    for (WallTime now = noon; socket->pending_bytes() != 0; now += LogSink::pause) socket->flush(now);
    EXPECT_EQ(collector.take(), "one\n");
    collector.hang_up();
    write_line(*socket, "two");
    for (WallTime now = later; socket->pending_bytes() != 0; now += LogSink::pause) socket->flush(now);
    EXPECT_EQ(collector.take(), "two\n");
}

TEST_F(LogSinkTest, a_file_that_is_given_is_waited_for_and_never_opened) {
    const Folder folder;
    const std::string target = "file://" + (folder.path / "a.log").string();
    const LogTarget elsewhere = LogTarget::parse(target).value();
    auto file = LogSink::open(target, head, LogSink::Files::given).value();
    EXPECT_TRUE(file->is_absent());
    write_line(*file, "one");
    file->flush(noon + LogSink::absence);
    EXPECT_FALSE(std::filesystem::exists(folder.path / "a.log"));
    ASSERT_TRUE(file->give(elsewhere.open_for_another().value(), noon));
    EXPECT_FALSE(file->is_absent());
    file->flush(noon);
    EXPECT_EQ(contents(folder.path / "a.log"), "one\n");

    std::filesystem::rename(folder.path / "a.log", folder.path / "a.log.1");
    ASSERT_TRUE(file->reopen(noon));  // nothing was given: it goes on as it was
    write_line(*file, "two");
    file->flush(noon);
    ASSERT_TRUE(file->give(elsewhere.open_for_another().value(), noon));
    write_line(*file, "three");
    file->flush(noon);
    EXPECT_EQ(contents(folder.path / "a.log.1"), "one\ntwo\n");
    EXPECT_EQ(contents(folder.path / "a.log"), "three\n");
}

// ---- records

std::string record(std::string_view content) {
    std::string bytes(1, static_cast<char>(content.size()));
    SEKI_CHECK(content.size() < 128);
    return bytes.append(content).append(2, '\0');
}

void write_record(LogSink& sink, std::string_view content) {
    const std::span<char> window = sink.open_line(noon);
    const std::string bytes = record(content);
    std::ranges::copy(bytes, window.begin());
    sink.close_line(bytes.size());
}

TEST_F(LogSinkTest, a_record_may_have_line_ends_and_is_one_datagram) {
    const Folder folder;
    Collector collector((folder.path / "log.sock").string(), SOCK_DGRAM);
    auto socket = LogSink::open(collector.target(), head).value();
    socket->set_framing(LogSink::Framing::records);
    write_record(*socket, "a\nb");
    write_record(*socket, "c");
    socket->flush(noon);
    EXPECT_EQ(collector.take(), record("a\nb") + record("c"));
}

TEST_F(LogSinkTest, records_are_whole_on_a_slow_pipe_and_losses_are_only_counted) {
    sink->set_framing(LogSink::Framing::records);
    std::string expected;
    int kept = 0;
    for (; !sink->open_line(noon).empty(); ++kept) {
        const std::string content = fmt::format("{}\n{}", kept, std::string(static_cast<size_t>(kept) % 90, '\n'));
        write_record(*sink, content);
        expected += record(content);
    }
    std::string all;
    for (WallTime now = later; sink->pending_bytes() != 0; now += LogSink::pause) {
        sink->flush(now);
        all += read_all(reader.get());
    }
    EXPECT_EQ(all, expected);
    EXPECT_EQ(sink->lost_lines(), 1U);
}

}  // namespace
}  // namespace seki::observe
