// Sends changes to a command socket at a steady rate, as cheaply as can be, so that it hardly disturbs what is measured
// beside it.
//
//   change -s socket -f frames -r changes per second
//
// The file holds whole frames, which are sent in their order again and again, each when the one before was answered.
// They should take back what they do: each line on stdin begins a run, the next one ends it after the last frame of the
// file, and one line of JSON tells how it went.

#include <chrono>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sys/un.h>
#include <vector>

#include "net.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t prefix_bytes = 8;  // of a frame: its size, little-endian, itself included

uint64_t frame_size(const char* prefix) {
    uint64_t size = 0;
    std::memcpy(&size, prefix, sizeof size);
    return size;
}

std::vector<std::string> read_frames(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> frames;
    for (size_t at = 0; at < all.size(); at += frames.back().size())
        frames.push_back(all.substr(at, frame_size(all.data() + at)));
    return frames;
}

class CommandSocket {
public:
    explicit CommandSocket(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
    }

    // Whether the answer was OK.
    bool ask(const std::string& frame) {
        if (send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size())) die("send");
        for (;;) {
            const int status = read_status();
            if (status != processing) return status == ok;
        }
    }

private:
    // ResponseStatus in command.proto.
    static constexpr int ok = 0;
    static constexpr int processing = 1;

    // The status is the first field of a response.
    int read_status() {
        while (in_.size() < prefix_bytes || in_.size() < frame_size(in_.data())) {
            char bytes[4096];
            const ssize_t size = recv(fd_, bytes, sizeof bytes, 0);
            if (size <= 0) die("recv");
            in_.append(bytes, static_cast<size_t>(size));
        }
        constexpr char status_tag = 0x08;
        const int status = in_[prefix_bytes] == status_tag ? in_[prefix_bytes + 1] : -1;
        in_.erase(0, frame_size(in_.data()));
        return status;
    }

    int fd_;
    std::string in_;
};

// Byte by byte, so that poll sees what was not taken. False at the end.
bool take_line() {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n') return true;
    }
    return false;
}

// Sleeps until then; true if a line on stdin came first.
bool told_before(Clock::time_point moment) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(moment - Clock::now()).count();
    const timespec wait{0, std::max<long>(left, 0)};
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ppoll(&input, 1, &wait, nullptr) > 0;
}

void run(CommandSocket& command, const std::vector<std::string>& frames, double rate) {
    const Clock::time_point began = Clock::now();
    const auto due = [&](long number) {
        return began + std::chrono::duration_cast<Clock::duration>(
                           std::chrono::duration<double>(static_cast<double>(number) / rate));
    };
    long made = 0;
    long failed = 0;
    for (bool over = false; !over;) {
        for (const std::string& frame : frames) {
            if (!command.ask(frame)) ++failed;
            over = told_before(due(++made)) || over;
        }
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - began).count();
    std::printf("{\"made\": %ld, \"failed\": %ld, \"per_second\": %.1f}\n", made, failed,
                static_cast<double>(made) / elapsed);
    std::fflush(stdout);
}

int main(int argc, char** argv) {
    prepare_process();
    std::string socket_path;
    std::vector<std::string> frames;
    double rate = 0;
    for (int option; (option = getopt(argc, argv, "s:f:r:")) > 0;) {
        if (option == 's')
            socket_path = optarg;
        else if (option == 'f')
            frames = read_frames(optarg);
        else if (option == 'r')
            rate = std::stod(optarg);
        else
            return 2;
    }
    if (frames.empty() || rate <= 0) return 2;
    CommandSocket command(socket_path);
    while (take_line()) {
        run(command, frames, rate);
        take_line();
    }
    return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
